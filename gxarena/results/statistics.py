"""Uncertainty over samples: bootstrap intervals of means, and of the ranks they give."""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gxarena.data import Floats

MaskedInts = np.ma.MaskedArray[tuple[int, ...], np.dtype[np.int64]]


def bootstrap_mean(
    values: Floats, seed: int, resamples: int = 2000, level: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Means of columns with percentile bootstrap intervals over rows.

    Parameters
    ----------
    values : float array, shape (n, m)
        One row a sample; NaN where undefined, left out of its column.
    seed : int
    resamples : int
    level : float
        Coverage of the intervals.

    Returns
    -------
    mean, low, high : float arrays, shape (m,)
        NaN where a column has no defined value; low and high also where it has just one.
    """
    defined = np.isfinite(values)
    counts = defined.sum(axis=0)
    means = _means(np.ones((1, len(values))), values, defined)[0]
    resampled = _means(_weights(len(values), seed, resamples), values, defined)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.full((2, values.shape[1]), np.nan)
    wanted = counts > 1
    if wanted.any():
        low[wanted], high[wanted] = np.nanquantile(resampled[:, wanted], tails, axis=0)
    return means, low, high


def bootstrap_between(
    values: Floats, floor: Floats, ceiling: Floats, seed: int, resamples: int = 2000
) -> tuple[Floats, Floats, Floats]:
    """Where columns' means lie between a floor's and a ceiling's: 0 at the one, 1 at the other.

    Floor and ceiling are resampled with the columns, so that their own uncertainty counts, and
    averaged over the samples that the column has too.

    Parameters
    ----------
    values : float array, shape (n, m)
        As for `bootstrap_mean`.
    floor, ceiling : float arrays, shape (n,)
    seed : int
    resamples : int

    Returns
    -------
    share, low, high : float arrays, shape (m,)
        95% percentile intervals. NaN where fewer than two samples have all three, and where floor
        and ceiling are not told apart on them: the interval of their difference has 0 in it.
    """
    both = np.isfinite(floor) & np.isfinite(ceiling)
    weights = _weights(len(values), seed, resamples)
    everyone = np.ones((1, len(values)))
    tails = [0.025, 0.975]

    def share(weights: Floats, column: Floats, compared: NDArray[np.bool_]) -> Floats:
        value, low, high = (_mean(weights, one, compared) for one in (column, floor, ceiling))
        with np.errstate(all="ignore"):
            return (value - low) / (high - low)

    found = np.full((3, values.shape[1]), np.nan)
    for column, numbers in zip(values.T, found.T, strict=True):
        # Only samples that all three have: the others' difficulty would stand for the method's.
        compared = both & np.isfinite(column)
        rooms = _mean(weights, ceiling, compared) - _mean(weights, floor, compared)
        if compared.sum() < 2:
            continue
        least, most = np.nanquantile(rooms, tails)
        if least > 0 or most < 0:
            numbers[0] = share(everyone, column, compared)[0]
            numbers[1:] = np.nanquantile(share(weights, column, compared), tails)
    return found[0], found[1], found[2]


def rank_intervals(
    values: Floats,
    better: Literal["higher", "lower"],
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> tuple[MaskedInts, MaskedInts, MaskedInts]:
    """Competition ranks of the columns' means, with intervals from paired resamples.

    Rank 1 is best, ties share the smallest rank; means that differ by no more than summation can
    round are tied. Columns share the resampled rows, so that what makes a sample hard for all does
    not blur their order. A resample that draws no defined value of a column ranks it last.

    Parameters
    ----------
    values : float array, shape (n, m)
        As for `bootstrap_mean`.
    better : "higher" or "lower"

    Returns
    -------
    rank, low, high : masked int arrays, shape (m,)
        Masked where a column has no defined value; such a column counts in nobody's rank.
    """
    defined = np.isfinite(values)
    sign = {"higher": -1.0, "lower": 1.0}[better]
    slack = _rounding(values, defined)
    ranks = _ranks(sign * _means(np.ones((1, len(values))), values, defined), slack)[0]
    weights = _weights(len(values), seed, resamples)
    resampled = _ranks(sign * _means(weights, values, defined), slack)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(resampled, tails, axis=0, method="inverted_cdf").astype(np.int64)
    unranked = ~defined.any(axis=0)
    return (
        np.ma.MaskedArray(ranks, unranked),
        np.ma.MaskedArray(low, unranked),
        np.ma.MaskedArray(high, unranked),
    )


@functools.lru_cache(maxsize=1)
def _weights(n: int, seed: int, resamples: int) -> Floats:
    """How often each row is drawn in each resample, shape (resamples, n)."""
    if n == 0:
        return np.zeros((resamples, 0))
    rng = np.random.default_rng(seed)
    weights: Floats = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
    weights.setflags(write=False)
    return weights


def _means(weights: Floats, values: Floats, defined: NDArray[np.bool_]) -> Floats:
    """Weighted means of the defined values, shape (resamples, m); NaN where there is none.

    Column by column: the last bits of one must not depend on which others stand beside it.
    """
    columns = zip(values.T, defined.T, strict=True)
    return np.stack(
        [_mean(weights, column.copy(), mask.copy()) for column, mask in columns], axis=1
    )


def _mean(weights: Floats, column: Floats, defined: NDArray[np.bool_]) -> Floats:
    # Around the column's own mean: equal values give exactly that mean, whatever is drawn.
    centre = column[defined].mean() if defined.any() else 0.0
    totals = weights @ np.where(defined, column - centre, 0)
    drawn = weights @ defined.astype(np.float64)
    undefined = np.full(len(totals), np.nan)
    means: Floats = centre + np.divide(totals, drawn, out=undefined, where=drawn > 0)
    return means


def _rounding(values: Floats, defined: NDArray[np.bool_]) -> Floats:
    """Bound on the rounding error of each column's means, shape (m,)."""
    largest = np.abs(np.where(defined, values, 0)).max(axis=0, initial=0)
    bound: Floats = 4 * len(values) * np.finfo(np.float64).eps * largest
    return bound


def _ranks(keys: Floats, slack: Floats) -> NDArray[np.int64]:
    """Competition ranks along columns, smallest key first; NaN behind all, shape as `keys`.

    Keys closer than their columns' slack, shape (m,), are tied.
    """
    keys = np.where(np.isnan(keys), np.inf, keys)
    ahead = (keys + slack)[:, None, :] < (keys - slack)[:, :, None]
    ranks: NDArray[np.int64] = 1 + ahead.sum(axis=2)
    return ranks
