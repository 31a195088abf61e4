"""Families of quantities: what a metric asks several times over, by budgets and scales."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_OF_FAMILY = {"gain": "mif"}
"""MIF's drop beyond a random order's asks what MIF's drop does."""


def family_of(metric: str) -> str:
    """What a metric's quantity asks, whatever its budget and scale.

    The first word of the quantity: ``lif`` of ``faithfulness.lif_change_logit@5``.
    """
    word = re.split("[_@]", metric.rpartition("]")[2].partition(".")[2], maxsplit=1)[0]
    return _OF_FAMILY.get(word, word)


def quantities_in_words(quantities: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What ranks: each label's families, with budgets and strategies.

    ``faithfulness.mif at 5%, 20%, area`` of three quantities; a metric's one number by its label.

    Parameters
    ----------
    quantities : iterable of (metric, aggregator)
        As boards name them: ``label.quantity``.
    """
    budgets: dict[str, dict[str, None]] = {}
    strategies: dict[str, dict[str, None]] = {}
    for metric, aggregator in quantities:
        of_label, _, budget = metric.partition("@")
        quantity = of_label.rpartition("]")[2].partition(".")[2]
        family = family_of(metric)
        name = of_label.removesuffix(f".{quantity}") if quantity else of_label
        name = f"{name}.{family}" if family else name
        strategies.setdefault(name, {})[aggregator] = None
        at = budgets.setdefault(name, {})
        if budget:
            at[f"{budget}%" if budget[-1].isdigit() else budget] = None
        elif quantity.endswith("_area"):
            at["area"] = None
    return tuple(
        name + _listed(" at ", sorted(at, key=_size)) + _by(strategies[name])
        for name, at in budgets.items()
    )


def _listed(before: str, words: Iterable[str]) -> str:
    listed = ", ".join(words)
    return f"{before}{listed}" if listed else ""


def _by(strategies: Iterable[str]) -> str:
    named = list(strategies)
    return "" if named == ["native"] else f" ({', '.join(named)})"


def _size(budget: str) -> float:
    """Sorts budgets by their number; the area under all of them comes last."""
    number = re.match(r"[\d.]+", budget)
    return float(number.group()) if number else math.inf
