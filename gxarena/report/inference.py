"""Statistics that make a comparison: means, equivalence, two sets, correlations and counts.

Each is tested at 5%. Where there are replicates they are crossed with the samples; below 20 samples
an exact test decides, or nothing does. How often luck decides: benchmarks/statistics/claims.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from gxarena.data import Floats
from gxarena.report.columns import Column, matched
from gxarena.report.verdicts import LEVEL, Comparison, Verdict, as_one_note
from gxarena.statistics.crossed import columns, crossed
from gxarena.statistics.intervals import (
    FEWEST_GROUPS,
    FEWEST_SAMPLES,
    mean_intervals,
    mean_p_values,
)
from gxarena.statistics.signflip import sign_flip

SEED = 0
EXCHANGES = 20_000
"""So many that a p near the level is not its seed's: its standard error there is .0015."""
AT_ONCE = 1000
"""Of them, so that large sets fit into memory."""
ROUNDING = 1e-12
"""Sums that differ by less of what is added up are equal."""
EXACT = "exact test"
TOO_FEW = f"fewer than {FEWEST_SAMPLES} sequences"

Limits = Callable[[float], tuple[float, float]]
"""From a level such as .95 to an interval of it."""


def paired(left: Column, right: Column) -> Column:
    """Differences left - right of the samples that both have, replicate by replicate.

    Replicates of one model are the same weights; those of two models meet by position too. A model
    without replicates meets each of the other's.
    """
    left, right = matched([left, right])
    if not np.array_equal(left.ids, right.ids):
        _, first, second = np.intersect1d(left.ids, right.ids, return_indices=True)
        left, right = left.at(first), right.at(second)
    return replace(left.beside(right), replicates=left.replicates - right.replicates)


def above(
    what: str, column: Column, threshold: float = 0.0, unit: str = "", note: str = ""
) -> Comparison:
    """Whether a mean exceeds a threshold; on paired differences this is the paired test."""
    found = mean_intervals(column.replicates, groups=column.groups, level=1 - LEVEL)
    mean, low, high = (float(limit[0]) for limit in (found.mean, found.low, found.high))
    p = 1.0
    if not low <= threshold <= high:  # NaN below 20 samples: p is the exact test's
        p = _p_of_mean(column, threshold)
    verdict, p_fails = beyond(mean - threshold, p)
    n = len(column.defined)
    return Comparison(
        what, mean, low, high, n, unit, verdict,
        _noted(_of_trainings(note, column), n, exact=n > 0), p_fails, column.weights,
    )  # fmt: skip


def within(what: str, column: Column, margin: float, unit: str = "") -> Comparison:
    """Whether a mean lies within +-margin: two one-sided tests at 5%, as a 90% interval.

    Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657. Fails where the
    whole interval lies beyond the margin.
    """
    found = mean_intervals(column.replicates, groups=column.groups, level=1 - 2 * LEVEL)
    mean, low, high = (float(limit[0]) for limit in (found.mean, found.low, found.high))
    n = len(column.defined)
    verdict: Verdict = "undecided"
    p_fails = np.nan if np.isnan(mean) else 1.0
    if -margin < mean < margin:
        # No interval below 20 samples: both one-sided tests, exactly.
        p = max(_one_sided(column, edge) for edge in (-margin, margin)) if np.isnan(low) else 1.0
        if p <= LEVEL or (-margin < low and high < margin):
            verdict = "holds"
    elif not (low <= -margin <= high or low <= margin <= high):
        p_fails = _one_sided(column, np.copysign(margin, mean))
        verdict = "fails" if p_fails <= LEVEL else "undecided"
    note = _of_trainings(f"margin ±{margin:g}, 90%", column)
    return Comparison(
        what, mean, low, high, n, unit, verdict, _noted(note, n, exact=n > 0), p_fails,
        column.weights,
    )  # fmt: skip


def _one_sided(column: Column, edge: float) -> float:
    """P-value of the side of `edge` that the mean lies on."""
    return _p_of_mean(column, edge) / 2


def _p_of_mean(column: Column, null: float) -> float:
    """Two-sided p of a mean; the signs' alone where that decides nothing, which is soon known."""
    if len(column.defined) < FEWEST_SAMPLES:
        signs = float(sign_flip(crossed(columns(column.replicates - null), column.groups))[0])
        if not signs <= 2 * LEVEL:
            return signs if len(column.defined) else np.nan
    return float(mean_p_values(column.replicates, null, groups=column.groups)[0])


def above_of_others(what: str, left: Column, right: Column, unit: str = "") -> Comparison:
    """Whether one set's mean exceeds that of a set of other samples.

    The two means' distances to their limits add up as squares (Zou and Donner 2008, Statistics in
    Medicine 27:1693), with that of the replicates' differences, by Student's t. Below 20 samples in
    either set, of one set of weights, an exact permutation test.
    """
    one, other = matched([left, right])
    replicates = len(one.replicates)
    n = len(one.defined) + len(other.defined)
    few = min(len(one.defined), len(other.defined))
    by_replicate = _means(one) - _means(other)
    estimate = float(one.defined.mean() - other.defined.mean()) if few else np.nan
    grouped = one.groups is not None or other.groups is not None
    exact = 0 < few < FEWEST_SAMPLES and replicates == 1 and not grouped
    told = few >= FEWEST_SAMPLES and min(one.evidence, other.evidence) >= FEWEST_GROUPS
    limits = _two_sets(one, other, estimate, by_replicate)
    low, high = limits(1 - LEVEL)
    if told:
        p = 1.0 if low <= 0 <= high else p_value(limits, estimate)
        if replicates == 1 and p <= LEVEL and _mostly_ties(one.defined, other.defined):
            p = max(p, _permuted(one.defined, other.defined))
    elif exact:
        p = _permuted(one.defined, other.defined)
    else:
        p = 1.0 if few else np.nan
    verdict, p_fails = beyond(estimate, p)
    note = _of_trainings("", one.beside(other))
    return Comparison(
        what, estimate, low, high, n, unit, verdict, _noted(note, few, exact=exact), p_fails,
        one.beside(other).weights,
    )  # fmt: skip


def _mostly_ties(one: Floats, other: Floats) -> bool:
    """Whether few values of two sets differ from the one that most have."""
    counts = np.unique(np.concatenate([one, other]), return_counts=True)[1]
    return bool(counts.sum() - counts.max() < 2 * FEWEST_SAMPLES)


def _permuted(one: Floats, other: Floats) -> float:
    """Two-sided p of two sets' means by exchanging their samples; exact where there are few ways.

    Twice the smaller one-sided p, the ways that are drawn together with the one that is there, as
    scipy's permutation test has it, which takes a hundred times as long to draw as many.
    """
    both = np.concatenate([one, other])
    if math.comb(len(both), len(one)) <= EXCHANGES:
        found = stats.permutation_test(
            (one, other), _mean_difference, vectorized=True, n_resamples=EXCHANGES
        )
        return float(found.pvalue)
    rng = np.random.default_rng(SEED)
    same = np.broadcast_to(both, (AT_ONCE, len(both)))
    exchanged = (rng.permuted(same, axis=1) for _ in range(EXCHANGES // AT_ONCE))
    # Of one total, the difference of means rises with either set's sum.
    sums = np.concatenate([values[:, : len(one)].sum(axis=1) for values in exchanged])
    slack = ROUNDING * np.abs(both).sum()
    lower, higher = (np.sum(sign * (sums - one.sum()) >= -slack) for sign in (-1, 1))
    return float(min(1.0, 2 * (min(lower, higher) + 1) / (EXCHANGES + 1)))


def more_often_than(
    what: str, ours: tuple[int, int], theirs: tuple[int, int], note: str = ""
) -> Comparison:
    """Whether a share exceeds another of others: Fisher's exact test.

    The interval of the difference holds at least 95%: Clopper and Pearson's of either share, each
    at 97.5%.

    Parameters
    ----------
    what : str
    ours, theirs : (count, n)
    note : str
    """
    (count, n), (other, of) = ours, theirs
    if n == 0 or of == 0:
        missing = "" if of else "no patterns of controls to compare with"
        noted = as_one_note(note, missing)
        return Comparison(what, np.nan, np.nan, np.nan, n, "share", "undecided", noted)
    p = float(stats.fisher_exact([[count, n - count], [other, of - other]]).pvalue)
    one, two = (
        stats.binomtest(some, total).proportion_ci(1 - LEVEL / 2) for some, total in (ours, theirs)
    )
    excess = count / n - other / of
    verdict, p_fails = beyond(excess, p)
    return Comparison(
        what, excess, one.low - two.high, one.high - two.low, n, "share", verdict, note, p_fails
    )  # fmt: skip


def in_most(
    what: str, looks: Sequence[bool | None], note: str = "", weights: int | None = None
) -> Comparison:
    """Whether something is so with most sets of weights: the exact sign test of looks at several.

    Each way at 5%, so five that all agree decide, and fewer never do: one training may show by luck
    what the next does not. Five looks reach p = .03 at best, so a claim of several such comparisons
    may hold with them but cannot fail (Holm); it takes six looks for two, seven for three or four.

    Parameters
    ----------
    what : str
    looks : sequence of bool or None
        One for each set of weights; None where looking does not tell.
    note : str
    weights : int, optional
        Trainings of the model that has fewest, where two are looked at; unsaid, as many as looks.
        Where fewer, looks share a training, and nothing is decided.
    """
    fewest = len(looks) if weights is None else min(weights, len(looks))
    note = as_one_note(note, uneven(fewest, len(looks)))
    told = [look for look in looks if look is not None]
    n, count = len(told), sum(told)
    said = as_one_note(f"in {count} of {n} sets of weights", note)
    if not told:
        return Comparison(what, np.nan, np.nan, np.nan, 0, "share", "undecided", note)
    more, fewer = (
        float(stats.binomtest(count, n, alternative=way).pvalue) for way in ("greater", "less")
    )
    interval = stats.binomtest(count, n).proportion_ci(1 - LEVEL)
    verdict: Verdict = "holds" if more <= LEVEL else "fails" if fewer <= LEVEL else "undecided"
    if fewest < len(looks):  # looks that share a training are no independent ones
        verdict, fewer = "undecided", 1.0
    return Comparison(
        what, count / n, interval.low, interval.high, n, "share", verdict, said, fewer,
        min(fewest, n),
    )  # fmt: skip


def beyond(distance: float, p: float) -> tuple[Verdict, float]:
    """What a distance above 0 says with its two-sided p, and the p of what speaks against."""
    if np.isnan(distance) or np.isnan(p):
        return "undecided", np.nan
    verdict: Verdict = "undecided"
    if p <= LEVEL and distance != 0:
        verdict = "holds" if distance > 0 else "fails"
    return verdict, p if distance < 0 else 1.0


def _of_trainings(note: str, column: Column) -> str:
    """The note, and where one model of two was trained more often than the other that it was."""
    return as_one_note(note, uneven(column.weights, len(column.replicates)))


def uneven(fewest: int, most: int) -> str:
    """What to say where so many trainings of one model meet fewer of another; else nothing."""
    if fewest >= most:
        return ""
    return f"{most} trainings of one model, {fewest} of the other: other trainings may differ"


def _noted(note: str, n: int, *, exact: bool) -> str:
    """The note, and where there are few samples whether an exact test decided."""
    few = f"{EXACT}, {TOO_FEW}" if exact else TOO_FEW
    return as_one_note(note, few if n < FEWEST_SAMPLES else "")


def p_value(limits: Limits, estimate: float) -> float:
    """Two-sided p of 0: one less the level at which the interval reaches it, by bisection."""
    low, high = np.log(1e-12), 0.0
    for _ in range(30):
        middle = (low + high) / 2
        least, most = limits(1 - float(np.exp(middle)))
        inside = not (least > 0 if estimate > 0 else most < 0)
        low, high = (middle, high) if inside else (low, middle)
    return float(np.exp(high))


def _two_sets(one: Column, other: Column, estimate: float, by_replicate: Floats) -> Limits:
    """Limits of the difference of two sets' means."""

    few = min(len(one.defined), len(other.defined)) < FEWEST_SAMPLES

    def limits(level: float) -> tuple[float, float]:
        first, second = (
            mean_intervals(c.values, groups=c.groups, level=level) for c in (one, other)
        )
        sides = (
            first.mean - first.low, second.high - second.mean,
            first.high - first.mean, second.mean - second.low,
        )  # fmt: skip
        # A set of equal values has no interval of its own, and does not move the difference.
        parts = [float(side[0]) if few else float(np.nan_to_num(side[0])) for side in sides]
        moved = by_replicates(by_replicate, level)
        down = np.hypot(np.hypot(parts[0], parts[1]), moved)
        up = np.hypot(np.hypot(parts[2], parts[3]), moved)
        return float(estimate - down), float(estimate + up)

    return limits


def by_replicates(found: Floats, level: float) -> float:
    """How far few independent weights may move their mean: t standard errors; 0 for one."""
    if len(found) < 2:
        return 0.0
    error = found.std(ddof=1) / np.sqrt(len(found))
    return float(stats.t.ppf((1 + level) / 2, len(found) - 1) * error)


def _means(column: Column) -> Floats:
    """Each replicate's mean, shape (R,); NaN where it has no value."""
    defined = np.isfinite(column.replicates)
    sums = np.where(defined, column.replicates, 0.0).sum(axis=1)
    counts = defined.sum(axis=1)
    undefined = np.full(len(sums), np.nan)
    return np.divide(sums, counts, out=undefined, where=counts > 0)  # type: ignore[no-any-return]


def _mean_difference(one: Floats, other: Floats, axis: int = -1) -> Floats:
    return one.mean(axis=axis) - other.mean(axis=axis)  # type: ignore[no-any-return]
