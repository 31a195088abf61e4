"""Limits of means that hold where samples show too little: two values, or most at a bound.

Twenty samples without a failure do not say that there is none; their spread is 0, and every
interval made of the spread has no width.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy

from gxarena.data import Floats

DRAWS = 4000
"""Of weights, for Gaffke's limits."""


def two_valued(high_count: int, n: int, level: float) -> tuple[float, float]:
    """Limits of the share that has the higher of two values: Clopper and Pearson's.

    Clopper and Pearson 1934, Biometrika 26:404. They cover at least what they say; Wilson's cover
    .925 for a share of .95 at n = 20 and .911 for one of .99 at n = 50.
    """
    tail = (1 - level) / 2
    low = scipy.special.betaincinv(high_count, n - high_count + 1, tail) if high_count > 0 else 0.0
    high = (
        scipy.special.betaincinv(high_count + 1, n - high_count, 1 - tail)
        if high_count < n
        else 1.0
    )
    return float(low), float(high)


def all_equal(
    value: float, n: float, bounds: tuple[float, float], level: float
) -> tuple[float, float]:
    """Limits of the mean where n samples have one value: Clopper and Pearson's on the range.

    As Gaffke's: a share of up to 1 - ((1 - level) / 2) ** (1 / n) may lie at either bound unseen.
    """
    unseen = 1 - ((1 - level) / 2) ** (1 / n)
    return value - unseen * (value - bounds[0]), value + unseen * (bounds[1] - value)


def mostly_at_a_bound(
    values: Floats, bounds: tuple[float, float], level: float, seed: int
) -> tuple[float, float]:
    """Limits of the mean of bounded values: Gaffke's.

    Gaffke 2005, Mathematical Methods of Statistics 14:1: the values and one at the bound are given
    random shares of the whole; the limit is a quantile of the means. For 0 and 1 these are Clopper
    and Pearson's limits, and no case is known where they cover less than they say.

    Parameters
    ----------
    values : float array, shape (n,)
    """
    ordered = np.sort(values)  # so that the samples' order does not matter
    shares = _shares(len(values), seed)
    means = shares[:, :-1] @ ordered
    tail = (1 - level) / 2
    low = np.quantile(means + shares[:, -1] * bounds[0], tail)
    high = np.quantile(means + shares[:, -1] * bounds[1], 1 - tail)
    return float(low), float(high)


@functools.lru_cache(maxsize=4)
def _shares(n: int, seed: int) -> Floats:
    """Random shares of n values and a bound, shape (DRAWS, n + 1), uniform on the simplex."""
    drawn = np.random.default_rng(seed).exponential(size=(DRAWS, n + 1))
    shares: Floats = drawn / drawn.sum(axis=1, keepdims=True)
    shares.setflags(write=False)
    return shares
