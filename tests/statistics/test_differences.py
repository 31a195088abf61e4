"""Pairs of methods: what replicates alone say is never surpassed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gxarena.statistics.differences import pairwise_differences
from gxarena.statistics.intervals import mean_intervals


def _crossed(seed: int) -> np.ndarray:
    """Differences of five replicates on 40 samples, whose replicates differ."""
    rng = np.random.default_rng(seed)
    effects = 0.3 * rng.normal(size=(5, 1)) + rng.normal(size=40)
    return np.asarray(0.3 + effects + 0.5 * rng.normal(size=(5, 40)))


@pytest.mark.parametrize("seed", range(40))
def test_no_p_is_surer_than_that_of_the_replicates_alone(seed: int) -> None:
    values = _crossed(seed)
    by_replicate = values.mean(axis=1)
    alone = stats.ttest_1samp(by_replicate, 0.0)
    found = pairwise_differences(np.stack([values, np.zeros_like(values)], axis=-1))
    assert found.p[0, 1] >= alone.pvalue - 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_no_interval_is_narrower_than_that_of_the_replicates_alone(seed: int) -> None:
    """Where nothing but chance moves single cells, samples alone would seem to say more."""
    values = np.random.default_rng(seed).normal(size=(5, 40))
    expected = stats.ttest_1samp(values.mean(axis=1), 0.0).confidence_interval(0.95)
    interval = mean_intervals(values)
    assert interval.low[0] <= expected.low + 1e-12
    assert interval.high[0] >= expected.high - 1e-12


def test_p_of_skewed_differences_is_by_halls_cubic() -> None:
    """A mean below that of skewed values is less sure than Student says."""
    skewed = np.random.default_rng(3).lognormal(size=60) - 2.3
    values = np.stack([skewed, np.zeros(60)], axis=-1)[None]
    t = stats.ttest_1samp(skewed, 0).statistic
    lean = stats.skew(skewed, bias=False) / np.sqrt(60)
    cubic = t + lean * t**2 / 3 + lean**2 * t**3 / 27 + lean / 6
    assert t < cubic < 0
    found = pairwise_differences(values)
    assert found.p[0, 1] == pytest.approx(2 * stats.t.cdf(cubic, 59), rel=1e-9)
    # To the other side Student's is kept, so that skewness makes nothing surer.
    above = skewed - skewed.mean() + 2 * stats.sem(skewed)
    other = pairwise_differences(np.stack([above, np.zeros(60)], axis=-1)[None])
    assert other.p[0, 1] == pytest.approx(stats.ttest_1samp(above, 0).pvalue, rel=1e-9)


def _by_hand(values: np.ndarray, least: bool) -> tuple[float, float, float]:
    """Of values (R, N): the two-way variance, that of the larger part, and p by one of them."""
    (r, n), mean = values.shape, values.mean()
    by_sample, by_replicate = values.mean(axis=0), values.mean(axis=1)
    samples, replicates = by_sample.var(ddof=1) / n, by_replicate.var(ddof=1) / r
    rest = values - by_sample - by_replicate[:, None] + mean
    both = (rest**2).sum() / ((r - 1) * (n - 1)) / (r * n)
    variance, larger = samples + replicates - both, max(samples, replicates)
    used = larger if least else variance
    df = used**2 / (samples**2 / (n - 1) + replicates**2 / (r - 1) + both**2 / ((r - 1) * (n - 1)))
    lean = stats.skew(by_sample, bias=False) / np.sqrt(n) * (samples / used) ** 1.5
    t = mean / np.sqrt(used)
    cubic = t + lean * t**2 / 3 + lean**2 * t**3 / 27 + lean / 6
    return variance, larger, float(2 * stats.t.sf(min(t, cubic), df))


@pytest.mark.parametrize("seed", [3, 12, 22, 1, 54, 164])
def test_p_is_by_the_two_way_variance_where_it_is_less_sure_than_the_replicates(seed: int) -> None:
    """Samples and replicates both move the mean: neither part alone says how sure it is.

    Of the last three seeds the samples lean so that Hall's cubic is what counts.
    """
    rng = np.random.default_rng(seed)
    values = 0.3 + 0.6 * rng.normal(size=30) + 0.1 * rng.normal(size=(5, 1))
    values = values + 0.5 * rng.normal(size=(5, 30))
    variance, larger, expected = _by_hand(values, least=False)
    assert variance > 1.1 * larger
    assert expected > 2 * stats.ttest_1samp(values.mean(axis=1), 0).pvalue
    found = pairwise_differences(np.stack([values, np.zeros_like(values)], axis=-1))
    assert found.p[0, 1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", [1, 11, 15])
def test_the_variance_is_never_less_than_either_part_s_own(seed: int) -> None:
    """Where chance in single cells is most of it, the two-way variance may come out near 0."""
    values = 0.25 + np.random.default_rng(seed).normal(size=(5, 30))
    variance, larger, expected = _by_hand(values, least=True)
    assert larger > 1.15 * variance
    assert expected > 1.5 * stats.ttest_1samp(values.mean(axis=1), 0).pvalue
    found = pairwise_differences(np.stack([values, np.zeros_like(values)], axis=-1))
    assert found.p[0, 1] == pytest.approx(expected, rel=1e-9)


def test_what_differs_by_rounding_alone_is_tied_on_either_side() -> None:
    """Sums of tenths that are 0 on paper; the other method has no rounding of its own."""
    values = np.tile([0.1, 0.2, -0.3], 10)
    assert values.mean() != 0
    for pair in ([values, np.zeros(30)], [np.zeros(30), values]):
        found = pairwise_differences(np.stack(pair, axis=-1)[None])
        assert (found.mean[0, 1], found.p[0, 1]) == (0.0, 1.0)


def test_whole_sets_numbers_that_do_not_vary_tell_nothing_apart() -> None:
    """Two replicates of a coarse scale are equal by luck; where they vary, Student's t decides."""
    numbers = np.array([[3.0, 1.0], [3.0, 1.0]])[:, None, :]
    assert pairwise_differences(numbers, whole=True).p[0, 1] == 1.0
    numbers[1] += [0.1, 0.0]
    expected = stats.ttest_1samp([2.0, 2.1], 0).pvalue
    assert pairwise_differences(numbers, whole=True).p[0, 1] == pytest.approx(expected, rel=1e-6)
