"""Noise through the motif test: the script goes on where it stopped, and the published share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.sources.dependencies import Sources

ROOT = Path(__file__).parents[1]
BOARD = ROOT / "leaderboard" / "motif-noise.parquet"
FLY = ["--data", "fly", "fly-promoters:test", "1", "insects", "--sequences", "24"]


@pytest.fixture(scope="module")
def noise() -> Any:
    return shipped_script("benchmarks/validity/motif_noise.py")


def _rows(path: Path) -> list[tuple[Any, ...]]:
    keys = ("seed", "dataset", "units", "contributions", "scores")
    return [tuple(row[key] for key in keys) for row in pq.read_table(path).to_pylist()]


@pytest.mark.slow
def test_a_second_call_does_what_is_asked_and_not_there(noise: Any, tmp_path: Path) -> None:
    out = tmp_path / "noise.parquet"
    noise.main([str(out), *FLY, "--seeds", "1", "--units", "tokens", "--scores", "random"])
    first = [(0, "fly", "tokens", "observed", "random")]
    assert _rows(out) == first
    # What is there is kept, not made again: here with a number that no run would give.
    table = pq.read_table(out)
    assert table["seconds"][0].as_py() > 0
    marked = table.set_column(
        table.schema.get_field_index("patterns"), "patterns", pa.array([99], pa.int64())
    )
    pq.write_table(marked, out)
    noise.main([str(out), *FLY, "--seeds", "2", "--units", "tokens", "--scores", "random"])
    assert _rows(out) == [*first, (1, *first[0][1:])]
    assert pq.read_table(out)["patterns"][0].as_py() == 99
    assert list(tmp_path.iterdir()) == [out]


def test_after_the_time_is_over_nothing_begins_and_what_is_left_is_said(
    noise: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "noise.parquet"
    noise.main([str(out), *FLY, "--seeds", "3", "--minutes", "0"])
    assert not out.exists()
    # Of each seed random, GC and permuted scores on tokens; the same on nucleotides.
    assert "18 of 18 left" in capsys.readouterr().out


def test_no_identity_counts_the_script() -> None:
    """It may be edited while boards are made: no component's sources are it."""
    found = Registry.load().registered("metrics", "modisco")
    counted = Sources().of("gxarena_modisco.metric", found.distribution)
    names = {path.name for path in counted.files.values()}
    assert "metric.py" in names
    assert "motif_noise.py" not in names


def test_rows_of_another_size_are_refused(noise: Any, tmp_path: Path) -> None:
    out = tmp_path / "noise.parquet"
    row = {"seed": 0, "dataset": "fly", "units": "tokens", "contributions": "observed",
           "scores": "random", "sequences": 700}  # fmt: skip
    pq.write_table(pa.Table.from_pylist([row]), out)
    with pytest.raises(InputError, match="expected rows of 24 sequences, got one of 700"):
        noise.main([str(out), *FLY, "--seeds", "1", "--minutes", "0"])


def test_at_most_one_in_twenty_patterns_of_noise_matches() -> None:
    """The published table, of scores that know nothing of the sequence."""
    table = pq.read_table(BOARD)
    assert set(table["dataset"].to_pylist()) == {"fly", "nontata", "ctcf"}
    noise = table.filter(pc.is_in(table["scores"], pa.array(["random", "permuted"])))
    patterns, before, matched = (
        pc.sum(noise[name]).as_py() for name in ("patterns", "matched_before", "matched")
    )
    assert patterns > 50
    assert matched <= 0.05 * patterns
    assert before > 0.5 * patterns
