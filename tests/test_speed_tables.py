"""What the committed tables of benchmarks/speed say: the limits of speed and memory are met."""

from __future__ import annotations

import csv
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
