"""The ledger: what failed, is undefined, cannot be or was tried again, why, and of how many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from gxarena.results.boards import Board
from gxarena.results.schemas import REPLICATE, STATUSES
from gxarena.site.addresses import metric_of
from gxarena.site.content import Content, Row, Source
from gxarena.site.numbers import listed

Place = tuple[str, str, str, str, str]
"""Data set, model, explainer, aggregator, metric."""
PLACE = ("dataset", "model", "explainer", "aggregator", "metric_name")


_LAST = ("undefined", "tried again", "skipped", "unsupported")
ORDER = ("failed", *(status for status in STATUSES if status not in _LAST), *_LAST)
"""What is worst comes first."""


@dataclass(frozen=True)
class Entry:
    """What went otherwise than asked, alike in some cells or rows.

    Attributes
    ----------
    where : str
        A run, bundle or board.
    dataset, model, explainer, aggregator, metric : str
    what : str
        A status, ``failed``, ``undefined`` or ``tried again``.
    many, of : int
        Of what `unit` counts.
    unit : str
    cause : str
    """

    where: str
    dataset: str
    model: str
    explainer: str
    aggregator: str
    metric: str
    what: str
    many: int
    of: int
    unit: str
    cause: str


def ledger(content: Content) -> list[Entry]:
    """Entries of all runs, bundles and written boards; failures first.

    What an explainer does alike on several data sets or metrics of one model is one entry.
    """
    entries: list[Entry] = []
    for source in content.sources.values():
        entries += [*_of_cells(source), *_undefined(source)]
    for number, board in enumerate(content.boards, 1):
        if not content.sources_of(board):
            entries += _of_rows(board, f"board {number}")
    return sorted(_together(entries), key=lambda one: ORDER.index(one.what))


def _together(entries: list[Entry]) -> Iterator[Entry]:
    alike: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for one in entries:
        key = one.where, one.model, one.explainer, one.aggregator, one.what, one.unit, one.cause
        alike[key].append(one)
    for group in alike.values():
        yield replace(
            group[0],
            dataset=listed(list(dict.fromkeys(one.dataset for one in group))),
            metric=listed(list(dict.fromkeys(one.metric for one in group))),
            many=sum(one.many for one in group),
            of=sum(one.of for one in group),
        )


def totals(content: Content) -> list[tuple[str, dict[str, int]]]:
    """Cells by status, for each run and bundle."""
    return [
        (name, dict(Counter(row["status"] for row in source.last_rows())))
        for name, source in content.sources.items()
    ]


def _of_cells(source: Source) -> Iterator[Entry]:
    """Replicates of one model that ended alike are one entry."""
    last = source.last_rows()
    planned = Counter(_place(row) for row in last)
    ended: dict[tuple[Place, str, str], set[object]] = defaultdict(set)
    for row in last:
        if row["status"] != "ok":
            cause = ": ".join(filter(None, (row["error_type"], row["error_message"])))
            ended[_place(row), row["status"], cause].add(row[REPLICATE])
        if row["attempt"] > 1:
            ended[
                _place(row), "tried again", f"{row['attempt']} attempts, now {row['status']}"
            ].add(row[REPLICATE])
    for (place, what, cause), replicates in ended.items():
        yield Entry(source.name, *place, what, len(replicates), planned[place], "cells", cause)


def _undefined(source: Source) -> Iterator[Entry]:
    """Values that are null, by their reason; of several quantities of a cell the most."""
    samples = source.samples
    if not len(samples):
        return
    asked = samples.group_by(["cell_id", "metric"]).aggregate([([], "count_all")])
    of = {(r["cell_id"], r["metric"]): r["count_all"] for r in asked.to_pylist()}
    null = samples.filter(pc.is_null(samples["value"], nan_is_null=True))
    counted = null.group_by(["cell_id", "metric", "reason"]).aggregate([([], "count_all")])
    rows = {row["cell_id"]: row for row in source.last_rows()}
    worst: dict[tuple[Place, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    for one in counted.to_pylist():
        cell = rows.get(one["cell_id"])
        if cell is not None and cell["status"] == "ok":
            share = one["count_all"], of[one["cell_id"], one["metric"]]
            key = _place(cell), one["reason"] or "no reason given"
            worst[key][one["cell_id"]] = max(worst[key].get(one["cell_id"], (0, 0)), share)
    for (place, reason), cells in worst.items():
        many, all_of = (sum(pair[i] for pair in cells.values()) for i in (0, 1))
        yield Entry(source.name, *place, "undefined", many, all_of, "values", reason)


def _of_rows(board: Board, where: str) -> Iterator[Entry]:
    """What a written board still tells: how many values are missing, and what it says of these."""
    gaps = board.shown.filter(
        pc.or_(pc.greater(board.shown["n_undefined"], 0), pc.greater(board.shown["n_failed"], 0))
    )
    worst: dict[tuple[Place, str], tuple[int, int, str]] = {}
    for row in _plain(gaps):
        of = row["n"] + row["n_undefined"] + row["n_failed"]
        place: Place = (
            row["dataset"], row["model"], row["explainer"], row["aggregator"],
            metric_of(row["metric"]),
        )  # fmt: skip
        for what, column in (("failed", "n_failed"), ("undefined", "n_undefined")):
            if row[column]:
                found = row[column], of, _cause(row)
                worst[place, what] = max(worst.get((place, what), (0, 0, "")), found)
    for (where_it_is, what), (many, of, cause) in worst.items():
        yield Entry(where, *where_it_is, what, many, of, "values", cause)


def _cause(row: Row) -> str:
    """What a board says itself of a row that lacks values, as its dossier shows it."""
    none, _, why = row["ci_method"].partition(": ")
    # Of none that is defined, too few is what follows and not why.
    few = none == "none" and "too few" in why and row["n"]
    said = [f"no interval: {why}"] if few else []
    if row["not_ranked"]:
        said.append(f"ranks nobody: {row['not_ranked']}")
    return "; ".join(said) or "a written board does not say why"


def _plain(table: pa.Table) -> list[Row]:
    rows: list[Row] = table.to_pylist()
    return rows


def _place(row: Row) -> Place:
    dataset, model, explainer, aggregator, metric = (str(row[name]) for name in PLACE)
    return dataset, model, explainer, aggregator, metric
