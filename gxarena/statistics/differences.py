"""Pairs of methods on the samples that both have: their mean differences, and p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gxarena.data import Bools, Floats, Ints
from gxarena.errors import InputError
from gxarena.statistics.crossed import Crossed, crossed, rounding
from gxarena.statistics.multiplicity import holm
from gxarena.statistics.signflip import FEWEST_MOVED, moved, sign_flip
from gxarena.statistics.skewed import p_value

CHUNK = 1_000_000
"""Cells of differences at a time."""


@dataclass(frozen=True, eq=False)
class Differences:
    """Differences of m methods, each pair on the samples and replicates that both have.

    Attributes
    ----------
    mean : float array, shape (m, m)
        Of method i less method j; exactly 0 where they differ by no more than rounding, NaN where
        they share nothing.
    shared : int array, shape (m, m)
        Samples that both have.
    p : float array, shape (m, m)
        Two-sided, Holm-adjusted over all pairs that share samples; NaN where none.
    """

    mean: Floats
    shared: Ints
    p: Floats


def pairwise_differences(
    values: Floats, *, groups: np.ndarray | None = None, whole: bool = False
) -> Differences:
    """Compare every two methods.

    The statistic is the mean difference over the root of its two-way random-effects variance
    (MS_R + MS_S - MS_RS) / RN, never less than either part's own, with Satterthwaite's degrees of
    freedom (1946, Biometrics Bulletin 2:110) and Hall's correction for the samples' skewness. The
    t test over replicates alone must agree, and the exact sign-flip test where fewer than 20
    samples, or groups of them, differ at all. Nothing is told apart where two methods share one
    replicate of several, nor where the numbers of whole sets do not vary.

    Parameters
    ----------
    values : float array, shape (R, N, m)
        NaN where undefined.
    groups : array, shape (N,), optional
        Samples with the same entry are no independent evidence.
    whole : bool
        One number for the whole set a replicate, N = 1: compared over the replicates alone.
    """
    if values.ndim != 3:
        raise InputError(
            f"pairwise differences: expected values of shape (R, N, m), got {values.ndim} axes."
        )
    m = values.shape[2]
    one, other = np.triu_indices(m, 1)
    by_method = np.ascontiguousarray(np.moveaxis(values, 2, 0), dtype=np.float64)
    mean, p, shared = np.full((3, len(one)), np.nan)
    several = bool((np.isfinite(by_method).any(axis=2).sum(axis=1) > 1).any())
    step = max(CHUNK // max(values.shape[0] * values.shape[1], 1), 1)
    for start in range(0, len(one), step):
        pairs = slice(start, start + step)
        left, right = by_method[one[pairs]], by_method[other[pairs]]
        slack = rounding(left) + rounding(right)
        mean[pairs], p[pairs], shared[pairs], replicates = _compared(
            left - right, slack, groups, whole
        )
        # One set of weights says nothing of others, which the rest of the board is over.
        p[pairs] = np.where(several & (replicates == 1), 1.0, p[pairs])
    return Differences(
        _square(mean, one, other, m, -1.0),
        _square(shared, one, other, m, 1.0, np.isfinite(by_method).any(axis=1).sum(axis=1)).astype(
            np.int64
        ),
        _square(holm(p), one, other, m, 1.0, 1.0),
    )


def _compared(
    differences: Floats, slack: Floats, groups: np.ndarray | None, whole: bool
) -> tuple[Floats, Floats, Ints, Ints]:
    """Mean, unadjusted p, shared samples and replicates of differences, shape (pairs, R, N)."""
    parts = crossed(differences, groups)
    mean = np.where(np.abs(parts.mean) <= slack, 0.0, parts.mean)
    p = p_value(*_statistic(parts, mean, slack, whole))
    several = parts.replicates > 1
    p[several] = np.maximum(p[several], _over_replicates(parts, mean, slack)[several])
    few = (moved(parts, slack) < FEWEST_MOVED) & (mean != 0)
    if few.any() and not whole:
        p[few] = np.maximum(p[few], sign_flip(crossed(differences[few], groups)))
    return mean, np.where(np.isnan(mean), np.nan, p), parts.samples, parts.replicates


def _statistic(
    parts: Crossed, mean: Floats, slack: Floats, whole: bool
) -> tuple[Floats, Floats, Floats]:
    """t, how far its distribution leans, and its degrees of freedom; df 0 where there is none."""
    by_replicates = np.nan_to_num(parts.by_replicates)
    by_units = np.zeros_like(by_replicates) if whole else np.nan_to_num(parts.by_units)
    by_both = np.zeros_like(by_replicates) if whole else np.nan_to_num(parts.by_both)
    variance = np.maximum(by_replicates + by_units - by_both, np.maximum(by_replicates, by_units))
    freedom = np.zeros_like(variance)
    for part, df in (
        (by_replicates, parts.replicates - 1),
        (by_units, parts.effective_units - 1),
        (by_both, parts.both_df),
    ):
        freedom += part**2 / np.maximum(df, 1)
    # Differences that do not vary: as far as rounding lets us see.
    none = variance <= slack**2
    most = np.maximum(parts.replicates, parts.effective_units) - 1.0
    with np.errstate(all="ignore"):
        df = np.where(none, most, variance**2 / freedom)
        # Two replicates' numbers of a coarse scale may be equal by luck: they tell nothing.
        undecided = (mean == 0) | (none & whole)
        t = np.where(undecided, 0.0, mean / np.sqrt(np.where(none, 0.0, variance)))
        lean = parts.skewness / np.sqrt(parts.effective_units) * (by_units / variance) ** 1.5
    return t, np.where(none | ~np.isfinite(lean), 0.0, lean), np.where(np.isnan(mean), 0.0, df)


def _over_replicates(parts: Crossed, mean: Floats, slack: Floats) -> Floats:
    """P over the replicates alone: in Holm's far tails Satterthwaite's degrees are too many.

    Where five replicates happen to agree, he takes their part for small and its degrees for those
    of the samples. Thirty tied methods whose replicates differ (sd .4 where samples' is 1, n = 200)
    were all covered in .59 of 120 draws, and in .96 of 100 with this.
    """
    error = np.sqrt(np.nan_to_num(parts.by_replicates))
    with np.errstate(all="ignore"):
        t = np.where(mean == 0, 0.0, mean / np.where(error <= slack, 0.0, error))
    p: Floats = p_value(t, np.zeros_like(t), parts.replicates.astype(np.float64) - 1)
    return p


def _square(
    numbers: Floats, one: Ints, other: Ints, m: int, mirrored: float, diagonal: Floats | float = 0.0
) -> Floats:
    """Pairs' numbers as an (m, m) table."""
    table = np.zeros((m, m))
    table[one, other] = numbers
    table[other, one] = mirrored * numbers
    np.fill_diagonal(table, diagonal)
    return table


def told_apart(differences: Differences, level: float = 0.95) -> Bools:
    """Pairs whose adjusted p is at most 1 - level, shape (m, m)."""
    return np.nan_to_num(differences.p, nan=1.0) <= 1 - level + 1e-12
