"""Verdicts against closed forms, slow re-implementations and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gxarena.report.evidence import Column
from gxarena.report.inference import (
    Comparison,
    Verdict,
    above,
    above_of_others,
    all_of,
    combined,
    paired,
    rising,
    within,
)

RNG = np.random.default_rng(1)


def _column(values: list[float] | np.ndarray) -> Column:
    names = np.array([f"s{i}" for i in range(len(values))], dtype=object)
    return Column(names, np.asarray(values, dtype=np.float64))


@pytest.mark.parametrize(("mean", "verdict"), [(1.0, "holds"), (-1.0, "fails"), (0.0, "undecided")])
def test_above_is_what_the_interval_says(mean: float, verdict: Verdict) -> None:
    values = RNG.normal(size=100)
    values += mean - values.mean()
    found = above("x", _column(values))
    assert found.verdict == verdict
    assert found.estimate == pytest.approx(mean)
    half = 1.96 / np.sqrt(100) * values.std()
    assert (found.low, found.high) == (
        pytest.approx(mean - half, abs=0.05),
        pytest.approx(mean + half, abs=0.05),
    )


@given(st.floats(-2, 2), st.lists(st.floats(-5, 5), min_size=3, max_size=20))
def test_a_threshold_is_a_shift(threshold: float, values: list[float]) -> None:
    shifted = _column(np.array(values) - threshold)
    one, other = above("x", _column(values), threshold), above("x", shifted)
    margins = (one.low - threshold, one.high - threshold)
    if min(map(abs, margins)) > 1e-9:  # a bound at the threshold may round either way
        assert one.verdict == other.verdict


@pytest.mark.parametrize(
    ("mean", "spread", "verdict"),
    [(0.02, 0.1, "holds"), (0.3, 0.1, "fails"), (-0.3, 0.1, "fails"), (0.1, 1.0, "undecided")],
)
def test_within_is_two_one_sided_tests(mean: float, spread: float, verdict: Verdict) -> None:
    values = RNG.normal(size=200)
    values = mean + spread * (values - values.mean()) / values.std()
    found = within("x", _column(values), 0.1)
    assert found.verdict == verdict
    # Student's two one-sided tests at 5%, on near-normal data of this size.
    low = stats.ttest_1samp(values, -0.1, alternative="greater").pvalue
    high = stats.ttest_1samp(values, 0.1, alternative="less").pvalue
    assert (max(low, high) < 0.05) == (verdict == "holds")


def test_two_values_decide_nothing() -> None:
    assert above("x", _column([1.0, 1.0])).verdict == "undecided"
    assert within("x", _column([0.0, 0.0]), 0.1).verdict == "undecided"
    assert above_of_others("x", np.ones(2), np.zeros(9)).verdict == "undecided"


def test_undefined_values_are_left_out() -> None:
    found = above("x", _column([1.0, np.nan, 3.0, 2.0]))
    assert (found.estimate, found.n) == (2.0, 3)


def test_pairs_are_joined_by_sample() -> None:
    left = Column(np.array(["a", "b", "c"], dtype=object), np.array([1.0, 2.0, 3.0]))
    right = Column(np.array(["c", "a", "d"], dtype=object), np.array([10.0, 20.0, 30.0]))
    found = paired(left, right)
    assert dict(zip(found.ids, found.values, strict=True)) == {"a": -19.0, "c": -7.0}


def test_other_samples_are_resampled_apart() -> None:
    one, other = RNG.normal(0.5, 1, 150), RNG.normal(0.0, 2, 80)
    found = above_of_others("x", one, other)
    error = np.sqrt(one.var() / 150 + other.var() / 80)
    assert found.estimate == pytest.approx(one.mean() - other.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert above_of_others("x", other + 9, one).verdict == "holds"
    assert above_of_others("x", one, other + 9).verdict == "fails"


def test_rising_is_spearman() -> None:
    x = np.repeat([50.0, 100.0, 200.0], 20)
    noise = RNG.normal(size=60)
    ids = np.arange(60).astype(object)
    found = rising("x", x, x / 100 + 0.1 * noise, ids)
    assert found.verdict == "holds"
    assert found.estimate == stats.spearmanr(x, x / 100 + 0.1 * noise).statistic
    assert found.low <= found.estimate <= found.high <= 1
    assert rising("x", x, -x + noise, ids).verdict == "fails"
    flat = rising("x", x, np.tile(noise[:20], 3), ids)
    assert flat.verdict == "undecided"
    assert rising("x", np.full(60, 250.0), noise, ids).note == "no spread"


def test_resampled_correlations_are_those_of_resampled_rows() -> None:
    x, y = RNG.normal(size=30).round(1), RNG.normal(size=30)
    found = rising("x", x, y, np.arange(30).astype(object))
    rng, slow = np.random.default_rng(0), []
    for _ in range(40):
        for row in rng.integers(0, 30, size=(50, 30)):  # ids sort as they stand
            slow.append(stats.spearmanr(x[row], y[row]).statistic)
    assert [found.low, found.high] == pytest.approx(np.quantile(slow, [0.025, 0.975]))


def test_pairs_of_one_sample_are_drawn_together() -> None:
    """Repeating every pair adds no evidence: the interval stays, while apart it would shrink."""
    x, y = RNG.normal(size=40), RNG.normal(size=40)
    x, y = x, y + 0.3 * x
    once = rising("x", x, y, np.arange(40).astype(object))
    four = (np.tile(v, 4) for v in (x, y))
    together = rising("x", *four, np.tile(np.arange(40), 4).astype(object))
    apart = rising("x", *(np.tile(v, 4) for v in (x, y)), np.arange(160).astype(object))
    assert together.high - together.low == pytest.approx(once.high - once.low, rel=1e-9)
    assert apart.high - apart.low == pytest.approx((once.high - once.low) / 2, rel=0.2)


def test_samples_with_unequally_many_pairs_are_drawn_apart() -> None:
    ids = np.array(["a", "a", "b", "c", "d"], dtype=object)
    x = np.arange(5.0)
    found = rising("x", x, x, ids)
    assert (found.estimate, found.low) == (pytest.approx(1), pytest.approx(1))
    assert found.verdict == "holds"


def test_all_of_counts() -> None:
    assert all_of("x", 4, 4).verdict == "holds"
    some = all_of("x", 3, 4)
    assert (some.verdict, some.estimate) == ("fails", 0.75)
    # Clopper and Pearson's lower bound where all succeed: (alpha / 2) ** (1 / n).
    assert all_of("x", 4, 4).low == pytest.approx(0.025 ** (1 / 4))
    assert all_of("x", 0, 0).verdict == "undecided"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "undecided"], "undecided"),
        (["undecided", "fails", "holds"], "fails"),
        ([], "undecided"),
    ],
)
def test_a_claim_is_as_strong_as_its_weakest_part(
    verdicts: list[Verdict], expected: Verdict
) -> None:
    parts = [Comparison("x", 0.0, 0.0, 0.0, 9, "", verdict) for verdict in verdicts]
    assert combined(parts) == expected
