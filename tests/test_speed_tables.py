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


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_memory_does_not_grow_with_the_sequences(engine: str) -> None:
    """docs/engines.md: whether in one process or in children."""
    every = _rows("memory.csv")
    rows = [row for row in every if row["engine"] == engine]
    assert {row["engine"] for row in every} == {"inline", "local"}
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
        assert float(row["seconds"]) < (3 if row["what"] == "run again" else 1)
        assert float(row["megabytes"]) < 200
        assert int(row["files"]) < 100


def test_explainers_and_metrics_cost_what_their_passes_do() -> None:
    """AttnLRP a forward and what goes back; integrated gradients many times that."""
    ratios = {row["what"]: float(row["ratio"]) for row in _rows("methods.csv")}
    rules = {
        int(what.split()[-2]): ratio
        for what, ratio in ratios.items()
        if what.startswith("AttnLRP at 117M")
    }
    assert rules.keys() == {61, 128, 256, 512, 1024}
    assert all(ratio <= (2.4 if tokens > 512 else 2.15) for tokens, ratio in rules.items())
    assert ratios["integrated gradients, 50 steps, 8 samples"] > 20
    (ratio,) = (ratio for what, ratio in ratios.items() if what.startswith("faithfulness"))
    assert ratio <= 1.1
    assert ratios["Quantus' pixel flipping, 10 steps"] > 4


def test_a_child_costs_little_and_a_second_is_worth_its_core() -> None:
    rows = _rows("engines.csv")
    seconds = {(int(row["sequences"]), row["engine"]): float(row["seconds"]) for row in rows}
    for n in (100, 250):
        one, two = (seconds[n, f"local --workers {workers}"] for workers in (1, 2))
        assert one / seconds[n, "inline"] == pytest.approx(1, abs=0.05)
        assert (one / two > 1.8) if n == 250 else (1.8 / 1.1 < one / two < 1.8)
        assert n == 250 or two < 60
    assert {row["repeats"] for row in rows if row["sequences"] == "250"} == {"2"}
    assert "`local` with one worker takes about as long as `inline`" in _page()
    assert (
        "is met, by the mean of two runs, with two and a half times the sequences that it ships"
        in _page()
    )
    assert "is missed by less than a tenth where it has just these" in _page()


def _page() -> str:
    text = (SPEED.parents[1] / "docs" / "engines.md").read_text(encoding="utf-8")
    return " ".join(text.split())


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
