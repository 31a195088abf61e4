"""The pages of dossiers, with the values that they load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from gxarena.results.boards import Board
from gxarena.results.cautions import of_seconds
from gxarena.results.summary import seconds_of
from gxarena.results.terms import DIRECTION
from gxarena.run.suite import shipped_suites
from gxarena.site import addresses
from gxarena.site.content import Row
from gxarena.site.dossiers import Dossier, Values
from gxarena.site.explorer import Explored
from gxarena.site.numbers import duration, percent
from gxarena.site.rendering import Page
from gxarena.site.site import Site
from gxarena.site.stretches import ENDS, stretches
from gxarena.site.words import alone

ROLES = {
    "method": "A method, which competes",
    "control": "A control, which never ranks",
    "floor": "The floor: what scores without any knowledge get",
    "ceiling": "The ceiling: what the truth itself gets",
}
FOLDED_FROM = 40
"""Of more numbers than these a dossier shows those of one metric at a time."""
LONG = ("not ranked because", "interval is")
MAY_BE_ONE = {
    "scores on": "aggregator", "values": "n", "sequences": "sequences", "weights": "replicates",
    "undefined": "n_undefined", "failed": "n_failed", "coverage": "coverage",
    "not ranked because": "not_ranked", "interval is": "ci_method", "checked": "verification",
}  # fmt: skip
"""Columns that are often the same in all rows; of these the long ones become notes."""


def dossier_pages(site: Site) -> Iterator[tuple[Page, dict[str, Mapping[str, Any]]]]:
    """Each dossier's page, and by name what it loads: nothing where no samples are held.

    Letters come apart from values: whoever looks at numbers alone does not wait for them.
    """
    values = Values(site.content.sources)
    for dossier in site.dossiers:
        held = values.of(dossier)
        explored = site.explored_in(dossier)
        drawn = stretches(held, dossier.parts, explored) if explored else {}
        place = addresses.dossier_page(dossier.board, dossier.rows[0])
        stem = Path(place).stem
        held["ends"] = ENDS
        held["explored"] = [one["id"] for one in explored.sequences] if explored else []
        held["letters"] = f"letters-{stem}" if drawn else ""
        name = f"values-{stem}" if held["ids"] else ""
        loaded = {name: held, held["letters"]: drawn}
        yield (
            _page(site, dossier, place, name, held),
            {name: data for name, data in loaded.items() if name},
        )


def _numbers(rows: Sequence[Row]) -> dict[str, Any]:
    """Rows as a table takes them: what all share is said once, what is long is a note.

    Returns
    -------
    dict
        ``once`` of pairs, ``columns`` of headings, ``notes`` of sentences, and ``groups`` of (row,
        texts of the columns, numbers of its notes) by metric; by none where they are few.
    """
    shared = {name: {_text(row[key]) for row in rows} for name, key in MAY_BE_ONE.items()}
    columns = [name for name in shared if len(shared[name]) > 1 and name not in LONG]
    notes: dict[str, int] = {}
    groups: dict[str, list[tuple[Row, list[str], list[int]]]] = defaultdict(list)
    for row in rows:
        said = [
            f"{name[0].upper()}{name[1:]}: {row[MAY_BE_ONE[name]]}"
            for name in LONG
            if len(shared[name]) > 1 and row[MAY_BE_ONE[name]]
        ]
        marks = [notes.setdefault(text, len(notes) + 1) for text in said]
        texts = [_text(row[MAY_BE_ONE[name]]) for name in columns]
        group = addresses.metric_of(row["metric"]) if len(rows) > FOLDED_FROM else ""
        groups[group].append((row, texts, marks))
    once = [(name, *found) for name, found in shared.items() if len(found) == 1]
    return {"once": once, "columns": columns, "notes": list(notes), "groups": groups}


def _text(value: object) -> str:
    if isinstance(value, float):
        return percent(value)  # coverage alone is one
    return "–" if value is None or value == "" else str(value)


def _explorer_address(dossier: Dossier, explored: Explored) -> str:
    """The page of sequences with this explanation above, but for the sequence."""
    _, model, explainer = dossier.labels
    view = {"set": explored.key}
    for name, one in explored.explanations.items():
        if (one["model"], one["explainer"]) == (model, explainer):
            view["a"] = name
    return f"../samples.html#{urlencode(view)}"


def suite_file(name: str) -> str:
    """The file of a run's or bundle's suite."""
    return f"suite-{addresses.slug(name)}.json"


def _of_written(site: Site, dossier: Dossier) -> list[tuple[str, str]]:
    """What is known of a written board's rows: its terms, and what ships under their names."""
    board = site.boards[dossier.board - 1]
    _, model, explainer = dossier.labels
    facts = [("suite", dossier.rows[0]["suite"]), *dossier.terms(board)]
    for kind, label in (("model", model), ("explainer", explainer)):
        known = site.catalogue.known(kind, label)
        if known.component:
            settings = ", ".join(f"{name} = {value}" for name, value in known.parameters.items())
            of = f"; {settings}" if settings else ""
            ships = f" ({known.distribution} here)" if known.distribution else ""
            facts.append((kind, f"{known.component}{of}{ships}"))
    return facts


def _cost(dossier: Dossier, board: Board) -> str:
    """What an explanation takes, or why that is not said."""
    seconds = seconds_of(dossier.rows)
    if seconds is not None:
        return f"An explanation takes {duration(seconds)} a sequence, on the machine of the run."
    machines = of_seconds(board.notes)
    return (
        f"{machines} {alone(dossier.rows[0]['suite'])}"
        if machines
        else "What an explanation costs was not measured."
    )


def _page(site: Site, dossier: Dossier, place: str, name: str, held: Mapping[str, Any]) -> Page:
    explored = site.explored_in(dossier)
    board, first = site.boards[dossier.board - 1], dossier.rows[0]
    context = {
        "labels": dossier.labels,
        "board": dossier.board,
        "board_name": site.board_name(dossier.board),
        "cost": _cost(dossier, board),
        "role": ROLES.get(first["role"], first["role"]),
        "same": sorted({row["entry"] for row in dossier.rows} - {None, dossier.labels[2]}),
        "numbers": _numbers(dossier.rows),
        "cells": dossier.cells,
        "commands": [
            {
                "line": dossier.command(source),
                "source": source.name,
                "ships": source.record.suite in shipped_suites(),
                "suite": suite_file(source.name),
            }
            for source in dossier.parts
        ],
        "details": dossier.facts,
        # Each quantity's page has its direction.
        "terms": [
            (" ".join(key), text) for key, text in board.terms.items() if key[0] != DIRECTION
        ],
        "again": "" if dossier.cells else dossier.command_of_rows(),
        "known": [] if dossier.cells else _of_written(site, dossier),
        "runs": board.runs,
        "script": name,
        "valued": set(held["values"]),
        "samples": _explorer_address(dossier, explored) if explored else "",
    }
    return Page("dossier.html", place, " · ".join(reversed(dossier.labels)), context)
