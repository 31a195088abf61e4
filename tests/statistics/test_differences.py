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


@pytest.mark.parametrize("seed", [3, 12, 22])
def test_p_is_by_the_two_way_variance_where_it_is_less_sure_than_the_replicates(seed: int) -> None:
    """Samples and replicates both move the mean: neither part alone says how sure it is."""
    rng = np.random.default_rng(seed)
    values = 0.3 + 0.6 * rng.normal(size=30) + 0.1 * rng.normal(size=(5, 1))
    values = values + 0.5 * rng.normal(size=(5, 30))
    by_sample, by_replicate = values.mean(axis=0), values.mean(axis=1)
    mean = values.mean()
    samples, replicates = by_sample.var(ddof=1) / 30, by_replicate.var(ddof=1) / 5
    rest = values - by_sample - by_replicate[:, None] + mean
    both = (rest**2).sum() / (4 * 29) / 150
    variance = samples + replicates - both
    assert variance > 1.1 * max(samples, replicates)
    df = variance**2 / (samples**2 / 29 + replicates**2 / 4 + both**2 / 116)
    lean = stats.skew(by_sample, bias=False) / np.sqrt(30) * (samples / variance) ** 1.5
    t = mean / np.sqrt(variance)
    cubic = t + lean * t**2 / 3 + lean**2 * t**3 / 27 + lean / 6
    expected = 2 * stats.t.sf(min(t, cubic), df)
    assert expected > 2 * stats.ttest_1samp(by_replicate, 0).pvalue
    found = pairwise_differences(np.stack([values, np.zeros_like(values)], axis=-1))
    assert found.p[0, 1] == pytest.approx(expected, rel=1e-9)
