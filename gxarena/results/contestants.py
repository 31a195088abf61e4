"""Who stands on a board: one contestant a row, with all its values over replicates and samples."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.api import Better
from gxarena.data import Floats
from gxarena.results.encoded import encoded
from gxarena.results.reading import last_attempts
from gxarena.results.validity import Measure, why_not_ranked
from gxarena.results.verification import SELF_REPORTED, Levels, weakest

LABELS = ("suite", "dataset", "model", "explainer", "aggregator", "metric")
GROUP = ("suite", "dataset", "model", "aggregator", "metric")
"""What contestants share who compete with each other."""

_READ = [
    "cell_id", "attempt", "suite", "dataset", "model", "model_replicate", "explainer",
    "explainer_role", "attributions_fingerprint", "aggregator", "metric_name", "metric_scope",
    "metric_component", "metric_parameters", "model_component", "metric_question", "against",
    "quantities", "status", "n_samples", "explain_seconds",
]  # fmt: skip


@dataclass
class Replicate:
    """What one cell says of a contestant: one set of weights."""

    values: Floats
    """Shape (N,); NaN where undefined, and everywhere where the cell failed."""
    failed: bool
    seconds: float | None
    """A sequence, for the explanation."""
    fingerprint: Floats | None
    level: str = SELF_REPORTED
    """How far somebody has checked it (see `gxarena.results.verification`)."""


@dataclass
class Contestant:
    """An explainer of a model under a metric's quantity: a row of the board in the making.

    Attributes
    ----------
    labels : mapping
        By the names in `LABELS`.
    role : str
        The explainer's; only methods compete.
    question : str
        What the metric asks (see `gxarena.hookspecs.QUESTIONS`).
    direction : "higher", "lower" or "none"
    bounds : (low, high)
        Of the quantity; None where there is none.
    whole : bool
        Whether a value is of the whole set, not of a sample.
    among_replicates : bool
        Whether the metric compares the model's replicates with each other.
    other_weights : bool
        Whether replicates are those of the model that it is compared with, its own has one set.
    against_one : bool
        Whether the model that it is compared with has one set of weights.
    measure : Measure or None
        What a verdict on the quantity would be of (see `gxarena.results.validity`).
    replicates : mapping of position to Replicate
        One, at 0, where the model has none. A position that cannot be explained is missing.
    """

    labels: Mapping[str, str]
    role: str
    question: str
    direction: Better
    bounds: tuple[float | None, float | None]
    whole: bool
    among_replicates: bool
    other_weights: bool = False
    against_one: bool = False
    measure: Measure | None = None
    replicates: dict[int, Replicate] = field(default_factory=dict)

    @property
    def values(self) -> Floats:
        """Shape (R, N): replicates by samples, each at its position; NaN where undefined."""
        longest = max(len(one.values) for one in self.replicates.values())
        table = np.full((max(self.replicates) + 1, longest), np.nan)
        for position, one in self.replicates.items():
            table[position, : len(one.values)] = one.values
        return table

    @property
    def not_ranked(self) -> str:
        """Why nobody is ranked by the quantity; empty where nothing was shown against it."""
        return "" if self.measure is None else why_not_ranked(self.measure)

    @property
    def fingerprints(self) -> dict[int, Floats]:
        """Of the maps, by the position of the replicates where one is known."""
        return {i: r.fingerprint for i, r in self.replicates.items() if r.fingerprint is not None}

    @property
    def seconds(self) -> float | None:
        """Mean seconds a sequence, over the replicates that know them."""
        known = [r.seconds for r in self.replicates.values() if r.seconds is not None]
        return float(np.mean(known)) if known else None

    @property
    def level(self) -> str:
        """How far all of it is checked."""
        return weakest(one.level for one in self.replicates.values())

    @property
    def n_failed(self) -> int:
        """Values that failed cells owe."""
        return sum(len(r.values) for r in self.replicates.values() if r.failed)


def groups_of_contestants(
    cells: pa.Table, samples: pa.Table, levels: Levels = MappingProxyType({})
) -> Iterator[list[Contestant]]:
    """Contestants by what they share, each group in the order of its explainers' labels.

    Quantities of cells that somebody has checked are those with a level.
    """
    values = values_of_cells(samples)
    found: dict[tuple[str, ...], Contestant] = {}
    attempts = last_attempts(cells.select(_READ))
    single = _of_one_set_of_weights(attempts)
    for cell in attempts:
        checked = levels.get(cell["cell_id"], {})
        for quantity, contestant, replicate in _of_cell(cell, values):
            replicate.level = checked.get(quantity, SELF_REPORTED)
            contestant.other_weights = bool(cell["against"]) and cell["model"] in single
            contestant.against_one = (cell["against"] or "").partition("/")[0] in single
            key = tuple(contestant.labels.values())
            position = cell["model_replicate"] or 0
            found.setdefault(key, contestant).replicates[position] = replicate
    groups: dict[tuple[str, ...], list[Contestant]] = defaultdict(list)
    for contestant in found.values():
        groups[tuple(contestant.labels[name] for name in GROUP)].append(contestant)
    for group in groups.values():
        yield sorted(group, key=lambda one: one.labels["explainer"])


def _of_one_set_of_weights(cells: Iterable[Mapping[str, Any]]) -> set[str]:
    """Models without several replicates; of a pair's cell, the position may be the other's."""
    positions: dict[str, set[int]] = defaultdict(set)
    for cell in cells:
        if not cell["against"]:
            positions[cell["model"]].add(cell["model_replicate"] or 0)
    return {model for model, found in positions.items() if len(found) == 1}


def values_of_cells(samples: pa.Table) -> dict[tuple[str, str], Floats]:
    """Values by (cell, metric), in the samples' order; NaN where undefined."""
    if not len(samples):
        return {}
    columns = [encoded(samples[name]) for name in ("cell_id", "metric")]
    cells, metrics = (column.indices.to_numpy() for column in columns)
    cell_names, metric_names = (column.dictionary.to_pylist() for column in columns)
    numbers = np.asarray(samples["value"].to_numpy(), dtype=np.float64)
    changes = (cells[1:] != cells[:-1]) | (metrics[1:] != metrics[:-1])
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(numbers)]])
    # One cell's metric is one run of rows: parts are written so and joined whole.
    return {
        (cell_names[cells[start]], metric_names[metrics[start]]): numbers[start:stop]
        for start, stop in itertools.pairwise(starts)
    }


def _of_cell(
    cell: Mapping[str, Any], values: Mapping[tuple[str, str], Floats]
) -> Iterable[tuple[str, Contestant, Replicate]]:
    """Each quantity of a cell with its contestant; unsupported combinations are none."""
    if cell["status"] in ("unsupported", "skipped"):
        return
    # A metric that could not even be made has no quantities: one row says so.
    unknown = {"": {"better": "none"}}
    quantities: dict[str, Any] = json.loads(cell["quantities"] or "null") or unknown
    whole, ok = cell["metric_scope"] == "set", cell["status"] == "ok"
    n = 1 if whole else cell["n_samples"]
    seconds, fingerprint = cell["explain_seconds"], cell["attributions_fingerprint"]
    for key, quantity in quantities.items():
        name = f"{cell['metric_name']}.{key}" if key else cell["metric_name"]
        found = values.get((cell["cell_id"], name))
        if found is None and ok:
            continue
        labels = {label: cell[label] for label in LABELS if label != "metric"}
        yield (
            key,
            Contestant(
                labels=labels | {"metric": name},
                role=cell["explainer_role"],
                question=cell["metric_question"],
                direction=quantity["better"],
                bounds=tuple(quantity.get("bounds") or (None, None)),
                whole=whole,
                among_replicates=cell["against"] == f"{cell['model']}/{cell['explainer']}",
                measure=Measure.of(cell, key),
            ),
            Replicate(
                values=np.full(n, np.nan) if found is None else found,
                failed=not ok,
                seconds=None if seconds is None else seconds / cell["n_samples"],
                fingerprint=None if fingerprint is None else np.asarray(fingerprint),
            ),
        )
