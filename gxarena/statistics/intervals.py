"""Intervals of means that cover: over samples, and over replicates where a model has them.

One set of weights: the limits of `skewed` or, where they would be too sure, of `bounded`. Several:
the replicates are crossed with the samples, and the two parts' distances from the mean add up as
squares (Zou and Donner 2008, Statistics in Medicine 27:1693), the replicates' with t for as few as
there are. Measured coverage: benchmarks/statistics/coverage.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gxarena.data import Bools, Floats
from gxarena.statistics.bounded import (
    DRAWS,
    all_equal,
    mostly_at_a_bound,
    two_valued,
)
from gxarena.statistics.crossed import Crossed, columns, crossed, rounding
from gxarena.statistics.signflip import FEWEST_MOVED, moved, sign_flip
from gxarena.statistics.skewed import quantile, sides

Bounds = tuple[float | None, float | None]

FEWEST_SAMPLES = 20
FEWEST_GROUPS = 5
FEWEST_EFFECTIVE = 2
"""Groups of one size that unequal ones are worth: fewer leave Student's t no degree of freedom."""
TOO_FEW = f"none: too few samples (n < {FEWEST_SAMPLES})"
TOO_FEW_GROUPS = f"none: too few groups of samples (< {FEWEST_GROUPS})"
ONE_GROUP_HOLDS_MOST = "none: one group holds most of the samples"
ONE_NUMBER = "none: one number for the whole set"
OPEN_SCALE = "none: all values equal on an open scale"
SKEWED, EXACT, BOUNDED = "skew-corrected t", "exact binomial", "Gaffke's bounded mean"
EQUAL = "exact rule for equal values"
SMALLEST_P = 1e-12


@dataclass(frozen=True, eq=False)
class Intervals:
    """Means of columns with their intervals.

    Attributes
    ----------
    mean : float array, shape (m,)
        NaN where a column has no defined value.
    low, high : float arrays, shape (m,)
        NaN where there is no interval; `method` says why.
    method : tuple of str, length m
        How it was found, over what, and its level.
    """

    mean: Floats
    low: Floats
    high: Floats
    method: tuple[str, ...]


def mean_intervals(
    values: Floats,
    *,
    bounds: Bounds = (None, None),
    groups: np.ndarray | None = None,
    whole: bool = False,
    level: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Means of columns, with intervals over samples and replicates.

    The mean is over all defined cells. A column's result does not depend on its neighbours, nor on
    the order of its samples or replicates.

    Parameters
    ----------
    values : float array, shape (N,), (R, N) or (m, R, N)
        R replicates crossed with N samples; NaN where undefined.
    bounds : (low, high)
        That every value lies in; None where there is none.
    groups : array, shape (N,), optional
        Samples with the same entry are no independent evidence, e.g. a chromosome's. Never
        narrower than without.
    whole : bool
        One number for the whole set a replicate, N = 1: an interval over the replicates alone.
    level : float
    seed : int
        Of Gaffke's limits.

    Returns
    -------
    Intervals
    """
    table = columns(values)
    study = _Study(table, bounds, groups, whole, seed)
    down, up = study.sides(np.full(len(table), level))
    low, high = study.parts.mean - down, study.parts.mean + up
    least = -np.inf if bounds[0] is None else bounds[0]
    most = np.inf if bounds[1] is None else bounds[1]
    method = tuple(
        kind if kind.startswith("none") else f"{kind}, {level:.0%}" for kind in study.methods()
    )
    return Intervals(study.parts.mean, np.maximum(low, least), np.minimum(high, most), method)


def mean_p_values(
    values: Floats,
    null: float = 0.0,
    *,
    bounds: Bounds = (None, None),
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> Floats:
    """Two-sided p of each column's mean: one less the level at which its interval reaches `null`.

    Where fewer than 20 samples, or groups of them, lie off the null, an exact test (`signflip`)
    must agree: neither three samples decide, nor one among hundreds of ties. Else a test at 5% and
    the interval of 95% say the same.

    Parameters
    ----------
    values, bounds, groups, seed
        As for `mean_intervals`.
    null : float

    Returns
    -------
    float array, shape (m,)
        NaN where a column has no defined value.
    """
    table = columns(values)
    study = _Study(table, bounds, groups, whole=False, seed=seed)
    away = study.parts.mean - null
    away[np.abs(away) <= rounding(table)] = 0.0
    low, high = np.full((2, len(table)), 0.0)
    low += np.log(SMALLEST_P)
    for _ in range(50):
        middle = (low + high) / 2
        down, up = study.sides(1 - np.exp(middle), always=True)
        # A part without interval (one sample) excludes nothing.
        within = ~(np.where(away > 0, down, up) < np.abs(away))
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    p = np.where(away == 0, 1.0, np.exp(high))
    p = np.where(study.bounded, np.maximum(p, 2 / DRAWS), p)
    shifted = crossed(table - null, groups)
    few = moved(shifted, rounding(table)) < FEWEST_MOVED
    if few.any():
        p[few] = np.maximum(p[few], sign_flip(crossed(table[few] - null, groups)))
    p[np.isnan(study.parts.mean)] = np.nan
    return p


class _Study:
    """Columns taken apart once, and their limits' distances from the mean at any level."""

    def __init__(
        self, table: Floats, bounds: Bounds, groups: np.ndarray | None, whole: bool, seed: int
    ) -> None:
        self.bounds, self.whole, self.seed = bounds, whole, seed
        low, high = bounds
        self.closed = None if low is None or high is None else (low, high)
        self.parts = crossed(table)
        self.groups = None if groups is None else np.asarray(groups)
        self.grouped = None if groups is None else crossed(table, groups)
        self.samples, self.slack = _sample_means(table), rounding(table)
        self.equal, self.two, self.bounded = self._special()
        spread = np.nan_to_num(self.parts.by_replicates, nan=np.inf)
        self.unmoved = np.asarray((self.closed is None) & (spread <= self.slack**2))
        still = (spread <= self.slack**2) & (self.parts.replicates > 1)
        self.same = np.asarray((self.closed is not None) & still)

    def _special(self) -> tuple[Bools, Bools, Bools]:
        """Columns whose samples are all equal; have two values; lie mostly at a bound."""
        slack, means = self.slack[:, None], self.samples
        seen = np.isfinite(means)
        least = np.where(seen, means, np.inf).min(axis=1, initial=np.inf)[:, None]
        most = np.where(seen, means, -np.inf).max(axis=1, initial=-np.inf)[:, None]
        at_ends = (means <= least + slack) | (means >= most - slack) | ~seen
        equal = (most - least <= 2 * slack)[:, 0]
        two = at_ends.all(axis=1) & ~equal
        if self.closed is None:
            # Two values by luck: on an open scale a third may lie anywhere.
            return equal, np.zeros_like(two), np.zeros_like(two)
        low, high = self.closed
        at_bounds = (means <= low + slack) | (means >= high - slack)
        mostly = (2 * at_bounds.sum(axis=1) >= seen.sum(axis=1)) & ~equal
        # Two values that are the bounds themselves: what Gaffke's limits are then, without draws.
        both_bounds = two & (at_bounds | ~seen).all(axis=1)
        return equal, two & (both_bounds | ~mostly), mostly & ~both_bounds

    def methods(self) -> list[str]:
        """A sentence fragment for each column, without the level; "none: ..." without interval."""
        return [self._method(column) for column in range(len(self.samples))]

    def _method(self, column: int) -> str:
        replicates = int(self.parts.replicates[column])
        if self.whole:
            if replicates < 2:
                return ONE_NUMBER
            if self.unmoved[column]:
                return OPEN_SCALE
            kind = EQUAL if self.same[column] else "t"
            return f"{kind} over {replicates} replicates of one number for the whole set"
        reason = self._missing(column)
        if reason:
            return reason
        over = "samples"
        if self.grouped is not None:
            over = f"samples in {self.grouped.units[column]} groups"
        kind = SKEWED
        if self.equal[column]:
            kind = EQUAL
        elif self.two[column]:
            kind = EXACT
        elif self.bounded[column]:
            kind = BOUNDED
        if replicates < 2:
            return f"{kind} over {over} of one set of weights"
        return f"{kind} over {over} crossed with t over {replicates} replicates"

    def _missing(self, column: int) -> str:
        """Why a column has no interval; empty where it has."""
        if self.parts.samples[column] < FEWEST_SAMPLES:
            return TOO_FEW
        if self.grouped is not None:
            if self.grouped.units[column] < FEWEST_GROUPS:
                return TOO_FEW_GROUPS
            if self.grouped.effective_units[column] < FEWEST_EFFECTIVE:
                return ONE_GROUP_HOLDS_MOST
        # A rare exception may be as far off as the scale is long, which nobody knows.
        return OPEN_SCALE if self.equal[column] and self.closed is None else ""

    def sides(self, level: Floats, always: bool = False) -> tuple[Floats, Floats]:
        """How far below and above the mean the limits lie, shape (m,) each.

        Parameters
        ----------
        level : float array, shape (m,)
        always : bool
            Also where the columns are too short for an interval.
        """
        replicates = self._replicate_variances()
        t = quantile(level, self.parts.replicates.astype(np.float64) - 1)
        if self.whole:
            return self._whole(level, t)
        down, up = self._sample_sides(level)
        part = np.nan_to_num(t * np.sqrt(replicates))
        alone = np.nan_to_num(t * np.sqrt(self.parts.by_replicates))
        down, up = (np.maximum(np.hypot(side, part), alone) for side in (down, up))
        if not always:
            missing = np.array([bool(self._missing(i)) for i in range(len(down))], dtype=bool)
            down[missing] = up[missing] = np.nan
        return down, up

    def _replicate_variances(self) -> Floats:
        """The mean's variance by replicates that samples do not have in theirs already."""
        parts = self.parts if self.grouped is None else self.grouped
        return np.maximum(parts.by_replicates - np.nan_to_num(parts.by_both), 0.0)

    def _sample_sides(self, level: Floats) -> tuple[Floats, Floats]:
        down, up = _skewed_sides(self.parts, level)
        for column in np.flatnonzero(self.equal | self.two | self.bounded):
            down[column], up[column] = self._special_sides(int(column), float(level[column]))
        if self.grouped is not None:
            wider = _skewed_sides(self.grouped, level)
            down, up = np.maximum(down, wider[0]), np.maximum(up, wider[1])
        return down, up

    def _special_sides(self, column: int, level: float) -> tuple[float, float]:
        means = self.samples[column]
        means = means[np.isfinite(means)]
        centre, n = float(means.mean()) if len(means) else np.nan, len(means)
        if not n or self.closed is None:  # on an open scale equal values alone are special
            return 0.0, 0.0
        if self.equal[column]:
            # Groups without a spread do not tell how alike their samples are: they may be wholly.
            units = n if self.grouped is None else self.grouped.effective_units[column]
            centre = float(self.parts.mean[column])
            low, high = all_equal(centre, units, self.closed, level)
        elif self.two[column]:
            least, most = float(means.min()), float(means.max())
            count = int((means > (least + most) / 2).sum())
            share = two_valued(count, n, level)  # in groups, never narrower than t over these
            low, high = (least + (most - least) * limit for limit in share)
        else:
            low, high = mostly_at_a_bound(means, self.closed, level, self.seed)
            down, up = self._of_group_means(column, level)
            return max(centre - low, down, 0.0), max(high - centre, up, 0.0)
        return max(centre - low, 0.0), max(high - centre, 0.0)

    def _of_group_means(self, column: int, level: float) -> tuple[float, float]:
        """Gaffke's limits of the groups' means, as distances from their mean."""
        if self.groups is None or self.closed is None:
            return 0.0, 0.0
        seen = np.isfinite(self.samples[column])
        place = np.unique(self.groups[seen], return_inverse=True)[1]
        means = np.bincount(place, self.samples[column][seen]) / np.bincount(place)
        centre = float(means.mean())
        low, high = mostly_at_a_bound(means, self.closed, level, self.seed)
        return centre - low, high - centre

    def _whole(self, level: Floats, t: Floats) -> tuple[Floats, Floats]:
        """Of one number a replicate: t over them; none has no width where they lie at a bound."""
        down = t * np.sqrt(self.parts.by_replicates)
        down[self.unmoved] = np.nan
        up = down.copy()
        if self.closed is not None:
            for column in np.flatnonzero(self.same):
                mean, count = self.parts.mean[column], int(self.parts.replicates[column])
                low, high = all_equal(mean, count, self.closed, level[column])
                down[column], up[column] = mean - low, high - mean
        return down, up


def _sample_means(table: Floats) -> Floats:
    """Each sample's mean over the replicates that define it, shape (m, N)."""
    seen = np.isfinite(table)
    counts = seen.sum(axis=1)
    sums = np.where(seen, table, 0.0).sum(axis=1)
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)  # type: ignore[no-any-return]


def _skewed_sides(parts: Crossed, level: Floats) -> tuple[Floats, Floats]:
    units = parts.effective_units
    error = np.sqrt(parts.by_units)
    with np.errstate(all="ignore"):
        down, up = sides(quantile(level, units - 1), parts.skewness / np.sqrt(units))
    return down * error, up * error
