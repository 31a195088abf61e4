"""Bundles: what was written is read, and what somebody else put in is refused in one sentence."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.results import bundle
from gxarena.results.bundle import MEMBERS, SUMS, is_bundle, opened, write_bundle
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.results.schemas import SAMPLES, TABLES

VALUES = {"a": [1.0, None, 3.0], "random": [0.0, 0.5, 0.1]}


@pytest.fixture
def run(tmp_path: Path) -> RunResults:
    return RunResults.of(write_run(tmp_path / "run", VALUES))


@pytest.mark.parametrize("name", ["mine.zip", "mine"])
def test_a_bundle_reads_like_its_run(name: str, run: RunResults, tmp_path: Path) -> None:
    path = tmp_path / name
    write_bundle(run, path)
    first = {p: p.read_bytes() for p in (path.rglob("*") if path.is_dir() else [path])}
    write_bundle(run, path)
    assert {p: p.read_bytes() for p in first} == first
    assert is_bundle(path)
    with opened(path) as read:
        assert read.record == run.record
        assert all(read.table(table).equals(run.table(table)) for table in TABLES)
        assert leaderboard_of(read).equals(leaderboard_of(run))


def test_a_run_is_no_bundle(run: RunResults) -> None:
    assert not is_bundle(run.path)
    with pytest.raises(InputError, match="expected nothing there or an earlier bundle"):
        write_bundle(run, run.path)


def test_the_sums_are_as_sha256sum_reads_them(run: RunResults, tmp_path: Path) -> None:
    write_bundle(run, tmp_path / "b")
    lines = (tmp_path / "b" / SUMS).read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == list(MEMBERS)
    for line in lines:
        told, name = line.split("  ")
        assert told == hashlib.sha256((tmp_path / "b" / name).read_bytes()).hexdigest()


def _sign(folder: Path) -> None:
    """Whoever alters a file can write its digest anew."""
    sums = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in MEMBERS
    ]
    (folder / SUMS).write_text("".join(sums))


def _alter_a_value(folder: Path) -> None:
    path = folder / "samples.parquet"
    table = pq.read_table(path)
    values = pa.array([9.0, *table["value"].to_pylist()[1:]])
    pq.write_table(table.set_column(3, SAMPLES.field(3), values), path)


def _shrink(folder: Path) -> None:
    """A hundred million equal values are a few kilobytes on disk."""
    path = folder / "samples.parquet"
    chunk = pa.table({"value": pa.array([0.5], pa.float64())})
    rows = pa.Table.from_pylist([{"cell_id": "c", "sample_id": "s", "metric": "q"}], SAMPLES)
    many = rows.take(pa.array([0] * 1_000_000)).set_column(
        3, SAMPLES.field(3), chunk["value"].take(pa.array([0] * 1_000_000))
    )
    pq.write_table(many, path)
    _sign(folder)


def _long_text(folder: Path) -> None:
    rows = [{"cell_id": "c", "sample_id": "s" * 1_000_000, "metric": "q"}] * 40
    pq.write_table(pa.Table.from_pylist(rows, SAMPLES), folder / "samples.parquet")
    _sign(folder)


def _other_columns(folder: Path) -> None:
    path = folder / "samples.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["reason"]), path)
    _sign(folder)


def _no_parquet(folder: Path) -> None:
    (folder / "cells.parquet").write_bytes(b"PAR1")
    _sign(folder)


def _other_format(folder: Path) -> None:
    document = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(document | {"format": 99}))
    _sign(folder)


def _no_digest(folder: Path) -> None:
    document = json.loads((folder / "run.json").read_text())
    del document["digest"]
    (folder / "run.json").write_text(json.dumps(document))
    _sign(folder)


def _pipe(folder: Path) -> None:
    (folder / "card.json").unlink(missing_ok=True)
    os.mkfifo(folder / "card.json")


def _link(folder: Path) -> None:
    (folder / "curves.parquet").rename(folder.parent / "elsewhere.parquet")
    (folder / "curves.parquet").symlink_to(folder.parent / "elsewhere.parquet")


def _cells(folder: Path, **changes: object) -> None:
    """Cells that no run writes."""
    path = folder / "cells.parquet"
    table = pq.read_table(path)
    rows = [row | changes for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    _sign(folder)


def _many_cells(folder: Path, n: int) -> None:
    path = folder / "cells.parquet"
    table = pq.read_table(path)
    pq.write_table(table.take([0] * n), path)
    _sign(folder)


FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "altered value": (_alter_a_value, r"samples\.parquet as its digest in SHA256SUMS says"),
    "missing table": (lambda f: (f / "curves.parquet").unlink(), r"the file curves\.parquet"),
    "more than it may hold": (lambda f: (f / "setup.py").write_text(""), r"got 'setup\.py'"),
    "many values": (_shrink, "bytes in memory, got more"),
    "long text": (_long_text, "bytes in memory, got more"),
    "other columns": (_other_columns, "the columns of samples"),
    "no Parquet": (_no_parquet, r"cells\.parquet to be Parquet"),
    "other format": (_other_format, "expected a run in format 6, got one in format 99"),
    "no digest of the plan": (_no_digest, r"a run\.json as gxarena writes it"),
    "many cells": (
        lambda f: _many_cells(f, 100_001),
        "expected at most 100000 rows of cells, got 100001",
    ),
    "samples without end": (
        lambda f: _cells(f, n_samples=10**12, status="error"),
        "values a metric",
    ),
    "replicates without end": (lambda f: _cells(f, model_replicate=10**9), "values a metric"),
    "a replicate before the first": (lambda f: _cells(f, model_replicate=-1), "that there can be"),
    "no sample": (lambda f: _cells(f, n_samples=0), "that there can be"),
    "another status": (lambda f: _cells(f, status="great"), "that there can be"),
    "no JSON": (lambda f: _cells(f, quantities="{"), "JSON objects"),
    "a list": (lambda f: _cells(f, model_parameters="[]"), "JSON objects"),
    "a direction that is none": (
        lambda f: _cells(f, quantities='{"": {"better": "best"}}'),
        "JSON objects",
    ),
    "bounds that are none": (
        lambda f: _cells(f, quantities='{"": {"better": "higher", "bounds": ["0", 1]}}'),
        "JSON objects",
    ),
    "quantities that are none": (lambda f: _cells(f, quantities='{"": 1}'), "JSON objects"),
    "a link": (_link, r"got a link, curves\.parquet"),
    "a pipe": (_pipe, r"got something else, card\.json"),
}


@pytest.mark.parametrize(("alter", "reason"), FOLDERS.values(), ids=FOLDERS)
def test_an_altered_folder_is_refused(
    alter: Callable[[Path], object],
    reason: str,
    run: RunResults,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "LARGEST", 20_000_000)
    folder = tmp_path / "b"
    write_bundle(run, folder)
    alter(folder)
    with pytest.raises(InputError, match=reason) as error, opened(folder):
        pass
    assert str(folder) in str(error.value)


ODD: tuple[dict[str, object], ...] = (
    {"seed": float("inf")}, {"seed": "x"}, {"headline": 5}, {"datasets": [1]},
    {"datasets": {"d": "x"}},
)  # fmt: skip


@pytest.mark.parametrize("change", [*ODD, [1]], ids=str)
def test_an_odd_suite_is_one_sentence(change: object, run: RunResults, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    write_bundle(run, folder)
    whole = json.loads((folder / "run.json").read_text())
    whole["document"] = whole["document"] | change if isinstance(change, dict) else change
    (folder / "run.json").write_text(json.dumps(whole))
    _sign(folder)
    with pytest.raises(InputError, match="as gxarena writes it"), opened(folder):
        pass


def _rezipped(path: Path, change: Callable[[dict[str, bytes]], object], **how: int) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", **how) as archive:  # type: ignore[arg-type]
        for name, content in members.items():
            archive.writestr(name, content)


OUTSIDE = ("../run.json", "/run.json", "sub/run.json", "..\\run.json")


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_path_leads_out_of_a_zip(name: str, run: RunResults, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    write_bundle(run, path)
    _rezipped(path, lambda members: members.update({name: b"{}"}))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="expected no files but SHA256SUMS, cells"), opened(path):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_that_is_compressed_twice_too_large_or_torn_is_refused(
    run: RunResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.zip"

    def refused(reason: str) -> None:
        with pytest.raises(InputError, match=reason) as error, opened(path):
            pass
        assert str(error.value).startswith(str(path))

    write_bundle(run, path)
    whole = path.read_bytes()
    _rezipped(path, dict, compression=zipfile.ZIP_DEFLATED)
    refused("stored as they are, got compressed ones")
    path.write_bytes(whole[: len(whole) // 2])
    refused("expected a .zip")
    at = whole.index(b"PAR1") + 20
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    refused("Bad CRC|as its digest")
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("run.json", "{}")
    refused("each file once, got one twice")
    path.write_bytes(whole)
    monkeypatch.setattr(bundle, "LARGEST", 1000)
    refused("at most 1000 bytes, got")
    path.unlink()
    refused("expected a .zip")


def test_an_error_inside_a_zip_names_the_zip(run: RunResults, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    write_bundle(run, tmp_path / "b")
    _other_format(tmp_path / "b")
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*MEMBERS, SUMS):
            archive.write(tmp_path / "b" / name, name)
    with pytest.raises(InputError, match=r"b\.zip: expected a run in format 6"), opened(path):
        pass
