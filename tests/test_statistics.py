"""Bootstrap intervals and ranks against scipy, closed forms and a slow re-implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap, norm

from gxarena.statistics import bootstrap_mean, rank_intervals

RNG = np.random.default_rng(0)


def test_agrees_with_scipy() -> None:
    values = RNG.gamma(2.0, size=(80, 3))
    mean, low, high = bootstrap_mean(values, seed=1, resamples=20_000)
    for column in range(3):
        theirs = bootstrap(
            (values[:, column],), np.mean, n_resamples=20_000, method="percentile", random_state=0
        )
        width = high[column] - low[column]
        assert mean[column] == pytest.approx(values[:, column].mean())
        assert low[column] == pytest.approx(theirs.confidence_interval.low, abs=0.04 * width)
        assert high[column] == pytest.approx(theirs.confidence_interval.high, abs=0.04 * width)


def test_is_the_normal_interval_for_many_normal_values() -> None:
    values = RNG.normal(3.0, 2.0, size=(5000, 1))
    _, low, high = bootstrap_mean(values, seed=0, resamples=5000)
    half = norm.ppf(0.975) * values.std() / np.sqrt(len(values))
    assert (high - low)[0] / 2 == pytest.approx(half, rel=0.05)


def test_covers_the_truth_as_often_as_it_says() -> None:
    columns = RNG.normal(size=(60, 2000))
    _, low, high = bootstrap_mean(columns, seed=3, resamples=1000)
    assert ((low <= 0) & (high >= 0)).mean() == pytest.approx(0.95, abs=0.03)


def test_undefined_values_are_left_out() -> None:
    values = RNG.normal(size=(200, 1))
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


def test_same_seed_same_interval_whatever_the_neighbours() -> None:
    values = RNG.normal(size=(50, 4))
    forward = np.array(bootstrap_mean(values, seed=7))
    backward = np.array(bootstrap_mean(values[:, ::-1], seed=7))
    assert np.array_equal(forward, backward[:, ::-1])
    assert np.array_equal(forward[:, :1], bootstrap_mean(values[:, :1], seed=7))
    assert not np.array_equal(forward[1], bootstrap_mean(values, seed=8)[1])


def _slow_ranks(means: list[float], better: str) -> list[int]:
    sign = 1 if better == "higher" else -1
    return [1 + sum(sign * other > sign * mine for other in means) for mine in means]


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_ranks_agree_with_a_slow_count(better: str) -> None:
    values = RNG.normal(size=(30, 5))
    rank, low, high = rank_intervals(values, better, seed=2, resamples=300)  # type: ignore[arg-type]
    assert rank.tolist() == _slow_ranks(values.mean(axis=0).tolist(), better)
    drawn = np.random.default_rng(2).multinomial(30, np.full(30, 1 / 30), size=300)
    ranks = np.array([_slow_ranks((w @ values / 30).tolist(), better) for w in drawn])
    assert low.tolist() == np.quantile(ranks, 0.025, axis=0, method="inverted_cdf").tolist()
    assert high.tolist() == np.quantile(ranks, 0.975, axis=0, method="inverted_cdf").tolist()


def test_separated_columns_are_sure_of_their_rank() -> None:
    values = RNG.normal(size=(100, 1)) + np.array([[5.0, 0.0, 10.0]])
    rank, low, high = rank_intervals(values, "higher", seed=0)
    assert rank.tolist() == low.tolist() == high.tolist() == [2, 3, 1]


def test_equal_columns_tie() -> None:
    column = RNG.normal(size=(40, 1))
    rank, low, high = rank_intervals(np.hstack([column, column, column - 9]), "higher", seed=0)
    assert rank.tolist() == low.tolist() == high.tolist() == [1, 1, 3]


def test_a_column_without_values_is_unranked_and_counts_for_nobody() -> None:
    values = RNG.normal(size=(40, 1)) + np.array([[0.0, 5.0, 1.0]])
    values[:, 1] = np.nan
    rank, low, high = rank_intervals(values, "higher", seed=0)
    assert rank.tolist() == low.tolist() == high.tolist() == [2, None, 1]
