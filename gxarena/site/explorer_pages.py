"""The page of sequences, with the data that it loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gxarena.site.explorer import Explored
from gxarena.site.rendering import Page
from gxarena.site.site import Site


def explorer_page(site: Site) -> Page:
    """Two explanations of one sequence; says what cannot be shown, and why."""
    sets = [{"key": one.key, "name": one.source, "dataset": one.dataset} for one in site.explored]
    context = {"sets": sets, "reasons": site.unexplored}
    return Page("samples.html", "samples.html", "Sequences", context)


def explorer_data(explored: Explored) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and content of each file that the page may load."""
    yield f"sequences-{explored.key}", explored.document
    yield from explored.explanations.items()
