"""A board summed up: one table per question, over all data sets and metrics that ask it.

A block is one metric on one data set. Within a block entries are ranked by their mean rank over its
quantities and strategies, so that a metric of twenty quantities weighs as much as one of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from gxarena.data import Floats, Ints
from gxarena.hookspecs import QUESTIONS
from gxarena.results.leaderboard import NORMALISED
from gxarena.statistics.blocks import BlockComparison, compare_over_blocks, ranks_without

Row = Mapping[str, Any]
Block = tuple[str, str, str]
"""Suite, data set, metric."""


@dataclass(frozen=True)
class Standing:
    """Where an entry stands by one question, among explainers of one model.

    Attributes
    ----------
    model, question : str
    names : tuple of str
        The explainers that give these maps; the first names the entry.
    place : int
        By the mean rank; ties share the smallest.
    mean_rank : float
        Over the blocks.
    low, high : int
        Between which the place moves as each data set and each metric in turn is left out.
    tier : int or None
        Entries of one tier are less apart than Nemenyi's critical difference; None where there are
        too few blocks to tell.
    leads : int
        Blocks in which the entry is in the first tier of every quantity.
    blocks : int
    seconds : float or None
        A sequence, for the explanation.
    """

    model: str
    question: str
    names: tuple[str, ...]
    place: int
    mean_rank: float
    low: int
    high: int
    tier: int | None
    leads: int
    blocks: int
    seconds: float | None


def summary(board: pa.Table) -> list[Standing]:
    """Standings by model and question, best first; entries that some block lacks are left out.

    Parameters
    ----------
    board : pyarrow.Table
        With the schema `gxarena.results.schemas.LEADERBOARD`.
    """
    rows = [row for row in board.to_pylist() if _competes(row)]
    found: list[Standing] = []
    for model in dict.fromkeys(row["model"] for row in rows):
        for question in QUESTIONS:
            asked = [r for r in rows if r["model"] == model and r["question"] == question]
            found += _standings(model, question, asked)
    return found


def _competes(row: Row) -> bool:
    return row["rank"] is not None and not row["metric"].endswith(NORMALISED)


def _block(row: Row) -> Block:
    return row["suite"], row["dataset"], row["metric"].partition(".")[0]


def _standings(model: str, question: str, rows: Sequence[Row]) -> list[Standing]:
    blocks = list(dict.fromkeys(map(_block, rows)))
    within: dict[str, dict[Block, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        within[row["entry"]][_block(row)].append(row)
    entries = [entry for entry in within if len(within[entry]) == len(blocks)]
    if len(entries) < 2:
        return []
    ranks = np.array(
        [[np.mean([row["rank"] for row in within[e][b]]) for e in entries] for b in blocks]
    )
    compared = compare_over_blocks(ranks)
    places = rankdata(compared.mean_rank, method="min").astype(int)
    moved = _places_without(ranks, blocks, places)
    tiers = _tiers(compared)
    made = [
        Standing(
            model,
            question,
            _names(entry, rows),
            int(places[i]),
            float(compared.mean_rank[i]),
            int(moved[:, i].min()),
            int(moved[:, i].max()),
            tiers[i],
            sum(all(row["tier"] == 1 for row in within[entry][block]) for block in blocks),
            len(blocks),
            _seconds(row for row in rows if row["entry"] == entry),
        )
        for i, entry in enumerate(entries)
    ]
    return sorted(made, key=lambda one: (one.mean_rank, one.names))


def _places_without(ranks: Floats, blocks: Sequence[Block], places: Ints) -> Ints:
    """Places with everything, then with each data set and each metric left out; a row each."""
    data_sets = [(suite, dataset) for suite, dataset, _ in blocks]
    metrics = [metric for _, _, metric in blocks]
    without = (ranks_without(ranks, data_sets), ranks_without(ranks, metrics))
    moved = [place.astype(np.int64) for found in without for place in found.values()]
    return np.stack([places, *moved])


def _tiers(compared: BlockComparison) -> list[int | None]:
    """Greedy from the best: who is less than the critical difference behind a tier's first."""
    means = compared.mean_rank
    tiers: list[int | None] = [None] * len(means)
    if np.isnan(compared.critical_difference):
        return tiers
    tier, first = 0, -np.inf
    for i in np.argsort(means, kind="stable"):
        if means[i] - first >= compared.critical_difference:
            tier, first = tier + 1, means[i]
        tiers[i] = tier
    return tiers


def _names(entry: str, rows: Iterable[Row]) -> tuple[str, ...]:
    """The entry's own name first."""
    others = sorted({row["explainer"] for row in rows if row["entry"] == entry} - {entry})
    return (entry, *others)


def _seconds(rows: Iterable[Row]) -> float | None:
    known = [r["seconds_per_sequence"] for r in rows if r["seconds_per_sequence"] is not None]
    return float(np.median(known)) if known else None
