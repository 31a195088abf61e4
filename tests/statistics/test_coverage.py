"""The table of coverage, made again with fewer draws: what is nominally .95 covers."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "leaderboard" / "coverage.parquet"


@pytest.fixture(scope="module")
def coverage() -> Any:
    return shipped_script("benchmarks/statistics/coverage.py")


def test_the_published_table_covers_apart_from_named_exceptions(coverage: Any) -> None:
    rows = pq.read_table(PUBLISHED).to_pylist()
    intervals = [row for row in rows if row["what"] == "interval of a mean"]
    assert len(intervals) == len(list(coverage.intervals_tried()))
    for row in intervals:
        assert (row["coverage"] < coverage.LEAST) == (row["exception"] is not None), row
    grouped = [row for row in rows if row["what"] == "interval of a mean over groups"]
    tried = itertools.product(
        coverage.GROUPED, coverage.GROUPS, coverage.SIZES_OF_GROUPS, coverage.ALIKE
    )
    assert [(r["case"], r["groups"], r["sizes"], r["alike"]) for r in grouped] == list(tried)
    for row in grouped:
        assert (row["coverage"] < coverage.LEAST) == (row["exception"] is not None), row
    ranks = [row for row in rows if row["what"] == "rank interval"]
    assert len(rows) == len(intervals) + len(grouped) + len(ranks)
    assert {row["case"] for row in ranks} == set(coverage.CASES)
    for row in ranks:
        covers = row["coverage"] >= coverage.LEAST and row["false_sole_winner"] <= 0.05
        assert covers or row["exception"] is not None, row
    # Nothing is called an exception that is none.
    named = {(row["case"], row["n"], row["replicates"]) for row in ranks if row["exception"]}
    assert named == set(coverage.RANK_EXCEPTIONS)
    for case, n, replicates in named:
        assert any(
            row["coverage"] < coverage.LEAST
            for row in ranks
            if (row["case"], row["n"], row["replicates"]) == (case, n, replicates)
        )


def test_as_many_weights_are_tried_as_boards_have(coverage: Any) -> None:
    """An interval over three trainings is no evidence of how those over five cover."""
    most: dict[tuple[str, str], int] = {}
    for path in PUBLISHED.parent.glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            if row.get("ci_low") is not None:
                key = path.stem, row["model"]
                most[key] = max(most.get(key, 0), row["replicates"])
    assert most["quickstart", "dnabert2-mini"] == coverage.FEWER
    assert set(most.values()) == {tried.replicates for tried in coverage.intervals_tried()}


@pytest.mark.slow
def test_intervals_cover_as_published(coverage: Any) -> None:
    rows = pq.read_table(PUBLISHED).to_pylist()
    for tried, row in zip(coverage.intervals_tried(), rows, strict=False):
        if tried.n < 200:
            found = coverage.interval_row(tried, draws=1000, seed=1)
            published, draws = row["coverage"], row["draws"]
            spread = (published * (1 - published) * (1 / 1000 + 1 / draws)) ** 0.5
            assert found["coverage"] == pytest.approx(published, abs=4 * spread + 0.01)
            assert row["exception"] or found["coverage"] >= coverage.LEAST - 0.02


@pytest.mark.parametrize("sizes", ["equal", "unequal"])
@pytest.mark.parametrize("case", ["Bernoulli .95", "Bernoulli .7", "normal"])
def test_intervals_over_groups_cover(coverage: Any, case: str, sizes: str) -> None:
    """Where samples are copies of their group's, n of them are no n pieces of evidence."""
    for groups in coverage.GROUPS:
        for alike in ("none", "all"):
            found = coverage.grouped_row(case, groups, sizes, alike, 300, seed=1)
            assert found["coverage"] >= coverage.LEAST - 0.02, (groups, alike)


@pytest.mark.slow
@pytest.mark.parametrize("replicates", [1, 5])
@pytest.mark.parametrize("case", ["true ties", "small gaps", "one leader", "undefined values"])
def test_ranks_cover(coverage: Any, case: str, replicates: int) -> None:
    for methods, draws in ((5, 100), (30, 30)):
        found = coverage.rank_row(case, methods, 50, replicates, draws, seed=1)
        assert found["coverage"] >= coverage.LEAST
        assert found["false_sole_winner"] <= 0.05


def test_a_leader_by_far_is_found_with_one_set_of_weights(coverage: Any) -> None:
    assert coverage.rank_row("one leader", 10, 200, 1, 20)["sole_winner"] >= 0.9
