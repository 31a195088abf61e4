"""What the committed tables of benchmarks/speed say: the limits of speed and memory are met."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[1] / "benchmarks" / "speed"


def _rows(name: str) -> list[dict[str, str]]:
    with (SPEED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_memory_does_not_grow_with_the_sequences() -> None:
    """docs/engines.md."""
    rows = _rows("memory.csv")
    assert [int(row["sequences"]) for row in rows] == [500, 5_000, 14_000]
    first = float(rows[0]["peak_megabytes"])
    for row in rows:
        assert float(row["peak_megabytes"]) / first < 1.1
        assert float(row["over_the_first"]) == pytest.approx(
            float(row["peak_megabytes"]) / first, abs=2e-3
        )


def test_ten_thousand_finished_cells_are_taken_up_at_once() -> None:
    rows = _rows("resume.csv")
    assert {int(row["cells"]) for row in rows} == {10_000}
    assert {row["imported"] for row in rows} == {"nothing heavy"}
    for row in rows:
        assert float(row["processor_seconds"]) < (3 if row["what"] == "run again" else 1)
        assert float(row["megabytes"]) < 200
        assert int(row["files"]) < 100


def test_explainers_cost_what_their_passes_do() -> None:
    """AttnLRP a forward and what goes back; integrated gradients many times that."""
    ratios = {row["what"]: float(row["ratio"]) for row in _rows("methods.csv")}
    rules = [ratio for what, ratio in ratios.items() if what.startswith("AttnLRP at 117M")]
    assert rules
    assert max(rules) < 2.15
    assert ratios["integrated gradients, 50 steps, 8 samples"] > 20


def test_limits_that_are_not_met_are_told() -> None:
    text = " ".join((SPEED.parents[1] / "docs" / "engines.md").read_text(encoding="utf-8").split())
    engines = {row["engine"]: row["processor_of_inline"] for row in _rows("engines.csv")}
    assert float(engines["local --workers 1"]) > 1.1
    assert "a tenth above `inline` for `local` with one worker" in text
    ratios = {row["what"]: row["ratio"] for row in _rows("methods.csv")}
    (ratio,) = (ratio for what, ratio in ratios.items() if what.startswith("faithfulness"))
    assert float(ratio) > 1.1
    assert "a tenth above bare passes at their best batch size for faithfulness on the CNN" in text


def test_ten_million_rows_come_to_a_board_and_a_site_in_a_gibibyte() -> None:
    """CHANGELOG.md; made by board.py."""
    rows = _rows("board.csv")
    assert {(row["what"], row["shape"]) for row in rows} == {
        *((what, "wide") for what in ("board", "site", "bundle", "verify")),
        *((what, "long") for what in ("board", "site")),
    }
    for row in rows:
        sizes = ("explainers", "metrics", "quantities", "datasets", "sequences")
        assert int(row["rows"]) == math.prod(int(row[name]) for name in sizes) == 10_000_000
        assert float(row["peak_gibibytes"]) < 0.9
        assert float(row["core_seconds"]) < 60
