"""Made data sets are kept by identity, whole or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gxarena.capabilities import MADE
from gxarena.data import Interval, Sample
from gxarena.datasets import cache
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.opening import open_dataset
from gxarena.hookspecs import Component
from gxarena.registry import Registered, Registry

Calls = list[int]
FOUND = Registered("datasets", Component("toy-made", "toys:made", ""), "p", "toys", "1")
DATASET = Dataset(
    "made of two",
    (
        Sample("a", "ACGT", 1, (Interval(0, 2, "m", "+"), Interval(1, 3, "decoy:m", "-"))),
        Sample("b", "NNNN"),
        Sample("c", "ACGT", 0, (Interval(1, 3, "m", "-", (0.25, 1.0)), Interval(0, 1, "n"))),
    ),
    "promoters",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GXARENA_DATA", str(tmp_path / "home"))
    return tmp_path / "home" / MADE


@pytest.fixture
def make() -> tuple[Callable[[], Dataset], Calls]:
    """What makes `DATASET`, and one entry for each time that it did."""
    calls: Calls = []

    def once_more() -> Dataset:
        calls.append(1)
        return DATASET

    return once_more, calls


def test_it_is_made_once_and_read_as_it_was(
    home: Path, make: tuple[Callable[[], Dataset], Calls]
) -> None:
    function, calls = make
    assert cache.kept(FOUND, {"n": 2}, function) == DATASET
    again = cache.kept(FOUND, {"n": 2}, function)
    assert (again, again.digest, len(calls)) == (DATASET, DATASET.digest, 1)
    cache.kept(FOUND, {"n": 3}, function)
    assert len(calls) == 2
    assert len(list(home.iterdir())) == 2


def _torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _of_another(path: Path) -> None:
    other = Dataset("other", DATASET.samples[:1])
    cache._write(path, "another key", other)


def _with_other_samples(path: Path) -> None:
    """The footer's digest is of other samples than the file's: some page was damaged."""
    footer = cache.pq.read_schema(path).metadata
    cache._write(path, "x", Dataset("other", DATASET.samples[:1]))
    table = cache.pq.read_table(path).replace_schema_metadata(footer)
    cache.pq.write_table(table, path)


@pytest.mark.parametrize("damage", [_torn, _empty, _of_another, _with_other_samples])
def test_what_is_not_whole_is_made_anew(
    home: Path, make: tuple[Callable[[], Dataset], Calls], damage: Callable[[Path], None]
) -> None:
    function, calls = make
    cache.kept(FOUND, {}, function)
    (path,) = home.iterdir()
    damage(path)
    assert cache.kept(FOUND, {}, function) == DATASET
    assert len(calls) == 2
    assert cache.kept(FOUND, {}, function) == DATASET
    assert len(calls) == 2


def test_where_nothing_can_be_kept_it_is_made(
    home: Path, make: tuple[Callable[[], Dataset], Calls]
) -> None:
    home.parent.write_text("a file where the folder should be")
    assert cache.kept(FOUND, {}, make[0]) == DATASET


def test_nothing_is_kept_of_code_that_changed_meanwhile(
    home: Path, make: tuple[Callable[[], Dataset], Calls], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = iter(["before", "after"])
    monkeypatch.setattr(cache, "_key", lambda *_: next(keys))
    assert cache.kept(FOUND, {}, make[0]) == DATASET
    assert not home.exists()


def test_code_and_shipped_data_are_in_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = dataclasses.replace(
        FOUND, component=dataclasses.replace(FOUND.component, target="maps:x")
    )
    keys = {cache._key(FOUND, {}), cache._key(other, {}), cache._key(FOUND, {"n": 1})}
    monkeypatch.setattr(cache, "shipped", lambda _: tmp_path)
    assert len(keys | {cache._key(FOUND, {})}) == 4


def test_many_at_a_time_read_and_write_whole_files(home: Path) -> None:
    def one(_: int) -> Dataset:
        return cache.kept(FOUND, {}, lambda: DATASET)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(32))) == {DATASET}
    assert [path.suffix for path in home.iterdir()] == [".parquet"]


def test_planted_is_kept_with_its_annotations(home: Path, registry: Registry) -> None:
    first = open_dataset("planted", registry, n=12)
    assert len(list(home.iterdir())) == 1
    assert first.annotated
    again = open_dataset("planted", registry, n=12)
    assert again == first
    assert cache._read(next(home.iterdir()), next(home.iterdir()).stem.split("-")[1]) == first


def test_data_that_are_read_are_not_kept(home: Path, registry: Registry, data: Path) -> None:
    open_dataset(str(data), registry)
    open_dataset("fly-promoters:valid", registry)
    open_dataset("windows", registry, data=str(data), length=4)
    assert not home.exists()


def _kinds(components: Iterable[Registered]) -> set[str]:
    return {one.component.name for one in components if MADE in one.component.provides}


def test_which_are_made(registry: Registry) -> None:
    assert _kinds(registry.of_kind("datasets")) == {"planted"}


def test_flanks_are_kept(home: Path) -> None:
    whole = Dataset("flanked", (Sample("a", "AACGTT").within(1, 5), Sample("b", "GG")))
    cache._write(home / "one.parquet", "key", whole)
    assert cache._read(home / "one.parquet", "key") == whole
