"""Intervals of means: references, equivariance, independence of neighbours, what has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from gxarena.statistics.crossed import crossed
from gxarena.statistics.intervals import (
    EQUAL,
    ONE_GROUP_HOLDS_MOST,
    ONE_NUMBER,
    OPEN_SCALE,
    TOO_FEW,
    TOO_FEW_GROUPS,
    Intervals,
    mean_intervals,
    mean_p_values,
)


def _table(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (3, rng.integers(1, 4), 22)
    coins = rng.integers(0, 2, size=shape) * 1.0
    kinds = (rng.normal(size=shape), rng.exponential(size=shape), coins,
             np.ones(shape), np.maximum(rng.normal(size=shape), 0.0))  # fmt: skip
    return np.stack([kinds[kind][i] for i, kind in enumerate(rng.integers(0, 5, size=3))])


TABLES = st.integers(0, 2**32 - 1).map(_table)
"""Of columns that skewed and exact limits are for; drawn by numpy, since hundreds are slow."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _close(one: Intervals, other: Intervals, **tolerance: float) -> None:
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), **tolerance)


def _width(found: Intervals) -> Any:
    return found.high - found.low


def test_many_normal_values_have_students_interval(rng: np.random.Generator) -> None:
    values = rng.normal(3, 2, size=1000)
    theirs = stats.ttest_1samp(values, 0).confidence_interval()
    found = mean_intervals(values)
    assert found.low[0] == pytest.approx(theirs.low, abs=0.01)
    assert found.high[0] == pytest.approx(theirs.high, abs=0.01)
    assert found.method == ("skew-corrected t over samples of one set of weights, 95%",)


def test_many_skewed_values_have_scipys_bca_interval(rng: np.random.Generator) -> None:
    values = rng.exponential(size=400)
    theirs = stats.bootstrap((values,), np.mean, method="BCa", rng=rng).confidence_interval
    found = mean_intervals(values)
    width = theirs.high - theirs.low
    assert found.low[0] == pytest.approx(theirs.low, abs=0.08 * width)
    assert found.high[0] == pytest.approx(theirs.high, abs=0.08 * width)
    assert found.high[0] - found.mean[0] > found.mean[0] - found.low[0]


@pytest.mark.slow
def test_few_skewed_values_are_covered_more_often_than_by_scipys_bca(
    rng: np.random.Generator,
) -> None:
    values, truth = rng.lognormal(size=(400, 20)), np.exp(0.5)
    bca = stats.bootstrap(
        (values,), np.mean, axis=1, method="BCa", n_resamples=1000, batch=50, rng=rng
    ).confidence_interval
    ours = mean_intervals(values[:, None])
    covered = ((found.low <= truth) & (truth <= found.high) for found in (ours, bca))
    share, theirs = (found.mean() for found in covered)
    assert theirs < 0.9
    assert share > theirs + 0.03


def test_two_values_have_statsmodels_exact_interval() -> None:
    values = np.r_[np.ones(28), np.zeros(2)]
    theirs = proportion_confint(28, 30, method="beta")
    found = mean_intervals(values, bounds=(0.0, 1.0))
    assert (found.low[0], found.high[0]) == pytest.approx(theirs)
    assert found.method[0].startswith("exact binomial")
    # On an open scale there are no two kinds: a third value may lie anywhere.
    assert mean_intervals(values).method[0].startswith("skew-corrected t")


@pytest.mark.parametrize("n", [20, 50, 200])
def test_one_that_differs_among_ties_decides_nothing(n: int) -> None:
    values = np.zeros(n)
    values[0] = 1e-3
    assert mean_p_values(values)[0] == 1
    # Five on one side have 2 in 32 ways, as few samples have; enough of them decide.
    values[:5] = 1e-3
    assert mean_p_values(values)[0] == pytest.approx(2 / 32, abs=0.005)
    values[:12] = np.linspace(0.5, 1.5, 12)
    assert mean_p_values(values)[0] < 0.01


@pytest.mark.parametrize(("share", "n"), [(0.9, 20), (0.97, 50), (0.99, 200)])
def test_differences_of_rare_events_fail_seldom_by_luck(
    share: float, n: int, rng: np.random.Generator
) -> None:
    events = (rng.random((400, 1, n, 2)) < share).astype(float)
    p = mean_p_values(events[..., 0] - events[..., 1])
    assert (p <= 0.05).mean() <= 0.05


def test_a_ceiling_has_width() -> None:
    found = mean_intervals(np.ones(20), bounds=(0.0, 1.0))
    assert (found.mean[0], found.high[0]) == (1.0, 1.0)
    assert found.low[0] == pytest.approx(proportion_confint(20, 20, method="beta")[0])
    crossed = mean_intervals(np.ones((5, 20)), bounds=(0.0, 1.0))
    assert (crossed.low[0], crossed.high[0]) == (found.low[0], 1.0)


def test_most_at_a_ceiling_is_wider_than_its_spread_says(rng: np.random.Generator) -> None:
    values = np.ones(40)
    values[:2] = 0.97
    open_scale, bounded = mean_intervals(values), mean_intervals(values, bounds=(0.0, 1.0))
    assert "Gaffke" in bounded.method[0]
    assert bounded.low[0] < 0.93 < open_scale.low[0]
    assert bounded.high[0] <= 1.0


def test_equal_values_give_exactly_that_mean_and_on_an_open_scale_no_interval() -> None:
    for bounds in ((None, None), (0.0, None), (None, 0.1)):
        found = mean_intervals(np.full((3, 2, 25), 0.1), bounds=bounds)
        assert found.mean.tolist() == [0.1] * 3
        assert np.isnan([found.low, found.high]).all()
        assert found.method == (OPEN_SCALE,) * 3


def test_equal_numbers_of_whole_sets_on_an_open_scale_have_no_interval() -> None:
    numbers = np.stack([np.full((5, 1), 7.0), np.arange(5.0)[:, None]])
    found = mean_intervals(numbers, whole=True, bounds=(0.0, None))
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert found.method[0] == OPEN_SCALE
    assert found.low[1] < 2.0 < found.high[1]
    closed = mean_intervals(np.full((5, 1), 7.0), whole=True, bounds=(0.0, 9.0))
    assert closed.low[0] < 7.0 <= closed.high[0]


@pytest.mark.parametrize("n", [20, 50, 100])
def test_rare_failures_on_an_open_scale(n: int) -> None:
    """Of one sample in twenty the value is far off: where none is seen, nothing is promised."""
    rng = np.random.default_rng(n)
    values = np.where(rng.random((400, 1, n)) < 0.05, -3.0, 0.0)
    found = mean_intervals(values)
    known = np.isfinite(found.low)
    assert not known[(values == 0).all(axis=(1, 2))].any()
    covers = (found.low <= -0.15) & (found.high >= -0.15)
    assert covers[known].mean() >= 0.93


def test_what_has_no_interval_says_why() -> None:
    few = mean_intervals(np.r_[np.arange(19.0), np.nan])
    assert few.method == (TOO_FEW,)
    assert few.mean[0] == 9.0
    assert np.isnan([few.low[0], few.high[0]]).all()
    assert mean_intervals(np.full(30, np.nan)).method == (TOO_FEW,)
    assert mean_intervals(np.array([3.0]), whole=True).method == (ONE_NUMBER,)
    assert mean_intervals(np.zeros(30), bounds=(0.0, None)).method == (OPEN_SCALE,)
    groups = np.arange(30) % 4
    assert mean_intervals(np.arange(30.0), groups=groups).method == (TOO_FEW_GROUPS,)


def test_whole_sets_have_students_interval_over_replicates(rng: np.random.Generator) -> None:
    values = rng.normal(size=(1, 5, 1))
    theirs = stats.ttest_1samp(values.ravel(), 0).confidence_interval()
    found = mean_intervals(values, whole=True)
    assert (found.low[0], found.high[0]) == pytest.approx((theirs.low, theirs.high))
    assert found.method == ("t over 5 replicates of one number for the whole set, 95%",)
    alike = mean_intervals(np.ones((1, 5, 1)), whole=True, bounds=(0.0, 1.0))
    assert _width(alike)[0] > 0.4
    assert alike.method == (f"{EQUAL} over 5 replicates of one number for the whole set, 95%",)


def test_replicates_that_differ_widen_as_much_as_they_alone_do(rng: np.random.Generator) -> None:
    effects = rng.normal(size=(5, 1))
    values = effects + 0.01 * rng.normal(size=(5, 200))
    theirs = stats.ttest_1samp(values.mean(axis=1), 0).confidence_interval()
    found = mean_intervals(values)
    assert found.low[0] == pytest.approx(theirs.low, abs=0.01)
    assert found.high[0] == pytest.approx(theirs.high, abs=0.01)
    assert "samples crossed with t over 5 replicates" in found.method[0]


def test_replicates_that_agree_widen_nothing(rng: np.random.Generator) -> None:
    one = rng.gamma(2.0, size=60)
    _close(mean_intervals(np.tile(one, (5, 1))), mean_intervals(one), rtol=1e-9)


def test_groups_widen_what_is_alike_in_them(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(8), 25)
    values = rng.normal(size=200) + rng.normal(size=8)[groups]
    found, plain = mean_intervals(values, groups=groups), mean_intervals(values)
    assert _width(found)[0] > 2 * _width(plain)[0]
    assert "samples in 8 groups of one set of weights" in found.method[0]
    by_group = values.reshape(8, 25).mean(axis=1)
    theirs = stats.ttest_1samp(by_group, 0).confidence_interval()
    assert found.low[0] <= theirs.low + 1e-9
    assert theirs.high <= found.high[0] + 1e-9


def test_where_one_group_holds_most_there_is_no_interval(rng: np.random.Generator) -> None:
    groups = np.r_[np.zeros(100), np.arange(1, 31)]
    for values, bounds in (
        (rng.normal(size=130), (None, None)),
        ((rng.random(130) < 0.9).astype(float), (0.0, 1.0)),
    ):
        found = mean_intervals(values, bounds=bounds, groups=groups)
        assert np.isnan([found.low[0], found.high[0]]).all()
        assert found.method == (ONE_GROUP_HOLDS_MOST,)


def test_two_values_in_groups_have_no_less_than_the_groups_t(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(40), 5)
    values = (rng.random(40) < 0.6).astype(float)[groups]
    found = mean_intervals(values, bounds=(0.0, 1.0), groups=groups)
    theirs = stats.ttest_1samp(values[::5], 0).confidence_interval()
    assert found.low[0] <= theirs.low + 1e-9
    assert theirs.high - 1e-9 <= found.high[0]
    assert mean_intervals(values, bounds=(0.0, 1.0)).low[0] > theirs.low


@pytest.mark.parametrize("grouped", [False, True])
def test_both_parts_add_up_as_squares_without_what_they_share(
    grouped: bool, rng: np.random.Generator
) -> None:
    """By the plain formula, of values that do not lean."""
    half = rng.normal(size=(4, 15)) + 2 * rng.normal(size=15)
    values = np.concatenate([half, -half], axis=1) + 0.2 * rng.normal(size=(4, 1))
    groups = np.arange(30) if grouped else None
    rows, columns = values.mean(axis=1), values.mean(axis=0)
    rest = values - rows[:, None] - columns + values.mean()
    both = (rest**2).sum() / (3 * 29) / 120
    by_rows, by_columns = rows.var(ddof=1) / 4, columns.var(ddof=1) / 30
    assert by_rows > both > by_rows / 10  # so that what is taken away shows
    t = stats.t.ppf(0.975, [29, 3])
    expected = np.sqrt(t[0] ** 2 * by_columns + t[1] ** 2 * (by_rows - both))
    assert expected > t[1] * np.sqrt(by_rows)
    found = mean_intervals(values, groups=groups)
    assert found.mean[0] - found.low[0] == pytest.approx(expected)
    assert found.high[0] - found.mean[0] == pytest.approx(expected)


def test_groups_and_replicates_at_once(rng: np.random.Generator) -> None:
    """The replicates' part is what groups do not have in theirs already."""
    groups = np.repeat(np.arange(10), 6)
    effects = rng.normal(size=(4, 1)) + rng.normal(size=(4, 10))[:, groups]
    values = effects + 0.01 * rng.normal(size=(4, 60))
    found = mean_intervals(values, groups=groups)
    parts = crossed(values[None], groups)
    t = stats.t.ppf(0.975, [9, 3])
    replicates = t[1] * np.sqrt(max(parts.by_replicates[0] - parts.by_both[0], 0.0))
    least = max(
        np.hypot(t[0] * np.sqrt(parts.by_units[0]), replicates),
        t[1] * np.sqrt(parts.by_replicates[0]),
    )
    assert found.mean[0] - found.low[0] >= least * (1 - 1e-9)
    assert found.mean[0] - found.low[0] <= 1.2 * least
    plain = crossed(values[None])
    assert plain.by_both[0] < parts.by_both[0] / 2  # else the two could not be told


def test_few_groups_decide_no_mean(rng: np.random.Generator) -> None:
    """Eight groups can be signed in 256 ways, however many samples say the same in each."""
    groups = np.repeat(np.arange(8), 10)
    values = 1 + 0.01 * rng.normal(size=80)
    assert mean_p_values(values, groups=groups)[0] == pytest.approx(2 / 2**8)
    assert mean_p_values(values)[0] < 1e-9


def test_the_p_of_many_groups_is_that_of_their_means(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(30), 10)
    values = np.repeat(stats.norm.ppf((np.arange(30) + 0.5) / 30) + 0.35, 10)
    theirs = stats.ttest_1samp(values[::10], 0).pvalue
    assert mean_p_values(values, groups=groups)[0] == pytest.approx(theirs, rel=0.01)
    assert mean_p_values(values)[0] < theirs / 100


def test_groups_are_the_evidence_of_values_without_a_spread_of_their_own() -> None:
    """Two hundred samples that say the same eight things have shown eight things."""
    groups = np.repeat(np.arange(8), 25)
    bounds = (0.0, 1.0)
    ones = mean_intervals(np.ones(200), bounds=bounds, groups=groups)
    assert ones.low[0] == pytest.approx(0.025 ** (1 / 8))
    two = mean_intervals(np.where(groups < 2, 0.0, 1.0), bounds=bounds, groups=groups)
    assert two.low[0] < stats.binomtest(6, 8).proportion_ci().low
    mostly = np.where(groups < 5, 1.0, 0.1 * groups)
    found = mean_intervals(mostly, bounds=bounds, groups=groups)
    alone = mean_intervals(np.r_[mostly[::25], mostly[::25], mostly[::25]], bounds=bounds)
    assert "Gaffke" in found.method[0]
    assert found.low[0] < alone.low[0]
    for found, of in ((ones, np.ones(200)), (two, np.where(groups < 2, 0.0, 1.0))):
        assert _width(found)[0] > _width(mean_intervals(of, bounds=bounds))[0]


def test_holes_count_as_no_evidence(rng: np.random.Generator) -> None:
    values = rng.normal(size=(3, 40))
    padded = np.concatenate([values, np.full((3, 15), np.nan)], axis=1)
    _close(mean_intervals(padded), mean_intervals(values), rtol=1e-9)
    failed = np.concatenate([values, np.full((1, 40), np.nan)])
    found = mean_intervals(failed)
    _close(found, mean_intervals(values), rtol=1e-9)
    assert "3 replicates" in found.method[0]


@settings(max_examples=40, deadline=None)
@given(TABLES, st.floats(0.1, 10), st.floats(-50, 50))
def test_shift_and_scale(values: np.ndarray, scale: float, shift: float) -> None:
    found, moved = mean_intervals(values), mean_intervals(scale * values + shift)
    for name in ("mean", "low", "high"):
        expected = scale * getattr(found, name) + shift
        np.testing.assert_allclose(getattr(moved, name), expected, rtol=1e-6, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(TABLES, st.randoms(use_true_random=False), st.booleans())
def test_order_does_not_matter(values: np.ndarray, random: Any, bounded: bool) -> None:
    bounds = (values.min(), values.max()) if bounded else (None, None)
    replicates, samples = (list(range(size)) for size in values.shape[1:])
    random.shuffle(replicates)
    random.shuffle(samples)
    shuffled = values[:, replicates][:, :, samples]
    found, other = (mean_intervals(table, bounds=bounds) for table in (values, shuffled))
    assert found.method == other.method
    _close(found, other, rtol=1e-7, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(TABLES, st.permutations(range(3)), st.booleans())
def test_a_column_does_not_see_its_neighbours(
    values: np.ndarray, order: list[int], holes: bool
) -> None:
    if holes:
        values[1, 0, 3:5] = np.nan
    found, other = mean_intervals(values), mean_intervals(values[order])
    for name in ("mean", "low", "high"):
        assert np.array_equal(getattr(found, name)[order], getattr(other, name), equal_nan=True)
        alone = [getattr(mean_intervals(column[None]), name)[0] for column in values]
        assert np.array_equal(getattr(found, name), alone, equal_nan=True)


@pytest.mark.parametrize("replicates", [1, 4])
@pytest.mark.parametrize("kind", ["normal", "skewed", "two", "ceiling"])
def test_p_is_the_level_at_which_the_interval_reaches_the_null(
    kind: str, replicates: int, rng: np.random.Generator
) -> None:
    shape = (1, replicates, 50)
    values = {
        "normal": rng.normal(0.5, size=shape),
        "skewed": rng.exponential(size=shape),
        "two": (rng.random(shape) < 0.9).astype(float),
        "ceiling": np.maximum(rng.normal(size=shape), 0) / 10,
    }[kind]
    bounds = (0.0, 1.0) if kind in ("two", "ceiling") else (None, None)
    at = mean_intervals(values, bounds=bounds, level=0.9)
    for null in (at.low[0], at.high[0]):
        assert mean_p_values(values, null, bounds=bounds)[0] == pytest.approx(0.1, rel=0.05)


def test_p_decides_nothing_at_three_and_is_no_less_than_an_exact_test() -> None:
    assert mean_p_values(np.array([1.0, 1.1, 1.2]))[0] >= 0.25
    assert mean_p_values(np.ones((5, 3)))[0] >= 0.25
    assert mean_p_values(np.array([2.0]))[0] == 1.0
    assert np.isnan(mean_p_values(np.array([np.nan]))[0])
    assert mean_p_values(np.array([-1.0, 1.0]))[0] == 1.0
