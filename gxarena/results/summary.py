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

from gxarena.data import Floats
from gxarena.hookspecs import QUESTIONS
from gxarena.results.leaderboard import NORMALISED
from gxarena.statistics.blocks import standings

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """Where an entry stands by one question, among explainers of one model.

    Attributes
    ----------
    model, question : str
    names : tuple of str
        The explainers that give these maps; the first names the entry.
    mean_rank : float
        Over the blocks.
    low, high : float
        Of the mean rank while each block in turn is left out.
    tier : int or None
        Entries of one tier are not told apart (Nemenyi); None where there are too few blocks.
    leads : int
        Blocks in which the entry is in the first tier of every quantity.
    blocks : int
    seconds : float or None
        A sequence, for the explanation.
    """

    model: str
    question: str
    names: tuple[str, ...]
    mean_rank: float
    low: float
    high: float
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


def _block(row: Row) -> tuple[str, str, str]:
    return row["suite"], row["dataset"], row["metric"].partition(".")[0]


def _standings(model: str, question: str, rows: Sequence[Row]) -> list[Standing]:
    blocks = list(dict.fromkeys(map(_block, rows)))
    ranks: dict[str, dict[tuple[str, str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    tiers: dict[str, dict[tuple[str, str, str], set[int]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        ranks[row["entry"]][_block(row)].append(row["rank"])
        tiers[row["entry"]][_block(row)].add(row["tier"])
    everywhere = [entry for entry in ranks if len(ranks[entry]) == len(blocks)]
    if len(everywhere) < 2:
        return []
    means = [[np.mean(ranks[entry][block]) for entry in everywhere] for block in blocks]
    within: Floats = rankdata(means, axis=1)
    stand = standings(within)
    made = [
        Standing(
            model,
            question,
            _names(entry, rows),
            float(stand.mean[i]),
            float(stand.low[i]),
            float(stand.high[i]),
            None if stand.tier is None else int(stand.tier[i]),
            sum(tiers[entry][block] == {1} for block in blocks),
            len(blocks),
            _seconds(row for row in rows if row["entry"] == entry),
        )
        for i, entry in enumerate(everywhere)
    ]
    return sorted(made, key=lambda one: (one.mean_rank, one.names))


def _names(entry: str, rows: Iterable[Row]) -> tuple[str, ...]:
    """The entry's own name first."""
    others = sorted({row["explainer"] for row in rows if row["entry"] == entry} - {entry})
    return (entry, *others)


def _seconds(rows: Iterable[Row]) -> float | None:
    known = [r["seconds_per_sequence"] for r in rows if r["seconds_per_sequence"] is not None]
    return float(np.median(known)) if known else None
