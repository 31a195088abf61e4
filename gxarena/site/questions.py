"""The start page: for each question, board and model, who answers it best and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from gxarena.hookspecs import QUESTIONS
from gxarena.results.boards import Board
from gxarena.results.cautions import of_seconds
from gxarena.results.leaderboard import NORMALISED
from gxarena.results.summary import Standing, left_out, seconds_of, summary
from gxarena.site import addresses
from gxarena.site.addresses import metric_of
from gxarena.site.shown import Shown, shown_quantity
from gxarena.statistics.ranks import tiers_of

Row = Mapping[str, Any]

LEVEL = 0.05
"""At most this p, adjusted for all pairs, tells two apart, as `gxarena.statistics.ranks` does."""
WISHES = {
    "localization": "see where the model looks (planted or annotated motifs)",
    "faithfulness": "know what the model would lose",
    "robustness": "get a stable explanation",
    "complexity": "get a sparse explanation",
}
"""What somebody wants who asks a question."""


@dataclass(frozen=True)
class Line:
    """One explainer's answer to one question.

    Attributes
    ----------
    explainer, role : str
    names : tuple of str
        Explainers that give the same maps, this one first.
    standing : Standing or None
        Over all metrics and data sets; None for controls, and for who competes with nobody.
    row : mapping or None
        Of the board, for the section's one quantity; of several data sets the mean of theirs
        (`_over_data_sets`), None where it lacks one.
    seconds : float or None
        A sequence (see `gxarena.results.summary.seconds_of`).
    """

    explainer: str
    role: str
    names: tuple[str, ...]
    standing: Standing | None
    row: Row | None
    seconds: float | None


@dataclass(frozen=True)
class Section:
    """A question about a model, answered by one board.

    Attributes
    ----------
    board : int
        Its number, from 1.
    question, model : str
    shown : Shown
    direction : str
        Of that quantity.
    tiers : tuple of (int or None, tuple of Line)
        Who competes, best first.
    tiers_over_all : bool
        Whether the tiers are of mean ranks over all metrics and data sets; else of the quantity
        shown, since these are too few (`_tiers_of_shown`).
    controls : tuple of Line
    datasets : mapping of str to int
        With the most sequences of any row.
    metrics : tuple of str
        Their components: labels of one are one metric.
    replicates : tuple of int
        Sets of weights, the fewest and the most.
    lacking : tuple of str
        Sentences: who is not among the mean ranks, and why.
    rows : tuple of mapping
        All that the question is answered by.
    machines : str
        Why it shows no seconds where several runs timed its model, a sentence; else empty.
    """

    board: int
    question: str
    model: str
    shown: Shown
    direction: str
    tiers: tuple[tuple[int | None, tuple[Line, ...]], ...]
    tiers_over_all: bool
    controls: tuple[Line, ...]
    datasets: Mapping[str, int]
    metrics: tuple[str, ...]
    replicates: tuple[int, int]
    lacking: tuple[str, ...]
    rows: tuple[Row, ...]
    machines: str

    @property
    def lines(self) -> list[Line]:
        """Of who competes, best first."""
        return [line for _, lines in self.tiers for line in lines]

    @property
    def key(self) -> str:
        """Tells the section from every other one."""
        return f"{self.question}/{self.board}/{self.model}"

    def behind(self, line: Line) -> str:
        """The page of what a line's number was made of: its dossier, or its data sets'."""
        if len(self.shown.datasets) == 1 and line.row is not None:
            return addresses.dossier(self.board, line.row)
        return f"heat.html#{addresses.slug(self.key)}"

    @property
    def order(self) -> tuple[int, bool, int, str, int]:
        """By question; first those in which somebody competes, and of these the largest."""
        asked = list(QUESTIONS).index(self.question)
        return asked, not self.compares, -len(self.lines), self.model, self.board

    def tier_of(self, line: Line) -> int | None:
        """The tier in which a line stands; None of who is not ranked, and of controls."""
        return next((tier for tier, lines in self.tiers if line in lines), None)

    @property
    def compares(self) -> bool:
        """Whether anybody competes."""
        return any(line.standing for line in self.lines)


def sections_of(board: Board, number_: int) -> list[Section]:
    """The questions that a board answers, by model."""
    asked: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in board.shown.to_pylist():
        if row["question"] in QUESTIONS and not row["metric"].endswith(NORMALISED):
            asked[row["question"], row["model"]].append(row)
    standings: dict[tuple[str, str], list[Standing]] = defaultdict(list)
    for standing in summary(board.shown, board.metrics):
        standings[standing.question, standing.model].append(standing)
    lacking = left_out(board.shown, board.metrics)
    return [
        _section(board, number_, key, rows, standings[key], lacking.get((key[1], key[0]), {}))
        for key, rows in asked.items()
        if any(row["role"] == "method" and row["estimate"] is not None for row in rows)
    ]


def _section(
    board: Board,
    number_: int,
    key: tuple[str, str],
    rows: Sequence[Row],
    standings: Sequence[Standing],
    lacking: Mapping[str, tuple[int, int]],
) -> Section:
    shown = shown_quantity(rows, board.headline)
    held: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if (row["metric"], row["aggregator"]) == shown[:2] and row["dataset"] in shown.datasets:
            held[row["explainer"]].append(row)
    whole = {name: found for name, found in held.items() if len(found) == len(shown.datasets)}
    at = {name: _over_data_sets(found) for name, found in whole.items()}
    lines = list(_lines(rows, standings, at))
    methods = [line for line in lines if line.role == "method"]
    over_all = any(one.tier is not None for one in standings)
    weights = [r["replicates"] for r in rows if r["n"] and r["role"] == "method"] or [0]
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["dataset"]] = max(sizes.get(row["dataset"], 0), row["sequences"])
    return Section(
        number_,
        *key,
        shown,
        _direction(at.values()),
        _in_tiers(methods, _tiers_over_all(methods) if over_all else _tiers_of_shown(held)),
        over_all,
        tuple(line for line in lines if line.role != "method"),
        sizes,
        tuple(dict.fromkeys(board.metrics.get(m := metric_of(row["metric"]), m) for row in rows)),
        (min(weights), max(weights)),
        tuple(
            f"{name} is not among the mean ranks: {n} of the {of} ask about it."
            for name, (n, of) in lacking.items()
        ),
        tuple(rows),
        of_seconds(board.notes),
    )


def _direction(rows: Iterable[Row]) -> str:
    return next((row["direction"] for row in rows if row["direction"] != "none"), "none")


def _over_data_sets(rows: Sequence[Row]) -> Row:
    """The mean of an explainer's rows; of a single one that row.

    Ends of the interval are means too: as wide as if all erred alike, since data sets may share the
    weights that are explained.
    """
    if len(rows) == 1:
        return rows[0]
    means = {
        name: None if None in values else float(np.mean(values))
        for name in ("estimate", "ci_low", "ci_high")
        for values in ([row[name] for row in rows],)
    }
    coverages = [row["coverage"] for row in rows]
    return {
        **means,
        "direction": _direction(rows),
        "n_failed": sum(row["n_failed"] for row in rows),
        "coverage": None if None in coverages else min(coverages),
    }


def _tiers_over_all(methods: Sequence[Line]) -> dict[str, int | None]:
    return {line.explainer: line.standing.tier for line in methods if line.standing}


def _tiers_of_shown(rows: Mapping[str, Sequence[Row]]) -> dict[str, int | None]:
    """Tiers of one quantity: the best left, and all left that are not told apart from it.

    Of one data set as the board has them. Of several, told apart are those whom each data set tells
    from its best, where that is always the same, and those of whom the intervals of their means do
    not meet: as wide as these are, that holds however what is measured on several data sets hangs
    together. A tier's number of one data set says nothing of pairs: it is told apart from that
    tier's leaders alone. Who lacks a data set, or is not ranked on one, has none.
    """
    datasets = {row["dataset"] for of in rows.values() for row in of}
    ranked = {
        name: of
        for name, of in rows.items()
        if len(of) == len(datasets) and all(row["tier"] is not None for row in of)
    }
    if len(datasets) == 1:
        return {name: row["tier"] for name, (row,) in ranked.items()}
    best = {(r["dataset"], r["entry"]) for of in rows.values() for r in of if r["rank"] == 1}
    sign = -1 if any(row["direction"] == "higher" for of in rows.values() for row in of) else 1
    means = {name: _over_data_sets(of) for name, of in ranked.items()}
    alone = {n: {(r["dataset"], r["entry"]) for r in of} == best for n, of in ranked.items()}
    behind = {
        name: all(p is not None and p <= LEVEL for p in (row["behind_best_p"] for row in of))
        for name, of in ranked.items()
    }
    apart = [
        [
            _apart(means[a], means[b]) or (alone[a] and behind[b]) or (alone[b] and behind[a])
            for b in ranked
        ]
        for a in ranked
    ]
    worth = [sign * row["estimate"] for row in means.values()]
    places = np.asarray(rankdata(worth, method="min"), dtype=np.int64)
    tiers = tiers_of(places, np.array(apart), np.ones(len(places), bool))
    return dict(zip(ranked, tiers.tolist(), strict=True))


def _apart(one: Row, other: Row) -> bool:
    ends = one["ci_low"], one["ci_high"], other["ci_low"], other["ci_high"]
    return None not in ends and (ends[1] < ends[2] or ends[3] < ends[0])


def _in_tiers(
    methods: Sequence[Line], found: Mapping[str, int | None]
) -> tuple[tuple[int | None, tuple[Line, ...]], ...]:
    """Lines by their tier, in which they keep their order; those without come last."""
    tiers: dict[int | None, list[Line]] = defaultdict(list)
    for line in methods:
        tiers[found.get(line.explainer)].append(line)
    order = sorted(tiers, key=lambda tier: (tier is None, tier))
    return tuple((tier, tuple(tiers[tier])) for tier in order)


def _lines(
    rows: Sequence[Row], standings: Sequence[Standing], at: Mapping[str, Row]
) -> Iterator[Line]:
    """Who has a standing, best first; then other methods by their estimate; then controls."""
    ranked = {name for one in standings for name in one.names}
    for one in standings:
        first = one.names[0]
        yield Line(first, "method", one.names, one, at.get(first), one.seconds)
    others: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["explainer"] not in ranked:
            others[row["explainer"]].append(row)
    for names in _of_one_entry(others):
        of = [row for name in names for row in others[name]]
        yield Line(names[0], of[0]["role"], names, None, at.get(names[0]), seconds_of(of))


def _of_one_entry(others: Mapping[str, Sequence[Row]]) -> list[tuple[str, ...]]:
    """Explainers by the one entry that all their rows are of; methods first, then by name."""
    together: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for name, rows in sorted(others.items()):
        entries = {row["entry"] or name for row in rows}
        entry = entries.pop() if len(entries) == 1 else name
        together[rows[0]["role"] != "method", entry].append(name)
    return [tuple(names) for _, names in sorted(together.items())]
