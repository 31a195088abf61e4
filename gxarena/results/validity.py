"""Metrics that do not tell truth from noise where it is known: they stand on boards, rank nobody.

Judged where the truth is known: the suite `metric-validity` asks every metric about planted motifs,
and `benchmarks/validity/metrics.py` writes which of them are shown not to tell the truth from
`random`, over trainings and sequences, of which that is not decided, and which put `gc` or `blur`
before it. A verdict is of a kind of model (by its
component), a metric with its parameters, and a quantity, or of what a metric is, whoever is asked.
What was not judged ranks, but for a budget of a quantity of which another budget was judged and
ranks nobody: what is between two or beyond them is not known to be better. An area over a single
budget is half of what is at it, and ranks where that does.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gxarena.files import shipped, write_text

FILE = "validity/not_ranked.json"
SIZES = frozenset({"budgets", "random_orders"})
"""Parameters that say how often or how far is asked, not what."""
ANY = "any"
"""In the place of a model or of parameters: the verdict follows from what the metric measures."""
BUDGET = "@"
"""Behind it the name of a quantity has the budget that it is at."""
AREA = "_area"
"""What the name of an area under a curve over budgets ends with."""


class Measure(NamedTuple):
    """What a verdict is of.

    Attributes
    ----------
    model, metric : str
        Components.
    parameters : str
        The metric's, resolved, as canonical JSON, without `SIZES`.
    quantity : str
        As the metric names it; empty for its main one.
    """

    model: str
    metric: str
    parameters: str
    quantity: str

    @classmethod
    def of(cls, cell: Mapping[str, Any], quantity: str) -> Measure:
        """A cell's, by the columns of the table `cells`."""
        given = json.loads(cell["metric_parameters"] or "{}")
        parameters = {name: value for name, value in given.items() if name not in SIZES}
        components = cell["model_component"], cell["metric_component"]
        asked = _at_its_budget(quantity, given.get("budgets"))
        return cls(*components, _canonical(parameters), asked)


def _at_its_budget(quantity: str, budgets: Any) -> str:
    """An area over one budget as what it is half of: the drop at this budget."""
    if not quantity.endswith(AREA) or not isinstance(budgets, list) or len(budgets) != 1:
        return quantity
    order, _, unit = quantity.removesuffix(AREA).partition("_")
    drop = "" if order == "gain" or unit.startswith("change_") else "drop_"
    return f"{order}_{drop}{unit}{BUDGET}{budgets[0]}"


def why_not_ranked(measure: Measure) -> str:
    """Why nobody is ranked by it; empty where nothing was shown against it."""
    verdicts = _verdicts(shipped(FILE))
    of_all = measure._replace(model=ANY)
    for one in (measure, of_all, by_definition(measure.metric, measure.quantity)):
        if one in verdicts:
            return verdicts[one]
    return _at_other_budgets(measure, verdicts)


def by_definition(metric: str, quantity: str) -> Measure:
    """What a verdict is of that holds for every model and with all parameters."""
    return Measure(ANY, metric, json.dumps(ANY), quantity)


def _at_other_budgets(measure: Measure, verdicts: Mapping[Measure, str]) -> str:
    """What was shown against the quantity at budgets that were judged; empty without a budget."""
    name, at, _ = measure.quantity.partition(BUDGET)
    if not at:
        return ""
    against: dict[str, list[str]] = {}  # a reason once, of all budgets that it holds at
    for other, why in verdicts.items():
        what, _, budget = other.quantity.partition(BUDGET)
        if why and budget and other._replace(quantity=what) == measure._replace(quantity=name):
            against.setdefault(why, []).append(budget)
    found = [f"at {' and '.join(budgets)} {why}" for why, budgets in against.items()]
    return "; ".join(["at this budget it was not judged", *found]) if found else ""


def write_verdicts(verdicts: Iterable[tuple[Measure, str]], path: Path) -> None:
    """Write why each is not ranked, as `why_not_ranked` reads it; an empty reason clears it.

    Raises
    ------
    StorageError
        The disk is full or read-only.
    """
    rows = [
        measure._asdict() | {"parameters": json.loads(measure.parameters), "why": why}
        for measure, why in sorted(verdicts)
    ]
    write_text(path, json.dumps(rows, indent=1) + "\n")


@functools.cache
def _verdicts(path: Path) -> dict[Measure, str]:
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        Measure(row["model"], row["metric"], _canonical(row["parameters"]), row["quantity"]): row[
            "why"
        ]
        for row in rows
    }


def _canonical(parameters: Mapping[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True)
