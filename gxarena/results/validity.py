"""Metrics that do not tell truth from noise where it is known: they stand on boards, rank nobody.

Judged where the truth is known: the suite `metric-validity` asks every metric about planted motifs,
and `benchmarks/validity/metrics.py` writes which of them did not tell the truth from `random`, over
trainings and sequences, or put `gc` or `blur` before it. A verdict is of a kind of model (by its
component), a metric with its parameters, and a quantity; what was not judged ranks.
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
        return cls(*components, _canonical(parameters), quantity)


def why_not_ranked(measure: Measure) -> str:
    """Why nobody is ranked by it; empty where nothing was shown against it."""
    return _verdicts(shipped(FILE)).get(measure, "")


def write_verdicts(verdicts: Iterable[tuple[Measure, str]], path: Path) -> None:
    """Write why each is not ranked, as `why_not_ranked` reads it.

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
