"""Replicates crossed with samples: a mean, and how far each of the two moves it.

Shape letters: m columns (quantities side by side), R replicates, N samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gxarena.data import Bools, Floats, Ints
from gxarena.errors import InputError

PASSES = 20
"""Of alternating means, where cells are missing; a full table needs one."""


@dataclass(frozen=True, eq=False)
class Crossed:
    """Means of columns, and the variances of those means by what they come from.

    Attributes
    ----------
    mean : float array, shape (m,)
        Over all defined cells; NaN where there is none. Equal values give exactly their value.
    samples, replicates, units : int arrays, shape (m,)
        Samples and replicates with a defined cell; units are groups of samples, or the samples.
    effective_units : float array, shape (m,)
        How many units of one size are as good as these: fewer where some hold most of the cells
        (Kish 1965, Survey Sampling, section 11.7). 0 where there is none.
    contributions : float array, shape (m, G)
        What each unit adds to the mean's error: they have mean 0 over the units that count, and
        their variance / `units` is `by_units`. 0 where a unit has no defined cell.
    counts : bool array, shape (m, G)
        Units with a defined cell.
    by_units, by_replicates, by_both : float arrays, shape (m,)
        Of a full table MS_S / RN, MS_R / RN and MS_RS / RN of the two-way random-effects model;
        NaN where it cannot be estimated. Each of the first two holds the third in it.
    both_df : int array, shape (m,)
        Degrees of freedom of `by_both`.
    """

    mean: Floats
    samples: Ints
    replicates: Ints
    units: Ints
    effective_units: Floats
    contributions: Floats
    counts: Bools
    by_units: Floats
    by_replicates: Floats
    by_both: Floats
    both_df: Ints

    @property
    def skewness(self) -> Floats:
        """Of the contributions, shape (m,), with the small-sample factor; 0 where undefined."""
        n = self.units.astype(np.float64)
        squares = self.contributions**2
        second = squares.sum(axis=1)
        third = (squares * self.contributions).sum(axis=1)  # a third power would take ten times
        with np.errstate(all="ignore"):
            plain = (third / n) / (second / n) ** 1.5
            found = plain * np.sqrt(n * (n - 1)) / (n - 2)
        return np.where(np.isfinite(found) & (n > 2), found, 0.0)


def columns(values: Floats) -> Floats:
    """Values of one or many columns as a table of shape (m, R, N).

    Parameters
    ----------
    values : float array, shape (N,), (R, N) or (m, R, N)

    Raises
    ------
    InputError
        Another number of axes.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim not in (1, 2, 3):
        raise InputError(
            "statistics: expected values of shape (N,), (R, N) or (m, R, N), "
            f"got {values.ndim} axes."
        )
    return np.ascontiguousarray(values.reshape((1,) * (3 - values.ndim) + values.shape))


def crossed(values: Floats, groups: np.ndarray | None = None) -> Crossed:
    """Take columns apart into what replicates, samples and both together do to their means.

    The variances are those of sums over each replicate, each unit and each cell (the cluster-robust
    form of Cameron, Gelbach and Miller 2011, J. Business & Economic Statistics 29:238), which for a
    full table are the mean squares of the analysis of variance, and for one with holes weigh every
    cell as the mean does. Units and replicates of unequal sizes: the jackknife's (each part's error
    by what is left without it), since large ones draw the mean towards themselves.

    Parameters
    ----------
    values : float array, shape (m, R, N)
        NaN where undefined.
    groups : array, shape (N,), optional
        Samples with the same entry are no independent evidence (one chromosome, overlaps).
    """
    m, _, n = values.shape
    defined = np.isfinite(values)
    cells = defined.reshape(m, -1).sum(axis=1)
    mean = _mean(values.reshape(m, -1), defined.reshape(m, -1))
    errors = np.where(defined, values - mean[:, None, None], 0.0)
    sizes = defined.astype(np.int64)
    if groups is not None:
        errors, sizes = _grouped(errors, defined, np.asarray(groups))
    seen = sizes > 0
    per_unit, per_replicate = errors.sum(axis=1), errors.sum(axis=2)
    counts: Bools = np.asarray(seen.any(axis=1))
    units = counts.sum(axis=1)
    replicates = seen.any(axis=2).sum(axis=1)
    rest = _without_both(errors, seen)
    filled = seen.reshape(m, -1).sum(axis=1)
    both_df = filled - units - replicates + 1
    with np.errstate(all="ignore"):
        contributions = per_unit * (units / cells)[:, None]
        by_units = _variance(per_unit, sizes.sum(axis=1), cells, units)
        by_replicates = _variance(per_replicate, sizes.sum(axis=2), cells, replicates)
        by_both = (rest.reshape(m, -1) ** 2).sum(axis=1) / cells**2 * filled / both_df
    by_both[both_df < 1] = np.nan
    return Crossed(
        mean, defined.any(axis=1).reshape(m, n).sum(axis=1), replicates, units,
        _effective(sizes.sum(axis=1), cells), np.nan_to_num(contributions), counts, by_units,
        by_replicates, by_both, both_df,
    )  # fmt: skip


def rounding(values: Floats) -> Floats:
    """Bound on the rounding error of each column's means, shape (m,), of values (m, R, N)."""
    flat = values.reshape(len(values), -1)
    largest = np.abs(np.where(np.isfinite(flat), flat, 0)).max(axis=1, initial=0)
    bound: Floats = 4 * max(flat.shape[1], 1) * np.finfo(np.float64).eps * largest
    return bound


def _mean(flat: Floats, defined: Bools) -> Floats:
    """Means of rows, around a value of each: equal values give exactly that value."""
    anchor = np.where(defined, flat, np.inf).min(axis=1, initial=np.inf)
    anchor[~np.isfinite(anchor)] = 0.0
    sums = np.where(defined, flat - anchor[:, None], 0.0).sum(axis=1)
    counts = defined.sum(axis=1)
    undefined = np.full(len(flat), np.nan)
    return anchor + np.divide(sums, counts, out=undefined, where=counts > 0)  # type: ignore[no-any-return]


def _variance(sums: Floats, sizes: Ints, cells: Ints, count: Ints) -> Floats:
    """Variance of a mean of `cells` cells, leaving out each of its independent parts in turn.

    Of their sums of errors and their numbers of cells, shape (m, parts).
    """
    moved = sums / (cells[:, None] - sizes)
    found = np.where(sizes > 0, moved**2, 0.0).sum(axis=1) * (count - 1) / count
    return np.where(count > 1, found, np.nan)


def _effective(sizes: Ints, cells: Ints) -> Floats:
    squares = (sizes**2).sum(axis=1)
    return np.divide(cells**2, squares, out=np.zeros(len(cells)), where=squares > 0)  # type: ignore[no-any-return]


def _grouped(errors: Floats, defined: Bools, groups: np.ndarray) -> tuple[Floats, Ints]:
    """Errors summed over each group's samples, shape (m, R, G), and how many those are."""
    if groups.shape != (errors.shape[2],):
        raise InputError(
            f"statistics: expected a group for each of {errors.shape[2]} samples, got "
            f"{groups.shape}."
        )
    names, place = np.unique(groups, return_inverse=True)
    sums = np.zeros((*errors.shape[:2], len(names)))
    sizes = np.zeros(sums.shape, dtype=np.int64)
    for group in range(len(names)):
        sums[:, :, group] = errors[:, :, place == group].sum(axis=2)
        sizes[:, :, group] = defined[:, :, place == group].sum(axis=2)
    return sums, sizes


def _without_both(errors: Floats, seen: Bools) -> Floats:
    """What is left of errors without the replicates' and the units' own effects.

    Means of one and the other in turn until they settle: least squares for tables with holes.
    """
    rest = _centred(errors, seen)
    holes = ~seen.all(axis=(1, 2))
    if holes.any():  # a column's bits must not depend on whether its neighbours have holes
        left, filled = rest[holes], seen[holes]
        for _ in range(PASSES):
            left = _centred(left, filled)
        rest[holes] = left
    return rest


def _centred(errors: Floats, seen: Bools) -> Floats:
    for axis in (1, 2):
        counts = np.maximum(seen.sum(axis=axis, keepdims=True), 1)
        errors = np.where(seen, errors - errors.sum(axis=axis, keepdims=True) / counts, 0.0)
    return errors
