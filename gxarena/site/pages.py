"""What pages of explainers, models, metrics and data sets hold, as their templates take it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gxarena.results.boards import Board
from gxarena.results.strata import stratum_of
from gxarena.results.terms import DATASET, MODEL
from gxarena.results.verification import SELF_REPORTED, explained
from gxarena.site import notes
from gxarena.site.addresses import metric_of
from gxarena.site.axis import Axis, axis_of
from gxarena.site.content import Row
from gxarena.site.numbers import counted, listed
from gxarena.site.questions import Line, Section
from gxarena.site.rows import is_plain
from gxarena.site.shown import shown_quantity

_SETTINGS = re.compile(r" (\{[^{}]*\})")
"""Parameters of a component, as terms print them."""
_IN_PLAIN_WORDS = {
    SELF_REPORTED: "Self-reported is what whoever made the board says of it: nobody else has "
    "checked all of these numbers"
}


@dataclass(frozen=True, eq=False)
class BoardTable:
    """Rows of one quantity on one data set and one model, whose explainers compete.

    Attributes
    ----------
    board : int
    metric, aggregator, dataset, model, direction : str
    rows : list of mapping
        Best first, methods before controls.
    axis : Axis
        That of all models on the data set.
    """

    board: int
    metric: str
    aggregator: str
    dataset: str
    model: str
    direction: str
    rows: list[Row]
    axis: Axis

    @property
    def leads(self) -> str:
        """Who is first and how many are not told apart from it; empty where nobody is ranked."""
        first = [row for row in self.rows if row["rank"] == 1]
        if not first:
            return ""
        entries = {row["entry"] for row in self.rows if row["tier"] == 1}
        others = len(entries - {row["entry"] for row in first})
        ranked = len({row["entry"] for row in self.rows if row["rank"] is not None})
        names = listed(list(dict.fromkeys(row["explainer"] for row in first)))
        told = f", {others} not told apart" if others else ""
        return f"; first of {ranked}: {names}{told}" if ranked > 1 else ""


def board_tables(
    rows: Iterable[Row], board: int, quantity: tuple[str, str]
) -> Iterator[BoardTable]:
    """A table for each data set and model that has a quantity (metric, aggregator)."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if (row["metric"], row["aggregator"]) == quantity:
            found[row["dataset"]].append(row)
    for dataset, group in found.items():
        direction = next((r["direction"] for r in group if r["direction"] != "none"), "none")
        axis = axis_of(group)
        for model in dict.fromkeys(row["model"] for row in group):
            of = [row for row in group if row["model"] == model]
            best = _best_first(of, direction)
            yield BoardTable(board, *quantity, dataset, model, direction, best, axis)


def _best_first(rows: Sequence[Row], direction: str) -> list[Row]:
    sign = 1 if direction == "lower" else -1

    def place(row: Row) -> tuple[Any, ...]:
        worth = row["estimate"]
        return row["role"] != "method", worth is None, sign * (worth or 0), row["explainer"]

    return sorted(rows, key=place)


def metrics_of(boards: Sequence[Board]) -> dict[str, list[tuple[int, list[Row]]]]:
    """Rows by metric, for each board that has any."""
    found: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for number, board in enumerate(boards, 1):
        for row in filter(is_plain, board.shown.to_pylist()):
            found[metric_of(row["metric"])][number].append(row)
    return {metric: list(by_board.items()) for metric, by_board in sorted(found.items())}


def metric_boards(
    by_board: Sequence[tuple[int, list[Row]]], boards: Sequence[Board]
) -> list[BoardTable]:
    """Of each board the tables of the one quantity that speaks for the metric."""
    made: list[BoardTable] = []
    for number, rows in by_board:
        if any(row["role"] == "method" and row["estimate"] is not None for row in rows):
            metric, aggregator, _ = shown_quantity(rows, boards[number - 1].headline)
            made += board_tables(rows, number, (metric, aggregator))
    return made


def barred(rows: Iterable[Row]) -> list[tuple[str, list[str]]]:
    """Why nobody is ranked by quantities, with these and the models that it holds for."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        if row["not_ranked"]:
            found[row["not_ranked"]][f"{row['metric']} for {row['model']}"] = None
    return [(why, list(names)) for why, names in found.items()]


def trusted(metric: str, component: str) -> list[Mapping[str, Any]]:
    """How quantities of a metric fared where the truth was made worse in known steps."""
    names = {metric, component}
    return [row for row in notes.trust() if metric_of(row["metric"]) in names]


def where_it_stands(sections: Iterable[Section], explainer: str) -> list[tuple[Section, Line]]:
    """An explainer's line in every section that has one."""
    return [
        (section, line)
        for section in sections
        for line in (*section.lines, *section.controls)
        if explainer in line.names
    ]


def weights_of(boards: Sequence[Board], model: str) -> list[tuple[str, str, list[int]]]:
    """Replicate, what boards' terms say of a model's weights, and the boards that say so."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, board in enumerate(boards, 1):
        for key, value in board.terms.items():
            if key[0] == MODEL and key[1] == model:
                found[key[2], value].append(number)
    return [(*key, numbers) for key, numbers in found.items()]


def datasets_of(boards: Sequence[Board]) -> dict[str, list[dict[str, Any]]]:
    """What boards say of each data set."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, board in enumerate(boards, 1):
        rows = board.shown.select(["dataset", "sequences", "model"]).to_pylist()
        sizes: dict[str, int] = {}
        for row in rows:
            sizes[row["dataset"]] = max(sizes.get(row["dataset"], 0), row["sequences"])
        for dataset, size in sizes.items():
            models = dict.fromkeys(row["model"] for row in rows if row["dataset"] == dataset)
            found[dataset].append(
                {
                    "board": number,
                    "sequences": size,
                    "models": list(models),
                    "terms": board.terms.get((DATASET, dataset), ""),
                }
            )
    return found


def without_settings(sentence: str) -> str:
    """A sentence on terms with, of the settings that it prints, those alone that differ."""
    try:
        found = [json.loads(text) for text in _SETTINGS.findall(sentence)]
    except ValueError:  # words of strangers
        return sentence
    if sentence.count("{") != len(found):  # one within another
        return sentence
    differing = [
        {name: value for name, value in one.items() if any(o.get(name) != value for o in found)}
        for one in found
    ]
    shown = iter(", ".join(f"{name} = {_plain(v)}" for name, v in one.items()) for one in differing)
    return _SETTINGS.sub(lambda _: f" with {said}" if (said := next(shown)) else "", sentence)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def checked(boards: Iterable[Board]) -> list[str]:
    """What the words mean by which boards say how far they are checked."""
    levels = {
        level for board in boards for level in board.shown["verification"].unique().to_pylist()
    }
    return [f"{_IN_PLAIN_WORDS.get(level, explained(level))}." for level in sorted(levels)]


def what_it_can_say(board: Board) -> list[str]:
    """Sentences: what a board was measured on, how far it is checked, what it lacks."""
    rows = board.shown.to_pylist()
    one = sorted({row["model"] for row in rows if row["n"] and row["replicates"] <= 1})
    several = sorted({row["model"] for row in rows if row["replicates"] > 1} - set(one))
    said = [without_settings(note) for note in board.notes]
    if stratum := stratum_of(board.shown):
        said.append(f"Only on a part of the samples: {stratum}.")
    if several:
        said.append(f"Over several sets of weights: {listed(several)}.")
    if one:
        said.append(
            f"At least partly one set of weights, which says nothing of the next: {listed(one)}."
        )
    said.append(f"Checked so far: {listed(sorted({row['verification'] for row in rows}))}.")
    gaps = [row for row in rows if row["coverage"] is not None and row["coverage"] < 1]
    if gaps:
        said.append(f"Not all that was asked for is there in {counted(len(gaps), 'row')}.")
    if all(row["coverage"] is None for row in rows):
        said.append("It was written before boards told coverage; see undefined and failed values.")
    if not board.terms and not any("not say what was measured" in note for note in said):
        said.append("It does not say what was measured on what; it was written before boards did.")
    return said
