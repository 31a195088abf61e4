"""A board summed up: one table per question, over all data sets and metrics that ask it.

A block is one metric on one data set; labels of one component are one metric, however many a suite
gives it (`component_of`). Within a block explainers are ranked by their mean rank over
its families of quantities (`family_of`), of each its mean rank over quantities and strategies: a
metric of twenty quantities weighs as much as one of one, and what it asks most often does not
decide what it says. Those that every board row names as one entry are one; of several that are one
on some data alone each stands for itself. Who is undefined where others are ranked comes behind
them.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gxarena.data import Floats, Ints
from gxarena.hookspecs import QUESTIONS
from gxarena.results.blocks import NONE_KNOWN, Block, Components, Quantity, Ranked, Row, blocks_of
from gxarena.results.families import family_of, quantities_in_words
from gxarena.results.leaderboard import NORMALISED
from gxarena.statistics.blocks import apart_over_blocks, compare_over_blocks, ranks_without
from gxarena.statistics.ranks import tiers_of

Rank = Callable[[Mapping[str, Row], str], int]
"""From a quantity's rows and an explainer to a number such as its rank."""


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
    rank_low, rank_high : float
        Means over the blocks of the ends of the rank intervals.
    low, high : int
        Between which the place moves as each data set, each metric and each replicate in turn is
        left out.
    tier : int or None
        Entries of one tier are less apart from its first than Nemenyi's critical difference for as
        many blocks as there are data sets, or their rank intervals overlap: all data sets share the
        model's weights, which the intervals are over too. None where data sets are too few to tell.
    leads : int
        Quantities of blocks in whose first tier the entry is.
    quantities : int
        Of how many that is: those that it was asked for.
    blocks : int
    weights : int
        Sets of weights that every number of it is over, at least.
    coverage : float or None
        The least share of what was asked that it answers, over the rows; None where a board does
        not say.
    place_filled : int or None
        The place were the floor's answers in the place of those that it does not give; None where
        some quantity has no such rank.
    seconds : float or None
        A sequence, for the explanation (see `seconds_of`).
    critical_difference : float or None
        Nemenyi's, of mean ranks; None where data sets are too few, infinite where Friedman's test
        does not find that any differ.
    left_out : tuple of str
        What was left out in turn, since there is more than one of it: data set, metric, set of
        weights.
    ranked_by : tuple of str
        The quantities that it is ranked by (`gxarena.results.families.quantities_in_words`).
    """

    model: str
    question: str
    names: tuple[str, ...]
    place: int
    mean_rank: float
    rank_low: float
    rank_high: float
    low: int
    high: int
    tier: int | None
    leads: int
    quantities: int
    blocks: int
    weights: int
    coverage: float | None
    place_filled: int | None
    seconds: float | None
    critical_difference: float | None = None
    left_out: tuple[str, ...] = ()
    ranked_by: tuple[str, ...] = ()


def summary(board: pa.Table, components: Components = NONE_KNOWN) -> list[Standing]:
    """Standings by model and question, best first; explainers that some block lacks are left out.

    Parameters
    ----------
    board : pyarrow.Table
        With the schema `gxarena.results.schemas.LEADERBOARD`.
    components : mapping of label to str
        Of its metrics.
    """
    rows = [row for row in board.to_pylist() if _competes(row)]
    found: list[Standing] = []
    for model in dict.fromkeys(row["model"] for row in rows):
        for question in QUESTIONS:
            asked = [r for r in rows if r["model"] == model and r["question"] == question]
            found += _standings(model, question, asked, components)
    return found


def seconds_of(rows: Iterable[Row]) -> float | None:
    """Seconds a sequence for an explanation, over rows of one explainer (or one entry's).

    The mean over data sets and explainers, each of which counts once, however many metrics read its
    explanations; None where no row knows.
    """
    by_cell: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row["seconds_per_sequence"] is not None:
            cell = row["suite"], row["dataset"], row["explainer"]
            by_cell[cell].append(row["seconds_per_sequence"])
    return float(np.mean([np.mean(known) for known in by_cell.values()])) if by_cell else None


def alone(board: pa.Table, components: Components = NONE_KNOWN) -> dict[str, tuple[str, ...]]:
    """Models of which no two methods compete by any question, with the methods that there are."""
    methods: dict[str, dict[str, None]] = defaultdict(dict)
    for row in board.to_pylist():
        if _competes(row):
            methods[row["model"]][row["explainer"]] = None
    compared = {one.model for one in summary(board, components)}
    return {model: tuple(names) for model, names in methods.items() if model not in compared}


def left_out(
    board: pa.Table, components: Components = NONE_KNOWN
) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    """Methods that no standing is of since some block lacks them, by model and question.

    Each with the number of blocks that have it, and of all.
    """
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in filter(_competes, board.to_pylist()):
        rows[row["model"], row["question"]].append(row)
    found = {}
    for key, asked in rows.items():
        blocks = blocks_of(asked, components).values()
        held = Counter(name for block in blocks for name in set().union(*block.values()))
        found[key] = {name: (n, len(blocks)) for name, n in sorted(held.items()) if n < len(blocks)}
    return {key: names for key, names in found.items() if names}


def _competes(row: Row) -> bool:
    return row["entry"] is not None and not row["metric"].endswith(NORMALISED)


def _standings(
    model: str, question: str, rows: Sequence[Row], components: Components
) -> list[Standing]:
    ranked = blocks_of(rows, components)
    blocks = list(ranked)
    entries = _entries(ranked)
    if len(entries) < 2:
        return []
    first = [names[0] for names in entries]
    ranks = _rank_table(ranked, first, _in_column("rank"))
    compared = compare_over_blocks(ranks)
    places = _places(compared.mean_rank)
    without = {what: found for what, found in _without(ranked, ranks, first) if found}
    moved = np.stack([places, *itertools.chain(*without.values())])
    # Ends as far from the mean rank as they are from the ranks: others may be on the board too.
    lowest, highest = (
        compared.mean_rank + (_rank_table(ranked, first, end) - ranks).mean(axis=0)
        for end in (_in_column("rank_low"), _in_column("rank_high"))
    )
    difference = _difference_over_data_sets(ranks, blocks)
    apart = apart_over_blocks(compared.mean_rank, difference, lowest, highest)
    tiers = tiers_of(places, apart, np.ones(len(places), bool)).tolist()
    filled = _filled_places(ranked, first)
    asked = quantities_in_words(q for of in ranked.values() for q in _that_count(of, first))
    made = [
        Standing(
            model,
            question,
            names,
            int(places[i]),
            float(compared.mean_rank[i]),
            max(float(lowest[i]), 1.0),
            float(highest[i]),
            int(moved[:, i].min()),
            int(moved[:, i].max()),
            None if np.isnan(difference) else tiers[i],
            sum(row["tier"] == 1 for row in _rows_of(ranked, names[0])),
            sum(1 for _ in _rows_of(ranked, names[0])),
            len(blocks),
            min(row["replicates"] for row in _rows_of(ranked, names[0])),
            _least_coverage(_rows_of(ranked, names[0])),
            filled[i],
            seconds_of(row for row in rows if row["explainer"] in names),
            None if np.isnan(difference) else difference,
            tuple(without),
            asked,
        )
        for i, names in enumerate(entries)
    ]
    return sorted(made, key=lambda one: (one.mean_rank, one.names))


def _entries(ranked: Ranked) -> list[tuple[str, ...]]:
    """Explainers that every block has; those of one entry wherever they stand are together."""
    stand: dict[str, dict[tuple[Block, Quantity], str]] = defaultdict(dict)
    for block, by_quantity in ranked.items():
        for quantity, rows in by_quantity.items():
            for explainer, row in rows.items():
                stand[explainer][block, quantity] = row["entry"]
    together: dict[frozenset[object], list[str]] = defaultdict(list)
    for explainer in sorted(stand):
        if {block for block, _ in stand[explainer]} == ranked.keys():
            together[frozenset(stand[explainer].items())].append(explainer)
    return [tuple(names) for names in together.values()]


def _rank_table(ranked: Ranked, names: Sequence[str], rank: Rank) -> Floats:
    """Mean ranks of explainers in each block, shape (blocks, names)."""
    return np.array([_mean_ranks(by_quantity, names, rank) for by_quantity in ranked.values()])


def _mean_ranks(
    by_quantity: Mapping[Quantity, Mapping[str, Row]], names: Sequence[str], rank: Rank
) -> Floats:
    """Mean ranks of explainers over families."""
    families: dict[str, list[Mapping[str, Row]]] = defaultdict(list)
    for (metric, _), rows in _that_count(by_quantity, names).items():
        families[family_of(metric)].append(rows)
    return np.array([_mean_over(families.values(), name, rank) for name in names])


def _that_count(
    by_quantity: Mapping[Quantity, Mapping[str, Row]], names: Sequence[str]
) -> Mapping[Quantity, Mapping[str, Row]]:
    """What all of the explainers were asked for; where nothing is asked of all, everything."""
    shared = {q: rows for q, rows in by_quantity.items() if rows.keys() >= set(names)}
    return shared or by_quantity


def _mean_over(families: Iterable[Sequence[Mapping[str, Row]]], name: str, rank: Rank) -> float:
    ranks = ([rank(rows, name) for rows in family if name in rows] for family in families)
    # Means of whole ranks that are the same may differ by rounding, which would decide blocks.
    return round(float(np.mean([np.mean(of_family) for of_family in ranks if of_family])), 9)


def _in_column(column: str) -> Rank:
    """An explainer's rank, or an end of its interval, as the board has it."""
    return lambda rows, name: _given_or_behind(rows, rows[name][column])


def _rank_without(position: int) -> Rank:
    """Ranks without one replicate; where the model is of one set of weights, with it."""

    def rank(rows: Mapping[str, Row], name: str) -> int:
        without = rows[name]["ranks_without"]
        there = without is not None and position < len(without)
        return _given_or_behind(rows, without[position] if there else rows[name]["rank"])

    return rank


def _given_or_behind(rows: Mapping[str, Row], given: int | None) -> int:
    """The rank that is given; behind all that have one where none is."""
    behind = 1 + len({row["entry"] for row in rows.values() if row["rank"] is not None})
    return behind if given is None else int(given)


def _places(mean_ranks: Floats) -> Ints:
    # Means of whole ranks that are the same may differ by rounding.
    from scipy.stats import rankdata  # fifty megabytes, for who asks for a summary

    return np.asarray(rankdata(np.round(mean_ranks, 9), method="min"), dtype=np.int64)


def _without(
    ranked: Ranked, ranks: Floats, first: Sequence[str]
) -> Iterator[tuple[str, list[Ints]]]:
    """Places with each data set, metric and set of weights left out; none where there is one."""
    for what, part in (("data set", slice(2)), ("metric", slice(2, 3))):
        left = ranks_without(ranks, [block[part] for block in ranked])
        yield what, [place.astype(np.int64) for place in left.values()]
    yield "set of weights", list(_without_replicates(ranked, first))


def _without_replicates(ranked: Ranked, names: Sequence[str]) -> Iterator[Ints]:
    """Places with each replicate left out, wherever a block has it."""
    rows = (row for block in ranked.values() for group in block.values() for row in group.values())
    for position in range(max((len(row["ranks_without"] or ()) for row in rows), default=0)):
        table = _rank_table(ranked, names, _rank_without(position))
        yield _places(compare_over_blocks(table).mean_rank)


def _difference_over_data_sets(ranks: Floats, blocks: Sequence[Block]) -> float:
    """Nemenyi's: metrics of one data set are no independent blocks, so each data set is one."""
    data_sets = dict.fromkeys(block[:2] for block in blocks)
    inside = [[block[:2] == one for block in blocks] for one in data_sets]
    return compare_over_blocks(
        np.array([ranks[i].mean(axis=0) for i in inside])
    ).critical_difference


def _filled_places(ranked: Ranked, names: Sequence[str]) -> list[int | None]:
    """Places by the ranks that the floor's answers would give."""
    if any(row["rank_filled"] is None for name in names for row in _rows_of(ranked, name)):
        return [None] * len(names)
    means = compare_over_blocks(_rank_table(ranked, names, _in_column("rank_filled"))).mean_rank
    return [int(place) for place in _places(means)]


def _rows_of(ranked: Ranked, name: str) -> Iterator[Row]:
    """An explainer's rows of the quantities that rank anybody."""
    for block in ranked.values():
        yield from (rows[name] for rows in block.values() if name in rows)


def _least_coverage(rows: Iterable[Row]) -> float | None:
    known = [row["coverage"] for row in rows]
    return None if None in known else min(known, default=None)
