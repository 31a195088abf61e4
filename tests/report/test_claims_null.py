"""Claims at exactly no effect: luck gives a verdict in at most one draw of twenty."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats
from shipped_scripts import shipped_script

DRAWS = 200
SURE = 1e-3
"""Chance that a share of exactly .05 looks like more, for each row."""


@pytest.fixture(scope="module")
def script() -> Any:
    return shipped_script("benchmarks/statistics/claims.py")


def test_three_samples_never_give_a_verdict(script: Any) -> None:
    for case in script.CASES:
        for row in script.rows(script.Tried(case, "exponential", 3), 10):
            assert (row["fails"], row["holds"]) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("replicates", [1, 5])
@pytest.mark.parametrize("n", [3, 5, 10, 20, 50, 200])
@pytest.mark.parametrize("distribution", ["normal", "differences of exponentials"])
@pytest.mark.parametrize(
    "case",
    [
        "a mean of 0 above 0", "a mean at the margin within it", "two sets of one mean",
        "no correlation, unequal pairs",
    ],
)  # fmt: skip
def test_luck_seldom_gives_a_verdict(
    script: Any, case: str, distribution: str, n: int, replicates: int
) -> None:
    if replicates > 1 and n < script.FEWEST_CROSSED:
        pytest.skip("below 20 samples replicates are averaged, or nothing is decided")
    if case == script.RISING and (n > 50 or distribution != "normal"):
        pytest.skip("ranks know no distribution, and many take minutes")
    for row in script.rows(script.Tried(case, distribution, n, replicates), DRAWS, seed=1):
        for verdict in ("fails", "holds"):
            count = round(row[verdict] * DRAWS)
            p = stats.binomtest(count, DRAWS, 0.05, alternative="greater").pvalue
            assert p > SURE, (row["comparisons"], verdict, row[verdict])
