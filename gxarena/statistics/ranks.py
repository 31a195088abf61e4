"""Ranks of methods that compete, how sure they are, and tiers that the data do not tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gxarena.data import Bools, Floats, Ints
from gxarena.statistics.differences import Differences, pairwise_differences, told_apart

LEAST_COVERED = 0.5
"""Of the values, one a sample and replicate, that the method with most of them has."""

MaskedInts = np.ma.MaskedArray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Of m methods; masked where a method is defined on too few samples (see `rank_methods`).

    Attributes
    ----------
    rank, low, high : masked int arrays, shape (m,)
        Rank 1 is best; its interval, inclusive, is made to hold for all methods at once (how often
        it does: docs/statistics.md).
    tier : masked int array, shape (m,)
        1 is the leaders'.
    differences : Differences
        What they rest on.
    """

    rank: MaskedInts
    low: MaskedInts
    high: MaskedInts
    tier: MaskedInts
    differences: Differences


def rank_methods(
    values: Floats,
    better: Literal["higher", "lower"],
    *,
    groups: np.ndarray | None = None,
    whole: bool = False,
    asked: Bools | None = None,
    level: float = 0.95,
) -> Ranking:
    """Rank methods by pairs, each pair on the samples that both have.

    The rank is 1 + the number of methods that are better on the samples shared with them: where all
    have all samples, the competition rank of the means. So a method that is worse than another on
    every sample that they share is never first, whatever the rest of the samples are like; with
    holes, three that beat each other in a circle share rank 2, and nobody is first. Of two that
    share no sample, the one with fewer comes behind. Who has less than `LEAST_COVERED` of the
    values of the one that has most is not ranked, be it that it abstains or that it failed with
    some weights; who abstains seldom, where it would lose, still gains by it. Means that differ by
    no more than rounding are tied.

    The interval runs from 1 + the number of methods that are significantly better to m - the number
    that are significantly worse, Holm-adjusted over all pairs: at most 1 - level of boards have a
    wrong one anywhere.

    Parameters
    ----------
    values : float array, shape (R, N, m)
        R replicates crossed with N samples, of m methods; NaN where undefined. No controls.
    better : "higher" or "lower"
    groups, whole
        As for `pairwise_differences`.
    asked : bool array, shape (R, m), optional
        Of which replicates each method was asked: those that it never ran are nothing it lacks.
    level : float
    """
    found = pairwise_differences(values, groups=groups, whole=whole)
    counts = np.isfinite(values).sum(axis=(0, 1))
    most = np.minimum(counts.max(initial=0), _possible(values, asked))
    ranked: Bools = np.asarray((counts > 0) & (counts >= LEAST_COVERED * most))
    sign = {"higher": 1.0, "lower": -1.0}[better]
    lead = np.nan_to_num(sign * found.mean)
    lead = np.where(np.isnan(found.mean), _more_samples(found.shared.diagonal()), lead)
    lead[~ranked] = lead[:, ~ranked] = 0
    apart = told_apart(found, level) & ranked & ranked[:, None]
    rank = 1 + (lead < 0).sum(axis=1)
    low = 1 + (apart & (lead < 0)).sum(axis=1)
    high = ranked.sum() - (apart & (lead > 0)).sum(axis=1)
    rank, low, high, tier = (
        np.ma.MaskedArray(numbers, ~ranked)
        for numbers in (rank, low, high, tiers_of(rank, apart, ranked))
    )
    return Ranking(rank, low, high, tier, found)


def _possible(values: Floats, asked: Bools | None) -> Ints:
    """How many values each method might have, of the replicates that it was asked of."""
    anybodys = np.isfinite(values).any(axis=2).sum(axis=1)
    asked = np.ones(values.shape[::2], dtype=bool) if asked is None else asked
    possible: Ints = (anybodys[:, None] * asked).sum(axis=0)
    return possible


def _more_samples(samples: Ints) -> Floats:
    more: Floats = np.sign(np.subtract.outer(samples, samples)).astype(np.float64)
    return more


def tiers_of(rank: Ints, apart: Bools, ranked: Bools) -> Ints:
    """Greedy from the best: the leaders left, and all left that some leader is not told apart from.

    Leaders are all that share the best rank left, so that the methods' order does not matter.
    """
    tier = np.zeros(len(rank), dtype=np.int64)
    left = ranked.copy()
    while left.any():
        leaders = left & (rank == rank[left].min())
        joined = left & (leaders | ~apart[:, leaders].all(axis=1))
        tier[joined] = tier.max() + 1
        left &= ~joined
    return tier
