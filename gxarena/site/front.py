"""The pages about the boards as a whole: start, table, ledger, about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from gxarena.hookspecs import QUESTIONS
from gxarena.results.verification import LEVELS
from gxarena.site.axis import Axis, axis_of
from gxarena.site.changes import MOST_SHOWN, changes_of
from gxarena.site.ledger import ledger, totals
from gxarena.site.motif_table import besides, in_words
from gxarena.site.pages import checked, what_it_can_say
from gxarena.site.questions import WISHES, Section
from gxarena.site.rendering import Page
from gxarena.site.site import Site
from gxarena.site.words import cheaper, headline, in_detail, warnings


def front_pages(site: Site) -> Iterator[Page]:
    """Start, what changed, table, ledger and about."""
    boards = {"boards": site.listed_boards()}
    names = tuple(site.board_name(number) for number in range(1, len(site.boards) + 1))
    changes = changes_of(site.boards, names)
    start = {**_start(site), "changes": changes}
    yield Page("index.html", "index.html", "Which explanation should you trust?", start)
    moved = {"changes": changes, "board_names": names, "most": MOST_SHOWN}
    yield Page("changes.html", "changes.html", "What changed", moved)
    yield Page("table.html", "table.html", "Table", boards)
    entries = {"entries": ledger(site.content), "totals": totals(site.content)}
    yield Page("ledger.html", "ledger.html", "Ledger", entries)
    levels = {"levels": LEVELS, "left_out": site.content.left_out}
    yield Page("about.html", "about.html", "About", boards | levels)


def _start(site: Site) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    opened: set[tuple[str, str]] = set()
    for section in site.sections:
        # Of each kind of model the largest comparison is open at once; all say their answer.
        kind = section.question, site.catalogue.kind_of_model(section.model)[0]
        groups[section.question].append(
            {
                "open": not section.compares or kind not in opened,
                "section": section,
                "board_name": site.board_name(section.board),
                "kind": site.catalogue.kind_of_model(section.model),
                "data": site.catalogue.data_in_words(section.datasets),
                "headline": headline(section),
                "cheaper": cheaper(section),
                "warnings": list(warnings(section)),
                "detail": list(in_detail(section)),
                "ranks": _rank_axis(section),
                "estimates": axis_of(
                    line.row for line in (*section.lines, *section.controls) if line.row
                ),
            }
        )
        opened.add(kind)
    asked = {question: groups[question] for question in QUESTIONS if groups[question]}
    return {
        "sections": asked,
        "wishes": {question: WISHES.get(question, question) for question in asked},
        "kinds": dict(site.catalogue.kind_of_model(one.model) for one in site.sections),
        "trained_here": list(
            dict.fromkeys(
                said
                for one in site.sections
                if (said := site.catalogue.known("model", one.model).trained_here)
            )
        ),
        "motifs": in_words(besides(site.content)),
        "checked": checked(site.boards),
        "boards": [
            {
                **site.listed_boards()[number - 1],
                "number": number,
                "datasets": board.shown["dataset"].unique().to_pylist(),
                "models": board.shown["model"].unique().to_pylist(),
                "sentences": what_it_can_say(board),
            }
            for number in _by_use(site)
            for board in [site.boards[number - 1]]
        ],
    }


def _by_use(site: Site) -> list[int]:
    """Numbers of the boards: first that which gives the page its first answers."""
    answering = (section.board for section in site.sections)
    return list(dict.fromkeys([*answering, *range(1, len(site.boards) + 1)]))


def _rank_axis(section: Section) -> Axis:
    standings = [line.standing for line in section.lines if line.standing]
    return Axis.over(
        end for one in standings for end in (1.0, one.mean_rank, one.rank_low, one.rank_high)
    )
