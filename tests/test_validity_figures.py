"""The figures of docs/metrics.md show every metric that was judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

BOARDS = Path(__file__).parents[1] / "leaderboard"


@pytest.fixture(scope="module")
def figures() -> Any:
    return shipped_script("benchmarks/validity/figures.py")


def _rows(board: str) -> list[dict[str, Any]]:
    return list(pq.read_table(BOARDS / f"{board}.parquet").to_pylist())


def test_no_metric_is_left_out(figures: Any) -> None:
    judged = {row["metric"].partition(".")[0] for row in _rows("metric-trust")}
    assert {metric.partition(".")[0] for metric in figures.SHOWN} == judged


def test_each_square_has_every_pair(figures: Any) -> None:
    one, other, *_ = figures.conflicts(_rows("metric-conflicts")).axes
    for square in (one, other):
        assert square.images[0].get_array().shape == (len(figures.SHOWN),) * 2
    lines = figures.trust(_rows("metric-trust")).axes[0].get_yticklabels()
    assert [label.get_text() for label in lines] == list(figures.SHOWN)
