"""Which units are removed, in which order, and how many of them.

Everything works on N samples at once, padded on the right (`gxarena.metrics.ragged`). Budgets count
nucleotides, never units, so that token and nucleotide explanations are compared on equal terms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gxarena.data import Bools, Floats, Ints, Spans
from gxarena.metrics.ragged import filled, padded
from gxarena.seeds import sample_seed

Budget = float | str
"""Percent of a sequence's nucleotides; or so many of them, as "10nt"."""

NUCLEOTIDES = "nt"


def seeded_uniform(spans: Sequence[Spans], seeds: Sequence[int]) -> Floats:
    """A uniform number per unit from each sample's own seed, shape (N, most units)."""
    draws = [np.random.default_rng(s).random(len(p)) for s, p in zip(seeds, spans, strict=True)]
    return padded(draws)


def sample_seeds(seed: int, stage: str, ids: Sequence[str]) -> list[int]:
    """Each sample's own seed for a stage."""
    return [sample_seed(seed, stage, identifier) for identifier in ids]


def removal_ranks(keys: Floats, ties: Floats, inside: Bools) -> Ints:
    """The turn at which each unit is removed, shape (N, most units).

    Parameters
    ----------
    keys : float array, shape (N, most units)
        Units with the largest key go first.
    ties : float array, shape (N, most units)
        Decide among equal keys, so that a constant map gives a random order and not the
        order of the sequence.
    inside : bool array, shape (N, most units)
        Where there are units; what fills the rows up is never removed.
    """
    first = np.where(inside, -keys, np.inf)
    # Keys that all differ have one order, whoever sorts them; this takes a fifth of the time.
    order = np.argsort(first, axis=-1)
    in_turn = np.take_along_axis(first, order, axis=1)
    tied = (in_turn[:, 1:] == in_turn[:, :-1]).any(axis=1)
    order[tied] = np.lexsort((ties[tied], first[tied]), axis=-1)
    ranks: Ints = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(order.shape[1])[None, :], axis=1)
    return ranks


def budget_name(budget: Budget) -> str:
    """As quantities are named after it: "5" for 5%, "10nt"."""
    return budget if isinstance(budget, str) else f"{budget:g}"


def wanted(budgets: Sequence[Budget], lengths: Ints) -> Floats:
    """Nucleotides that budgets are of sequences of these lengths, shape (N, K)."""
    if isinstance(budgets[0], str):
        amounts = [float(str(budget).removesuffix(NUCLEOTIDES)) for budget in budgets]
        return np.tile(amounts, (len(lengths), 1))
    # Divided last: 7 / 100 * 50 is a hair above 3.5, which no longer is as near to 3 as to 4.
    return np.asarray(budgets, dtype=np.float64)[None, :] * lengths[:, None] / 100


def budget_masks(
    ranks: Ints, spans: Sequence[Spans], budgets: Sequence[Budget]
) -> tuple[Bools, Floats]:
    """Units removed at each budget, and the fraction of nucleotides they really are.

    A budget of k% is met with whole units in their turn: the run of first units whose number of
    nucleotides is nearest to k% of the sequence, the shorter one of two as near, at least one
    unit. One of k nucleotides likewise: of a sequence that has no more, all of it.

    Parameters
    ----------
    ranks : int array, shape (N, most units)
        See `removal_ranks`.
    spans : sequence of N Spans
    budgets : sequence of K float, or of K str
        Percent of nucleotides, in (0, 100]; or nucleotides, as "10nt".

    Returns
    -------
    masks : bool array, shape (N, K, most units)
    fractions : float array, shape (N, K)
    """
    widths = padded([partition.widths for partition in spans])
    lengths = np.array([partition.length for partition in spans])
    in_turn = np.zeros_like(widths)
    np.put_along_axis(in_turn, ranks, widths, axis=1)
    removed = np.cumsum(in_turn, axis=1)
    # argmin takes the first of equals: the shorter run, and never what fills a row up.
    last = np.abs(removed[:, None, :] - wanted(budgets, lengths)[:, :, None]).argmin(axis=2)
    masks: Bools = ranks[:, None, :] <= last[:, :, None]
    fractions = np.take_along_axis(removed, last, axis=1) / lengths[:, None]
    return masks & filled([partition.widths for partition in spans])[:, None, :], fractions
