"""Whether values rise with something: Spearman's correlation of pairs that share samples."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from scipy import stats

from gxarena.data import Floats
from gxarena.report.columns import Column
from gxarena.report.inference import (
    SEED,
    TOO_FEW,
    beyond,
    by_replicates,
    p_value,
    uneven,
)
from gxarena.report.verdicts import LEVEL, Comparison
from gxarena.statistics.intervals import FEWEST_SAMPLES

RESAMPLES = 2000
BATCH = 50


def rising(what: str, x: Floats, column: Column) -> Comparison:
    """Whether values rise with x: Spearman's correlation, resampled over samples.

    Parameters
    ----------
    what : str
    x : float array, shape (M,)
    column : Column
        Values of M pairs, and the sample of each pair: pairs of one sample are drawn together,
        however many it has, since the same sequence at two lengths is no independent evidence.
        Groups of samples are drawn together likewise.
        Replicates' own correlations widen the interval, by Student's t.
    """
    defined = np.isfinite(x) & np.isfinite(column.replicates).all(axis=0)
    together = column.ids if column.groups is None else column.groups
    x, ids, ys = x[defined], together[defined], column.replicates[:, defined]
    y, n, replicates = ys.mean(axis=0), len(x), column.weights
    if n < 2 or len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        nothing = Comparison(what, np.nan, np.nan, np.nan, n, "Spearman", "undecided", "no spread")
        return replace(nothing, replicates=replicates)
    estimate = float(stats.spearmanr(x, y).statistic)
    if min(len(np.unique(ids)), _off_the_commonest(x, ids)) < FEWEST_SAMPLES:
        few = Comparison(what, estimate, np.nan, np.nan, n, "Spearman", "undecided", TOO_FEW, 1.0)
        return replace(few, replicates=replicates)
    rng = np.random.default_rng(SEED)
    # In batches: the resampled ranks of thousands of samples would not fit into memory at once.
    drawn = np.concatenate(
        [_correlations(x, y, _drawn(ids, rng)) for _ in range(RESAMPLES // BATCH)]
    )
    apart = np.array([float(stats.spearmanr(x, one).statistic) for one in ys])

    def limits(level: float) -> tuple[float, float]:
        low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        wider, moved = _few_samples(ids, level), by_replicates(apart, level)
        low, high = (
            estimate - np.hypot(wider * (estimate - low), moved),
            estimate + np.hypot(wider * (high - estimate), moved),
        )
        return float(max(low, -1.0)), float(min(high, 1.0))

    low, high = limits(1 - LEVEL)
    p = 1.0 if low <= 0 <= high else max(p_value(limits, estimate), 1 / RESAMPLES)
    verdict, p_fails = beyond(estimate, p)
    return Comparison(
        what, estimate, low, high, n, "Spearman", verdict, uneven(replicates, len(ys)), p_fails,
        replicates,
    )  # fmt: skip


def _off_the_commonest(x: Floats, ids: np.ndarray) -> int:
    """How many samples have an x other than the one that most have: what a slope rests on."""
    pairs = {(sample, float(at)) for sample, at in zip(ids.tolist(), x.tolist(), strict=True)}
    samples_at = Counter(at for _, at in pairs)
    commonest = max(samples_at, key=lambda at: samples_at[at])
    return len({sample for sample, at in pairs if at != commonest})


def _drawn(ids: np.ndarray, rng: np.random.Generator) -> Floats:
    """How often each pair is in resamples of the samples, shape (BATCH, M)."""
    names, samples = np.unique(ids, return_inverse=True)
    even = np.full(len(names), 1 / len(names))
    times = rng.multinomial(len(names), even, size=BATCH)
    return times[:, samples].astype(np.float64)


def _correlations(x: Floats, y: Floats, times: Floats) -> Floats:
    """Spearman's correlations of pairs taken so many times each; NaN where a side does not vary."""
    middle = (times.sum(axis=1, keepdims=True) + 1) / 2
    one, other = (_ranks(values, times) - middle for values in (x, y))
    scale = np.sqrt((times * one**2).sum(axis=1) * (times * other**2).sum(axis=1))
    undefined = np.full(len(times), np.nan)
    return np.divide((times * one * other).sum(axis=1), scale, out=undefined, where=scale > 0)  # type: ignore[no-any-return]


def _ranks(values: Floats, times: Floats) -> Floats:
    """Mean ranks among values taken so many times each, shape (BATCH, M)."""
    distinct, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(distinct)))
    ties = np.add.reduceat(times[:, order], starts, axis=1)
    return (np.cumsum(ties, axis=1) - (ties - 1) / 2)[:, place]


def _few_samples(ids: np.ndarray, level: float) -> float:
    """By how much Student's t is wider than what resampling few samples shows.

    Samples with unequally many pairs count as fewer (Kish 1965, Survey Sampling, section 11.7);
    a correlation takes two degrees of freedom.
    """
    pairs = np.unique(ids, return_counts=True)[1]
    effective = pairs.sum() ** 2 / (pairs**2).sum()
    freedom = max(effective - 2, 1.0)
    tail = (1 + level) / 2
    return float(stats.t.ppf(tail, freedom) / stats.norm.ppf(tail) * np.sqrt(effective / freedom))
