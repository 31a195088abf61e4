"""The exact test of few differences: how many ways to sign them give as large a mean.

Three samples have eight ways, so that their p is never below .25: nothing is decided at n = 3, by
whatever luck. Fisher 1935, The Design of Experiments, section 21.
"""

from __future__ import annotations

import functools

import numpy as np

from gxarena.data import Floats, Ints
from gxarena.statistics.crossed import Crossed

FEWEST_MOVED = 20
"""Units that differ from the null below which this test must agree with any other."""
ENUMERATED = 13
"""Units up to which every way is tried; beyond, as many as these and the one observed."""
DRAWS = 20_000


def sign_flip(parts: Crossed) -> Floats:
    """Two-sided p that columns' means are 0, shape (m,), from their units' signs alone.

    Exact where the units' parts are independent and as likely above 0 as below by the same amount.

    Parameters
    ----------
    parts : Crossed
        Of differences, or of values less a null. Any number of units, though beyond 20 a t test
        does as well.
    """
    p = np.ones(len(parts.mean))
    for column in np.flatnonzero(parts.units > 0):
        p[column] = _p(parts, int(column))
    return p


def moved(parts: Crossed, slack: Floats) -> Ints:
    """How many units of each column lie off 0 by more than rounding, shape (m,).

    Ties tell nothing: of two hundred differences of which one is not 0, one counts.
    """
    off = np.abs(parts.mean[:, None] + parts.contributions) > slack[:, None]
    counted: Ints = (off & parts.counts).sum(axis=1)
    return counted


def _p(parts: Crossed, column: int) -> float:
    """One column's; its bits do not depend on its neighbours."""
    units = parts.mean[column] + parts.contributions[column][parts.counts[column]]
    units = np.sort(units)
    ways = _ways(len(units))
    observed = abs(units.sum())
    slack = 4 * len(units) * np.finfo(np.float64).eps * np.abs(units).max(initial=0)
    as_large = int((np.abs(ways @ units) >= observed - 2 * slack).sum())
    if len(units) <= ENUMERATED:
        return as_large / len(ways)
    return (1 + as_large) / (1 + len(ways))


@functools.lru_cache(maxsize=32)
def _ways(n: int) -> Floats:
    """Signs of n units, shape (ways, n): all that differ in more than every sign, or many drawn."""
    if n <= ENUMERATED:
        numbers = np.arange(2 ** (n - 1))[:, None]
        ways: Floats = np.where(numbers >> np.arange(n) & 1, -1.0, 1.0)
    else:
        ways = np.random.default_rng(n).choice([-1.0, 1.0], size=(DRAWS, n))
    ways.setflags(write=False)
    return ways
