"""Cells of several runs made one, so that whoever was measured alike competes.

Cells are the same where they are of the same explainer, by name and parameters, on the same terms
(`gxarena.results.terms`) and hold the same values; of these one is kept. Where two runs give one
name to different explainers, or the same explainer has other values in each, both stay: the later
run's under a name that says whose it is, and a sentence says why. Nothing is lost or overwritten.
Whatever gets another name gets it everywhere, also where others are compared with it.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from gxarena.data import Floats
from gxarena.results.cautions import cautions
from gxarena.results.contestants import values_of_cells
from gxarena.results.measured import (
    Measured,
    Row,
    reference_of,
    with_columns,
    with_labels,
    with_own_ids,
    without,
)
from gxarena.results.reading import last_attempts
from gxarena.results.terms import DATASET, MODEL, REFERENCE, Terms, labels_by_meaning

RELATIVE, ABSOLUTE = 1e-4, 5e-6
"""Up to which values are the same: float32 on another machine, and differences of such logits."""

Place = tuple[str, str, int, str, str, str]
"""Data set, model, replicate, explainer, aggregator, metric: what one cell is."""

_READ = [
    "cell_id", "attempt", "suite", "dataset", "model", "model_replicate", "model_digest",
    "explainer", "explainer_component", "explainer_parameters", "aggregator", "metric",
    "metric_name", "metric_digest", "against", "status",
]  # fmt: skip


def joined(first: Measured, second: Measured) -> Measured:
    """Two on the same terms as one; labels are the first one's where they mean the same."""
    second = relabelled(first, second)
    second, said = _apart_where_it_differs(first, second)
    outdone: set[str] = set()
    dropped: set[str] = set()
    origins = dict(first.origins)
    for mine, theirs in _shared(first, second):
        better = mine["status"] != "ok" and theirs["status"] == "ok"
        (outdone if better else dropped).add((mine if better else theirs)["cell_id"])
        if mine["status"] == theirs["status"] == "ok":
            origins[mine["cell_id"]] += second.origins[theirs["cell_id"]]
    first = replace(first, origins=origins)
    kept = without(first, outdone)
    added = with_own_ids(without(second, dropped), kept)
    return Measured(
        first.name,
        {**second.terms, **first.terms},
        pa.concat_tables([kept.cells, added.cells]),
        pa.concat_tables([kept.samples, added.samples]),
        first.seed,
        {**second.groupings, **first.groupings},
        (
            *first.notes,
            *second.notes,
            *said,
            *cautions(first, second),
        ),
        {**kept.levels, **added.levels},
        {**kept.origins, **added.origins},
    )


def untimed_across_runs(measured: Measured) -> Measured:
    """Without the seconds of models that several runs timed: no two of these compare.

    Whose seconds a cell has that two runs hold is a matter of the order in which they are joined.
    """
    rows = measured.cells.select(["cell_id", "model", "explain_seconds"]).to_pylist()
    runs: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["explain_seconds"] is not None:
            runs[row["model"]] |= {run for run, _ in measured.origins[row["cell_id"]]}
    kept = [row["explain_seconds"] if len(runs[row["model"]]) < 2 else None for row in rows]
    at = measured.cells.schema.get_field_index("explain_seconds")
    field = measured.cells.schema.field(at)
    return replace(measured, cells=measured.cells.set_column(at, field, pa.array(kept, field.type)))


def _apart_where_it_differs(first: Measured, second: Measured) -> tuple[Measured, list[str]]:
    """The second with other names for explainers that are none of the first's, and why.

    Those that comparisons are made with come before the comparisons: an explainer whose reference
    alone is another is the same.
    """
    said: list[str] = []
    held = last_attempts(first.cells.select(_READ))
    for of_comparisons in (False, True):
        while True:
            new = last_attempts(second.cells.select(_READ))
            shared = [
                pair
                for pair in _shared(first, second)
                if (reference_of(pair[1]) is not None) is of_comparisons
            ]
            why = _other_explainers(held, new)
            why |= _other_values(first, second, [p for p in shared if p[1]["explainer"] not in why])
            if not why:
                break
            names = _new_names(why, second.name, held, new)
            said += [
                f"{why[one]}: that of {second.name} is shown as '{names[one]}'." for one in why
            ]
            second = with_labels(second, explainers=names)
    return second, said


def _shared(first: Measured, second: Measured) -> list[tuple[Row, Row]]:
    """Cells of both that lie in one place."""
    held, new = (last_attempts(one.cells.select(_READ)) for one in (first, second))
    places = {_place(cell): cell for cell in held}
    return [(places[_place(cell)], cell) for cell in new if _place(cell) in places]


def _place(cell: Row) -> Place:
    return (
        cell["dataset"],
        cell["model"],
        cell["model_replicate"] or 0,
        cell["explainer"],
        cell["aggregator"],
        cell["metric_name"],
    )


def relabelled(first: Measured, second: Measured) -> Measured:
    """The second with the first one's labels of the same data sets and models, and its suites."""
    names = {kind: _same_meaning(first.terms, second.terms, kind) for kind in (DATASET, MODEL)}
    labels = first.cells.select(["suite", "dataset"]).to_pylist()
    suites = {row["dataset"]: row["suite"] for row in reversed(labels)}
    second = with_labels(second, names[DATASET], names[MODEL])
    rows = second.cells.select(["suite", "dataset"]).to_pylist()
    for row in rows:
        row["suite"] = suites.get(row["dataset"], row["suite"])
    terms = dict(second.terms)
    for key in terms.keys() & first.terms.keys():
        if key[0] == REFERENCE and key[1].partition("/")[0] in names[MODEL].values():
            # How either suite names a model that is the same by its weights says nothing.
            (model, _), (_, explainer) = (json.loads(one.terms[key]) for one in (first, second))
            terms[key] = json.dumps([model, explainer], sort_keys=True)
    return replace(second, cells=with_columns(second.cells, rows), terms=terms)


def _same_meaning(first: Terms, second: Terms, kind: str) -> dict[str, str]:
    """Labels of the second that the first has under another one, where it is the only one."""
    ours, theirs = (labels_by_meaning(terms, kind) for terms in (first, second))
    # A model that others are compared with need have no cells.
    named = {key[1].partition("/")[0] for key in second if key[0] == REFERENCE and kind == MODEL}
    found = {}
    for label, meaning in theirs.items():
        equal = [one for one in ours if ours[one] == meaning]
        if len(equal) == 1 and equal[0] not in theirs.keys() | named:
            found[label] = equal[0]
    # Of two labels for one thing neither is the other's: their cells would lie in one place.
    times = Counter(found.values())
    return {label: one for label, one in found.items() if times[one] == 1}


def _other_explainers(held: Sequence[Row], new: Sequence[Row]) -> dict[str, str]:
    """Labels that stand for another explainer in either run, each with why."""
    ours, theirs = (
        {c["explainer"]: f"{c['explainer_component']} {c['explainer_parameters']}" for c in cells}
        for cells in (held, new)
    )
    return {
        label: f"'{label}' is {ours[label]} and, in another run, {meant}"
        for label, meant in theirs.items()
        if ours.get(label, meant) != meant
    }


def _other_values(
    first: Measured, second: Measured, shared: Sequence[tuple[Row, Row]]
) -> dict[str, str]:
    """Explainers of whom the runs hold other values for a cell, each with why."""
    both = [(ours, theirs) for ours, theirs in shared if ours["status"] == theirs["status"] == "ok"]
    found: dict[str, str] = {}
    held, new = (_by_cell(one.samples) if both else {} for one in (first, second))
    for ours, theirs in both:
        one, other = held.get(ours["cell_id"], {}), new.get(theirs["cell_id"], {})
        differ = sum(_unequal(one.get(key), other.get(key)) for key in one.keys() | other.keys())
        if differ:
            found.setdefault(
                ours["explainer"],
                f"{first.name} and {second.name} hold other values for {ours['model']} / "
                f"{ours['explainer']} under {ours['metric_name']} ({differ} differ)",
            )
    return found


def _by_cell(samples: pa.Table) -> dict[str, dict[str, Floats]]:
    """Values of each cell's quantities, in the order of the data set's samples."""
    found: dict[str, dict[str, Floats]] = {}
    for (cell, metric), values in values_of_cells(samples).items():
        found.setdefault(cell, {})[metric] = values
    return found


def _unequal(one: Floats | None, other: Floats | None) -> int:
    """How many values differ by more than rounding; all where one has none or more."""
    if one is None or other is None or len(one) != len(other):
        return max(len(values) for values in (one, other) if values is not None)
    return int((~np.isclose(one, other, RELATIVE, ABSOLUTE, equal_nan=True)).sum())


def _new_names(
    labels: Iterable[str], run: str, held: Sequence[Row], new: Sequence[Row]
) -> dict[str, str]:
    """For explainers that keep apart from those of the same name: a name that nobody has."""
    taken = {cell["explainer"] for cell in (*held, *new)}
    names = {}
    for label in labels:
        names[label] = wanted = f"{label} ({Path(run).stem})"
        numbers = itertools.count(2)
        while names[label] in taken:
            names[label] = f"{wanted[:-1]}, {next(numbers)})"
        taken.add(names[label])
    return names
