"""Comparisons with intervals, and what they say of a claim: holds, fails or undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from gxarena.data import Floats, Ints
from gxarena.report.evidence import Column
from gxarena.results.statistics import bootstrap_mean

Verdict = Literal["holds", "fails", "undecided"]
SEED = 0
RESAMPLES = 2000
BATCH = 50
FEWEST = 3
"""Samples below which nothing is decided: an interval of two is one of three values."""


@dataclass(frozen=True)
class Comparison:
    """One statistic with its interval, and what it says.

    Attributes
    ----------
    what : str
        What was compared, in words.
    estimate, low, high : float
        NaN where there is none.
    n : int
        Samples (or motifs) it rests on.
    unit : str
        Of the statistic.
    verdict : "holds", "fails" or "undecided"
    note : str
        What a reader should know beside it.
    """

    what: str
    estimate: float
    low: float
    high: float
    n: int
    unit: str
    verdict: Verdict
    note: str = ""


def combined(comparisons: Sequence[Comparison]) -> Verdict:
    """Holds where every part holds, fails where any part fails, undecided otherwise.

    Asking every part to hold needs no correction for their number (an intersection-union test).
    """
    verdicts = {comparison.verdict for comparison in comparisons}
    if verdicts == {"holds"}:
        return "holds"
    return "fails" if "fails" in verdicts else "undecided"


def paired(left: Column, right: Column) -> Column:
    """Differences left - right of the samples that both have, defined where both are."""
    if np.array_equal(left.ids, right.ids):
        return Column(left.ids, left.values - right.values)
    shared, one, other = np.intersect1d(left.ids, right.ids, return_indices=True)
    return Column(shared, left.values[one] - right.values[other])


def above(what: str, column: Column, threshold: float = 0.0, unit: str = "") -> Comparison:
    """Whether a mean exceeds a threshold: a percentile bootstrap over samples, 95%.

    On paired differences this is the paired bootstrap.
    """
    estimate, low, high = _mean(column.values, 0.95)
    return Comparison(
        what, estimate, low, high, len(column.defined), unit,
        _beyond(low - threshold, high - threshold, len(column.defined)),
    )  # fmt: skip


def within(what: str, column: Column, margin: float, unit: str = "") -> Comparison:
    """Whether a mean lies within +-margin: two one-sided tests at 5%, as a 90% interval.

    Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657. Fails where the
    whole interval lies beyond the margin.
    """
    estimate, low, high = _mean(column.values, 0.90)
    n = len(column.defined)
    verdict: Verdict = "undecided"
    if n >= FEWEST and -margin < low and high < margin:
        verdict = "holds"
    elif n >= FEWEST and (low > margin or high < -margin):
        verdict = "fails"
    return Comparison(what, estimate, low, high, n, unit, verdict, f"margin ±{margin:g}, 90%")


def above_of_others(what: str, left: Floats, right: Floats, unit: str = "") -> Comparison:
    """Whether one set's mean exceeds that of a set of other samples; both sets are resampled."""
    left, right = left[np.isfinite(left)], right[np.isfinite(right)]
    n = len(left) + len(right)
    if min(len(left), len(right)) < FEWEST:
        return Comparison(what, np.nan, np.nan, np.nan, n, unit, "undecided", "too few samples")
    result = stats.bootstrap(
        (left, right),
        lambda one, other, axis: one.mean(axis=axis) - other.mean(axis=axis),
        n_resamples=RESAMPLES,
        batch=BATCH,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    low, high = result.confidence_interval
    return Comparison(
        what, float(left.mean() - right.mean()), float(low), float(high), n, unit,
        _beyond(low, high, n),
    )  # fmt: skip


def rising(what: str, x: Floats, y: Floats, ids: np.ndarray) -> Comparison:
    """Whether y rises with x: Spearman's correlation with a percentile bootstrap over samples.

    Parameters
    ----------
    what : str
    x, y : float arrays, shape (M,)
    ids : object array, shape (M,)
        The sample of each pair: pairs of one sample are drawn together, since the same sequence
        at two lengths is no independent evidence.
    """
    defined = np.isfinite(x) & np.isfinite(y)
    x, y, ids = x[defined], y[defined], ids[defined]
    n = len(x)
    if n < FEWEST or len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        return Comparison(what, np.nan, np.nan, np.nan, n, "Spearman", "undecided", "no spread")
    rng = np.random.default_rng(SEED)
    # In batches: the resampled ranks of thousands of samples would not fit into memory at once.
    correlations = np.concatenate(
        [
            _correlations(x[drawn], y[drawn])
            for drawn in (_drawn(ids, rng) for _ in range(RESAMPLES // BATCH))
        ]
    )
    low, high = np.nanquantile(correlations, [0.025, 0.975])
    estimate = float(stats.spearmanr(x, y).statistic)
    return Comparison(
        what, estimate, float(low), float(high), n, "Spearman", _beyond(low, high, n)
    )  # fmt: skip


def _drawn(ids: np.ndarray, rng: np.random.Generator) -> Ints:
    """Pairs of resampled samples, shape (BATCH, about M), of one width for all.

    Where samples have several pairs, but not equally many, each pair is drawn by itself: rows
    would not be of one width.
    """
    _, samples, counts = np.unique(ids, return_inverse=True, return_counts=True)
    if len(set(counts.tolist())) > 1:
        return rng.integers(0, len(ids), size=(BATCH, len(ids)))
    pairs = np.argsort(samples, kind="stable").reshape(len(counts), -1)
    drawn = rng.integers(0, len(counts), size=(BATCH, len(counts)))
    return pairs[drawn].reshape(BATCH, -1)


def _correlations(x: Floats, y: Floats) -> Floats:
    """Spearman's correlations of rows; NaN where a row does not vary."""
    ranks = (stats.rankdata(values, axis=1) for values in (x, y))
    one, other = (r - r.mean(axis=1, keepdims=True) for r in ranks)
    scale = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    undefined = np.full(len(x), np.nan)
    return np.divide((one * other).sum(axis=1), scale, out=undefined, where=scale > 0)  # type: ignore[no-any-return]


def all_of(what: str, count: int, n: int, note: str = "") -> Comparison:
    """Whether all of n are; the share's interval is Clopper and Pearson's, 95%.

    A statement about the n found, hence decided by counting; the interval says how little a few
    can tell.
    """
    if n == 0:
        return Comparison(what, np.nan, np.nan, np.nan, 0, "share", "undecided", note)
    interval = stats.binomtest(count, n).proportion_ci(0.95)
    return Comparison(
        what, count / n, interval.low, interval.high, n, "share",
        "holds" if count == n else "fails", note,
    )  # fmt: skip


def _mean(values: Floats, level: float) -> tuple[float, float, float]:
    mean, low, high = bootstrap_mean(values[:, None], SEED, RESAMPLES, level)
    return float(mean[0]), float(low[0]), float(high[0])


def _beyond(low: float, high: float, n: int) -> Verdict:
    """Holds where the interval lies above 0, fails where it lies below."""
    if n < FEWEST or not (low > 0 or high < 0):
        return "undecided"
    return "holds" if low > 0 else "fails"
