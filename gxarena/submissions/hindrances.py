"""What keeps others from running a bundle's cells again: known before it goes to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from gxarena.registry import NOBODY_S
from gxarena.results.reading import RunResults
from gxarena.run.suite import KINDS
from gxarena.sources.packages import is_from_an_index
from gxarena.submissions.paths import path_of

OWN = "gxarena"
"""The distribution that whoever verifies has."""


def hindrances(run: RunResults) -> list[str]:
    """Why others cannot run some cells again, a sentence each; empty where they can."""
    rows = run.last_rows()
    return [*_files(run, rows), *_plugins(rows)]


def _files(run: RunResults, rows: list[dict[str, Any]]) -> Iterator[str]:
    for (kind, label), cells in _counted(rows).items():
        alias = dict(run.record.document.get(f"{kind}s", {}).get(label, {}))
        alias.pop("name", None)
        if leads := path_of(alias, opens=kind in ("model", "explainer")):
            yield (
                f"{kind}s.{label} reads '{leads}', which a bundle does not hold: nobody else can "
                f"run the cells of it again, {cells} of {len(rows)}."
            )


def _plugins(rows: list[dict[str, Any]]) -> Iterator[str]:
    found: Counter[str] = Counter()
    for row in rows:
        names = {row[f"{kind.removesuffix('s')}_distribution"] for kind in KINDS[1:]}
        found.update(names - {OWN, None, ""})
    for name, cells in sorted(found.items()):
        if not is_from_an_index(name):
            what = "a component of no distribution" if name == NOBODY_S else name
            yield (
                f"{what} was not installed from a package index: {cells} of {len(rows)} "
                "cells can be run again only by who gets it elsewhere. Publish it, and say how to "
                "install it with --install."
            )


def _counted(rows: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """Cells of each (kind, label)."""
    kinds = [kind.removesuffix("s") for kind in KINDS]
    return Counter((kind, str(row[kind])) for row in rows for kind in kinds)
