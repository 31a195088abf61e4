"""Where things are in a site: file names and fragments that any label may have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_OTHER = re.compile(r"[^a-z0-9]+")
_LONGEST = 48


def slug(*labels: str) -> str:
    """A file name for labels: theirs where that is plain, else with a digest that tells it apart.

    Lower case, letters, digits and hyphens alone: it leads out of no folder and is the same file on
    every file system.
    """
    whole = "--".join(labels)
    plain = "--".join(_OTHER.sub("-", label.lower()).strip("-") for label in labels)
    if plain == whole and len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_LONGEST]}-{hashlib.sha256(repr(labels).encode()).hexdigest()[:8]}"


def explainer_page(label: str) -> str:
    """Of what an explainer is and how it does."""
    return f"explainer/{slug(label)}.html"


def model_page(label: str) -> str:
    """Of a model."""
    return f"model/{slug(label)}.html"


def metric_page(metric: str) -> str:
    """Of a metric, by its name or that of one of its quantities."""
    return f"metric/{slug(metric_of(metric))}.html"


def metric_of(quantity: str) -> str:
    """The metric that a board's ``metric.quantity`` is of, without what it compares with."""
    return quantity.partition("[")[0].partition(".")[0]


def dossier_page(board: int, row: Mapping[str, Any]) -> str:
    """Of everything that one board says of an explainer on a model and a data set."""
    return f"cell/{board}-{slug(row['dataset'], row['model'], row['explainer'])}.html"


def dossier(board: int, row: Mapping[str, Any]) -> str:
    """The line of one number in its dossier."""
    return f"{dossier_page(board, row)}#{slug(row['metric'], row['aggregator'])}"
