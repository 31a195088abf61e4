"""Across blocks (data sets, models, metrics): mean ranks, whether they differ, how they move.

Demšar 2006, Journal of Machine Learning Research 7:1. Blocks are taken as independent: metrics of
one family on one data set are not, so choose one of each, and read p as the least it can be.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from gxarena.data import Bools, Floats, Ints
from gxarena.errors import InputError

FEWEST_BLOCKS = 10
"""Below, Friedman's chi-square and Nemenyi's difference are not what they say (Demšar, 3.2.2)."""
FEWEST_METHODS = 3
"""That Friedman's test takes."""


@dataclass(frozen=True, eq=False)
class BlockComparison:
    """Of m methods over those blocks that rank all of the compared methods.

    Attributes
    ----------
    mean_rank : float array, shape (m,)
        Ties share the middle of their ranks; NaN for a method that is not compared.
    compared : bool array, shape (m,)
        Methods that every block has.
    n_blocks : int
    p : float
        Friedman's; NaN with fewer than `FEWEST_BLOCKS` blocks or `FEWEST_METHODS` methods.
    critical_difference : float
        Nemenyi's: mean ranks that differ by as much are told apart; NaN where p is, and infinite
        where p is more than 1 - level: then no pair is (Demšar, 3.2.2).
    """

    mean_rank: Floats
    compared: Bools
    n_blocks: int
    p: float
    critical_difference: float


def compare_over_blocks(ranks: Floats, level: float = 0.95) -> BlockComparison:
    """Mean ranks over blocks, Friedman's test and Nemenyi's critical difference.

    Parameters
    ----------
    ranks : float array, shape (K, m)
        Of m methods in each of K blocks, or anything that sorts as they do, smallest best; NaN
        where a block lacks a method, which is then not compared.
    level : float
    """
    table, compared = _complete(ranks)
    k, m = table.shape
    mean_rank = np.full(len(compared), np.nan)
    mean_rank[compared] = table.mean(axis=0) if k else np.nan
    p = difference = np.nan
    if k >= FEWEST_BLOCKS and m >= FEWEST_METHODS:
        differ = bool((table != table[:, :1]).any())
        p = float(scipy.stats.friedmanchisquare(*table.T).pvalue) if differ else 1.0
        difference = critical_difference(m, k, level) if p <= 1 - level else np.inf
    return BlockComparison(mean_rank, compared, k, p, difference)


def critical_difference(methods: int, blocks: int, level: float = 0.95) -> float:
    """Nemenyi's: the difference of mean ranks that one pair of equal methods exceeds by chance.

    At 1 - level for any pair at all.
    """
    studentized = scipy.stats.studentized_range.ppf(level, methods, np.inf)
    return float(studentized / np.sqrt(2) * np.sqrt(methods * (methods + 1) / (6 * blocks)))


def apart_over_blocks(means: Floats, difference: float, low: Floats, high: Floats) -> Bools:
    """Of which methods mean ranks are told apart, shape (m, m).

    They differ by the critical difference, and their intervals from `low` to `high` do not meet;
    nobody is where that difference is NaN or infinite.
    """
    far = np.abs(np.subtract.outer(means, means)) >= difference
    meet = (low[:, None] <= high) & (low <= high[:, None])
    return np.asarray(far & ~meet)


def ranks_without(ranks: Floats, labels: Sequence[Hashable]) -> dict[Hashable, Floats]:
    """Where each method stands by mean rank when the blocks of one label are left out.

    Parameters
    ----------
    ranks : float array, shape (K, m)
        As for `compare_over_blocks`.
    labels : sequence, length K
        What each block is of: a data set's, a metric's or a replicate's name.

    Returns
    -------
    dict
        Label -> competition ranks of the mean ranks over the other blocks, float array, shape (m,);
        NaN for methods that are not compared. Empty with a single label: nothing would be left.

    Raises
    ------
    InputError
        Not one label a block.
    """
    if len(labels) != len(ranks):
        raise InputError(
            f"blocks: expected a label for each of {len(ranks)} blocks, got {len(labels)}."
        )
    table, compared = _complete(ranks)
    found: dict[Hashable, Floats] = {}
    for label in dict.fromkeys(labels):
        kept = np.array([other != label for other in labels])
        if kept.any():
            found[label] = np.full(len(compared), np.nan)
            found[label][compared] = _competition(table[kept])
    return found


def _complete(ranks: Floats) -> tuple[Floats, Bools]:
    """Ranks among the methods that every block has, shape (K, m'), and which those are."""
    ranks = np.asarray(ranks, dtype=np.float64)
    if ranks.ndim != 2:
        raise InputError(f"blocks: expected ranks of shape (K, m), got {ranks.ndim} axes.")
    compared: Bools = np.asarray(np.isfinite(ranks).all(axis=0) & (len(ranks) > 0))
    table = ranks[:, compared]
    ordered: Floats = scipy.stats.rankdata(table, axis=1) if table.size else table
    return ordered, compared


def _competition(table: Floats) -> Ints:
    # Sums of middle ranks are whole halves: exact, so that ties are.
    ranks: Ints = scipy.stats.rankdata(table.sum(axis=0), method="min").astype(np.int64)
    return ranks
