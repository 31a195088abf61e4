"""Bootstrap intervals and ranks against scipy, closed forms and a slow re-implementation."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm

from gxarena.results.statistics import bootstrap_between, bootstrap_mean, rank_intervals

Direction = Literal["higher", "lower"]
DIRECTIONS = pytest.mark.parametrize("better", ["higher", "lower"])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_agrees_with_scipy(rng: np.random.Generator) -> None:
    values = rng.gamma(2.0, size=(80, 3))
    mean, low, high = bootstrap_mean(values, seed=1, resamples=20_000)
    for column in range(3):
        theirs = bootstrap(
            (values[:, column],), np.mean, n_resamples=20_000, method="percentile", random_state=0
        )
        width = high[column] - low[column]
        assert mean[column] == pytest.approx(values[:, column].mean())
        assert low[column] == pytest.approx(theirs.confidence_interval.low, abs=0.04 * width)
        assert high[column] == pytest.approx(theirs.confidence_interval.high, abs=0.04 * width)


def test_is_the_normal_interval_for_many_normal_values(rng: np.random.Generator) -> None:
    values = rng.normal(3.0, 2.0, size=(1000, 1))
    _, low, high = bootstrap_mean(values, seed=0, resamples=5000)
    half = norm.ppf(0.975) * values.std() / np.sqrt(len(values))
    assert (high - low)[0] / 2 == pytest.approx(half, rel=0.05)


def test_covers_the_truth_as_often_as_it_says(rng: np.random.Generator) -> None:
    columns = rng.normal(size=(60, 2000))
    _, low, high = bootstrap_mean(columns, seed=3, resamples=1000)
    assert ((low <= 0) & (high >= 0)).mean() == pytest.approx(0.95, abs=0.03)


def test_undefined_values_are_left_out(rng: np.random.Generator) -> None:
    values = rng.normal(size=(200, 1))
    holes = values.copy()
    holes[::3] = np.nan
    kept = np.delete(values, np.s_[::3], axis=0)
    mean, low, high = bootstrap_mean(holes, seed=0, resamples=5000)
    mean_kept, low_kept, high_kept = bootstrap_mean(kept, seed=1, resamples=5000)
    assert mean == pytest.approx(mean_kept)
    assert np.array([low, high]) == pytest.approx(np.array([low_kept, high_kept]), abs=0.02)


def test_too_few_values_have_no_interval() -> None:
    values = np.array([[np.nan, 1.0, 2.0], [np.nan, np.nan, 2.0], [np.nan, np.nan, 2.0]])
    mean, low, high = bootstrap_mean(values, seed=0)
    assert np.isnan(mean[0])
    assert mean[1] == 1.0
    assert np.isnan(low[:2]).all()
    assert np.isnan(high[:2]).all()
    assert (mean[2], low[2], high[2]) == (2.0, 2.0, 2.0)
    assert np.isnan(bootstrap_mean(values[:, :1], seed=0)).all()


def test_same_seed_same_interval_whatever_the_neighbours(rng: np.random.Generator) -> None:
    values = rng.normal(size=(50, 4))
    forward = np.array(bootstrap_mean(values, seed=7))
    backward = np.array(bootstrap_mean(values[:, ::-1], seed=7))
    assert np.array_equal(forward, backward[:, ::-1])
    assert np.array_equal(forward[:, :1], bootstrap_mean(values[:, :1], seed=7))
    assert not np.array_equal(forward[1], bootstrap_mean(values, seed=8)[1])


def test_holes_leave_the_resamples_of_the_rest(rng: np.random.Generator) -> None:
    values = rng.normal(size=(12, 3))
    values[rng.random(values.shape) < 0.4] = np.nan
    drawn = np.random.default_rng(4).multinomial(12, np.full(12, 1 / 12), size=400)
    means = [[np.nanmean(np.repeat(column, w)) for column in values.T] for w in drawn]
    mean, low, high = bootstrap_mean(values, seed=4, resamples=400, level=0.8)
    assert mean == pytest.approx(np.nanmean(values, axis=0))
    assert low == pytest.approx(np.nanquantile(means, 0.1, axis=0))
    assert high == pytest.approx(np.nanquantile(means, 0.9, axis=0))


def test_a_constant_has_no_width(rng: np.random.Generator) -> None:
    values = np.where(rng.random((70, 2)) < 0.3, np.nan, [0.1, -1e9 / 3])
    mean, low, high = bootstrap_mean(values, seed=0)
    assert mean == pytest.approx([0.1, -1e9 / 3])
    assert np.array_equal(low, high)


def test_no_rows_give_no_estimate_and_no_rank() -> None:
    assert np.isnan(bootstrap_mean(np.empty((0, 2)), seed=0)).all()
    assert all(part.mask.all() for part in rank_intervals(np.empty((0, 2)), "higher", seed=0))


def _slow_ranks(columns: list[list[float]], better: str) -> list[int]:
    """Ranks of the drawn values' means; a column of which nothing is drawn is last."""
    sign = 1 if better == "higher" else -1
    means = [sign * sum(c) / len(c) if c else -np.inf for c in columns]
    return [1 + sum(other > mine for other in means) for mine in means]


def _slow_rank_intervals(values: np.ndarray, better: str, seed: int, resamples: int) -> np.ndarray:
    n = len(values)
    resampled = []
    for weights in np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples):
        drawn = np.repeat(values, weights, axis=0).T
        resampled.append(_slow_ranks([c[~np.isnan(c)].tolist() for c in drawn], better))
    in_order = np.sort(resampled, axis=0)
    return in_order[[int(np.ceil(q * resamples)) - 1 for q in (0.025, 0.975)]]


@DIRECTIONS
@pytest.mark.parametrize("holes", [0.0, 0.3, 0.9])
def test_ranks_agree_with_a_slow_count(
    better: Direction, holes: float, rng: np.random.Generator
) -> None:
    values = rng.normal(size=(30, 5))
    values[1:][rng.random((29, 5)) < holes] = np.nan
    rank, low, high = rank_intervals(values, better, seed=2, resamples=301)
    assert rank.tolist() == _slow_ranks([c[~np.isnan(c)].tolist() for c in values.T], better)
    assert np.array_equal([low, high], _slow_rank_intervals(values, better, 2, 301))


def test_separated_columns_are_sure_of_their_rank(rng: np.random.Generator) -> None:
    values = rng.normal(size=(100, 1)) + np.array([[5.0, 0.0, 10.0]])
    rank, low, high = rank_intervals(values, "higher", seed=0)
    assert rank.tolist() == low.tolist() == high.tolist() == [2, 3, 1]


def test_equal_columns_tie(rng: np.random.Generator) -> None:
    column = rng.normal(size=(40, 1))
    rank, low, high = rank_intervals(np.hstack([column, column, column - 9]), "higher", seed=0)
    assert rank.tolist() == low.tolist() == high.tolist() == [1, 1, 3]


def test_a_column_without_values_is_unranked_and_counts_for_nobody(
    rng: np.random.Generator,
) -> None:
    values = rng.normal(size=(40, 1)) + np.array([[0.0, 5.0, 1.0]])
    values[:, 1] = np.nan
    rank, low, high = rank_intervals(values, "higher", seed=0)
    assert rank.tolist() == low.tolist() == high.tolist() == [2, None, 1]


def test_a_rank_never_exceeds_the_number_of_columns(rng: np.random.Generator) -> None:
    values = rng.normal(size=(40, 2))
    values[1:, 1] = np.nan
    values[0, 1] = 9.0
    rank, low, high = rank_intervals(values, "higher", seed=0)
    assert rank.tolist() == [2, 1]
    # The one value misses a resample with probability (1 - 1/40)^40, which is about 0.36.
    assert (low.tolist(), high.tolist()) == ([1, 1], [2, 2])


@DIRECTIONS
def test_rounding_breaks_no_ties(better: Direction, rng: np.random.Generator) -> None:
    column = np.repeat([0.1 + 0.2, 0.0], [7, 30])
    for _ in range(100):
        values = np.stack([rng.permutation(column) for _ in range(4)], axis=1)
        assert rank_intervals(values, better, seed=0, resamples=1)[0].tolist() == [1, 1, 1, 1]


def test_a_difference_beyond_rounding_counts() -> None:
    values = np.tile([0.3, 0.3 + 1e-11], (1000, 1))
    rank, low, high = rank_intervals(values, "higher", seed=0)
    assert rank.tolist() == low.tolist() == high.tolist() == [2, 1]


def test_ties_share_the_smallest_rank_and_leave_a_gap() -> None:
    values = np.tile([5.0, 7.0, 5.0, 1.0], (20, 1))
    assert rank_intervals(values, "higher", seed=0)[0].tolist() == [2, 1, 2, 4]
    assert rank_intervals(values, "lower", seed=0)[0].tolist() == [2, 4, 2, 1]


def test_the_other_direction_turns_the_ranks_around(rng: np.random.Generator) -> None:
    values = rng.normal(size=(25, 4))
    rank, low, high = rank_intervals(values, "higher", seed=5, resamples=999)
    rank_down, low_down, high_down = rank_intervals(values, "lower", seed=5, resamples=999)
    assert rank_down.tolist() == (5 - rank).tolist()
    assert low_down.tolist() == (5 - high).tolist()
    assert high_down.tolist() == (5 - low).tolist()
    assert (low < high).any()


def test_no_direction_is_refused() -> None:
    with pytest.raises(KeyError, match="none"):
        rank_intervals(np.ones((3, 2)), "none", seed=0)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(5)), st.integers(0, 2**32 - 1))
def test_ranks_follow_their_columns(order: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(15, 5))
    values[:, 3] = values[:, 0]
    values[:, 4] = np.nan
    there = rank_intervals(values, "higher", seed, resamples=200)
    here = rank_intervals(values[:, order], "higher", seed, resamples=200)
    assert [part.tolist() for part in here] == [part[order].tolist() for part in there]


def test_between_floor_and_ceiling_against_a_plain_loop() -> None:
    rng = np.random.default_rng(5)
    floor, ceiling = rng.normal(0, 1, 30), rng.normal(3, 1, 30)
    values = rng.normal(1, 1, (30, 2))
    share, low, high = bootstrap_between(values, floor, ceiling, seed=2, resamples=4000)
    for column in range(2):
        drawn = []
        for _ in range(4000):
            i = rng.integers(0, 30, 30)
            drawn.append(
                (values[i, column].mean() - floor[i].mean()) / (ceiling[i].mean() - floor[i].mean())
            )
        assert share[column] == pytest.approx(
            (values[:, column].mean() - floor.mean()) / (ceiling.mean() - floor.mean())
        )
        assert (low[column], high[column]) == pytest.approx(
            tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.02
        )


def test_between_compares_on_the_samples_that_all_have() -> None:
    rng = np.random.default_rng(0)
    floor = np.where(np.arange(60) < 30, 0.0, 4.0) + rng.normal(0, 0.1, 60)  # an easy, a hard half
    ceiling = floor + 1
    values = np.column_stack([floor, floor + 0.5, floor + 0.5])
    values[:30, 0], values[30:, 1], values[8:, 2] = np.nan, np.nan, np.nan
    share, low, high = bootstrap_between(values, floor, ceiling, seed=0)
    assert share == pytest.approx([0.0, 0.5, 0.5])
    assert low == pytest.approx([0.0, 0.5, 0.5])
    assert high == pytest.approx([0.0, 0.5, 0.5])


def test_between_needs_two_samples() -> None:
    floor, values = np.zeros(10), np.full((10, 1), np.nan)
    values[3] = 0.5
    share, low, high = bootstrap_between(values, floor, floor + 1, seed=0)
    assert np.isnan([share, low, high]).all()


def test_rounding_alone_parts_nobody_in_any_resample() -> None:
    one = np.random.default_rng(0).normal(size=20)
    columns = np.column_stack([one, np.nextafter(one, np.inf)])
    rank, low, high = rank_intervals(columns, "higher", seed=0)
    assert [rank.tolist(), low.tolist(), high.tolist()] == [[1, 1]] * 3
