"""Bundles with attributions and a card, as `gxarena submit` makes them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.results.bundle import EXTRAS, MEMBERS, SUMS, opened
from gxarena.results.reading import RunResults
from gxarena.submissions.attributions import DEFAULT, SCHEMA
from gxarena.submissions.card import Card
from gxarena.submissions.making import make_bundle

CARD = Card(by="A lab", summary="s", licence="MIT", install="pip install x")


@pytest.mark.parametrize("name", ["b.zip", "b"])
def test_what_is_in_it(name: str, toy_run: Path, tmp_path: Path) -> None:
    run, path = RunResults.of(toy_run), tmp_path / name
    assert make_bundle(run, path, samples=2, said=CARD) == 2
    keys = {r["attributions_key"] for r in run.last_rows() if r["status"] == "ok"}
    with opened(path) as read:
        assert {p.name for p in read.path.iterdir()} == {*MEMBERS, *EXTRAS, SUMS}
        table = pq.read_table(read.path / "attributions.parquet")
        assert table.schema.remove_metadata().equals(SCHEMA)
        # Five sets of weights, two explainers.
        assert len(keys) == 10
        assert sorted(table["attributions_key"].to_pylist()) == sorted([*keys, *keys])
    # Made again without them, they are gone.
    assert make_bundle(run, path, samples=0) == 0
    with opened(path) as read:
        assert {p.name for p in read.path.iterdir()} == {*MEMBERS, SUMS}


def test_where_every_cell_failed_there_is_no_file_of_attributions(tmp_path: Path) -> None:
    """An empty one would be refused."""
    run = RunResults.of(write_run(tmp_path / "run", {"a": [1.0] * 4}, status="error"))
    make_bundle(run, tmp_path / "b", samples=2)
    assert not (tmp_path / "b" / "attributions.parquet").exists()


def test_those_of_all_samples_have_hypothetical_contributions_too(
    toy_run: Path, tmp_path: Path
) -> None:
    run = RunResults.of(toy_run)
    assert make_bundle(run, tmp_path / "b") == DEFAULT
    table = pq.read_table(tmp_path / "b" / "attributions.parquet")
    assert len(table) == 40
    assert table["hypothetical"].null_count < 40
    make_bundle(run, tmp_path / "b", samples=3)
    assert pq.read_table(tmp_path / "b" / "attributions.parquet")["hypothetical"].null_count == 30


def test_an_explanation_that_verifying_would_refuse_is_not_submitted(
    toy_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gxarena.submissions.attributions.MOST_VALUES", 10)
    expected = r"--attributions 2: expected at most 10 numbers of an explanation, got \d+ of"
    with pytest.raises(InputError, match=expected):
        make_bundle(RunResults.of(toy_run), tmp_path / "b.zip", samples=2)
    assert not (tmp_path / "b.zip").exists()


def test_a_run_whose_store_is_gone_has_none(toy_run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(toy_run, tmp_path / "copy", ignore=shutil.ignore_patterns("store"))
    run = RunResults.of(copy)
    assert make_bundle(run, tmp_path / "b") == 0
    assert not (tmp_path / "b" / "attributions.parquet").exists()
    with pytest.raises(InputError, match="submit with --attributions 0"):
        make_bundle(run, tmp_path / "c", samples=2)
    assert not (tmp_path / "c").exists()
    with pytest.raises(InputError, match="--attributions: expected 0 or more samples, got -1"):
        make_bundle(run, tmp_path / "c", samples=-1)
