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
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gxarena.data import Floats
from gxarena.results.contestants import values_of_cells
from gxarena.results.encoded import encoded, positions
from gxarena.results.reading import RunResults, last_attempts
from gxarena.results.schemas import VALUES
from gxarena.results.terms import (
    DATASET,
    MODEL,
    REFERENCE,
    REFERENCE_CODE,
    Key,
    Terms,
    labels_by_meaning,
)
from gxarena.results.verification import SELF_REPORTED

RELATIVE, ABSOLUTE = 1e-4, 1e-6
"""Up to which values are the same: float32 on another machine."""

Row = Mapping[str, Any]
Origins = tuple[tuple[str, str], ...]
"""Runs, each with the id that a cell has there."""
Place = tuple[str, str, int, str, str, str]
"""Data set, model, replicate, explainer, aggregator, metric: what one cell is."""

_READ = [
    "cell_id", "attempt", "suite", "dataset", "model", "model_replicate", "model_digest",
    "explainer", "explainer_component", "explainer_parameters", "aggregator", "metric",
    "metric_name", "metric_digest", "against", "status",
]  # fmt: skip
_OF_REFERENCES = (REFERENCE, REFERENCE_CODE)


@dataclass(frozen=True)
class Measured:
    """A run, or several joined, under the name that sentences call it by.

    Attributes
    ----------
    name : str
    terms : Terms
    cells, samples : pyarrow.Table
    seed : int
    groupings : mapping
        Data sets whose samples are grouped (see `gxarena.results.sample_groups`).
    notes : tuple of str
        What a reader must know of the joining, a sentence each.
    levels : mapping of str to str
        How far somebody else has checked cells, by their ids (see `gxarena.results.verification`).
    origins : mapping of str to tuple of (run, its cell's id)
        Of which run a cell is, by its id here, and then which others hold the same values.
    """

    name: str
    terms: Terms
    cells: pa.Table
    samples: pa.Table
    seed: int
    groupings: Mapping[str, str]
    notes: tuple[str, ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Origins] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        run: RunResults,
        name: str,
        terms: Terms,
        level: str = SELF_REPORTED,
        notes: Sequence[str] = (),
    ) -> Measured:
        """One run by itself, checked so far, with what is to be known of that."""
        samples, cells = run.table("samples", VALUES, encode=True), run.table("cells")
        record = run.record
        levels = {} if level == SELF_REPORTED else dict.fromkeys(record.cells, level)
        origins = {cell: ((name, cell),) for cell in cells["cell_id"].to_pylist()}
        about = (record.seed, record.groupings, tuple(notes), levels, origins)
        return cls(name, terms, cells, samples, *about)


def joined(first: Measured, second: Measured) -> Measured:
    """Two on the same terms as one; labels are the first one's where they mean the same."""
    second = relabelled(first, second)
    code = _other_code(first, second)
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
    kept = _without(first, outdone)
    added = _with_own_ids(_without(second, dropped), kept)
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
            *code,
            *_unknown_references(first, second),
            *_other_machines(first, second),
        ),
        {**kept.levels, **added.levels},
        {**kept.origins, **added.origins},
    )


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
                if (_reference(pair[1]) is not None) is of_comparisons
            ]
            why = _other_explainers(held, new)
            why |= _other_values(first, second, [p for p in shared if p[1]["explainer"] not in why])
            if not why:
                break
            names = _new_names(why, second.name, held, new)
            said += [
                f"{why[one]}: that of {second.name} is shown as '{names[one]}'." for one in why
            ]
            second = _with_labels(second, explainers=names)
    return second, said


def _shared(first: Measured, second: Measured) -> list[tuple[Row, Row]]:
    """Cells of both that lie in one place."""
    held, new = (last_attempts(one.cells.select(_READ)) for one in (first, second))
    places = {_place(cell): cell for cell in held}
    return [(places[_place(cell)], cell) for cell in new if _place(cell) in places]


def _reference(cell: Row) -> str | None:
    """What else than itself with other weights a cell is compared with."""
    against: str | None = cell["against"]
    return None if against == f"{cell['model']}/{cell['explainer']}" else against or None


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
    second = _with_labels(second, names[DATASET], names[MODEL])
    rows = second.cells.select(["suite", "dataset"]).to_pylist()
    for row in rows:
        row["suite"] = suites.get(row["dataset"], row["suite"])
    terms = dict(second.terms)
    for key in terms.keys() & first.terms.keys():
        if key[0] == REFERENCE and key[1].partition("/")[0] in names[MODEL].values():
            # How either suite names a model that is the same by its weights says nothing.
            (model, _), (_, explainer) = (json.loads(one.terms[key]) for one in (first, second))
            terms[key] = json.dumps([model, explainer], sort_keys=True)
    return replace(second, cells=_with_columns(second.cells, rows), terms=terms)


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


def _with_labels(
    run: Measured,
    datasets: Mapping[str, str] = MappingProxyType({}),
    models: Mapping[str, str] = MappingProxyType({}),
    explainers: Mapping[str, str] = MappingProxyType({}),
) -> Measured:
    """A run with other labels wherever it names these, also in names of comparisons."""
    if not (datasets or models or explainers):
        return run
    columns = ["dataset", "model", "explainer", "against", "metric_name"]
    rows = run.cells.select([*columns, "quantities"]).to_pylist()
    metrics: dict[str, str] = {}
    for row in rows:
        before, other = row["metric_name"], _reference(row)
        if row["against"]:
            model, _, explainer = row["against"].partition("/")
            row["against"] = f"{models.get(model, model)}/{explainers.get(explainer, explainer)}"
        if other is not None:
            row["metric_name"] = before.replace(f"[vs {other}]", f"[vs {row['against']}]")
        for key in json.loads(row.pop("quantities") or "{}"):
            end = key and f".{key}"
            metrics[before + end] = row["metric_name"] + end
        for kind, names in (("dataset", datasets), ("model", models), ("explainer", explainers)):
            row[kind] = names.get(row[kind], row[kind])
    labels = {DATASET: datasets, MODEL: models}
    return replace(
        run,
        cells=_with_columns(run.cells, rows),
        samples=_with_metrics(run.samples, {b: n for b, n in metrics.items() if b != n}),
        terms={_renamed(key, labels, explainers): value for key, value in run.terms.items()},
        groupings={datasets.get(label, label): how for label, how in run.groupings.items()},
    )


def _renamed(
    key: Key, labels: Mapping[str, Mapping[str, str]], explainers: Mapping[str, str]
) -> Key:
    """A term of what has another label now."""
    if key[0] in labels:
        return (key[0], labels[key[0]].get(key[1], key[1]), *key[2:])
    if key[0] not in _OF_REFERENCES:
        return key
    model, _, explainer = key[1].partition("/")
    return key[0], f"{labels[MODEL].get(model, model)}/{explainers.get(explainer, explainer)}"


def _with_metrics(samples: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """Values under other metrics' names."""
    if not names:
        return samples
    at, typed = samples.column_names.index("metric"), samples.schema.field("metric")
    column = encoded(samples["metric"])
    renamed = [names.get(name, name) for name in column.dictionary.to_pylist()]
    distinct = pa.array(renamed, column.dictionary.type)
    return samples.set_column(
        at, typed, pa.DictionaryArray.from_arrays(column.indices, distinct).cast(typed.type)
    )


def _without(run: Measured, cells: Collection[str]) -> Measured:
    if not cells:
        return run
    kept, values = (
        table.filter(pc.is_null(positions(table["cell_id"], cells)))
        for table in (run.cells, run.samples)
    )
    levels = {cell: level for cell, level in run.levels.items() if cell not in cells}
    origins = {cell: of for cell, of in run.origins.items() if cell not in cells}
    return replace(run, cells=kept, samples=values, levels=levels, origins=origins)


def _with_own_ids(run: Measured, other: Measured) -> Measured:
    """A run whose cells have ids that another's do not have."""
    ids, others = ({*one.cells["cell_id"].unique().to_pylist()} for one in (run, other))
    if ids.isdisjoint(others):
        return run
    cells, samples = (_with_ids_of(run.name, table) for table in (run.cells, run.samples))
    levels = {f"{cell}@{run.name}": level for cell, level in run.levels.items()}
    origins = {f"{cell}@{run.name}": of for cell, of in run.origins.items()}
    return replace(run, cells=cells, samples=samples, levels=levels, origins=origins)


def _with_ids_of(name: str, table: pa.Table) -> pa.Table:
    ids, typed = encoded(table["cell_id"]), table.schema.field("cell_id")
    longer = pc.binary_join_element_wise(ids.dictionary, name, "@")
    column = pa.DictionaryArray.from_arrays(ids.indices, longer).cast(typed.type)
    return table.set_column(table.column_names.index("cell_id"), typed, column)


def _with_columns(table: pa.Table, rows: Sequence[Row]) -> pa.Table:
    """A table with some of its columns of text written anew."""
    for name in rows[0] if rows else ():
        column = pa.array([row[name] for row in rows], pa.string())
        table = table.set_column(table.column_names.index(name), table.schema.field(name), column)
    return table


def _other_code(first: Measured, second: Measured) -> list[str]:
    """A sentence where the runs share metrics or models that different code computed."""
    changed = []
    held, new = (last_attempts(one.cells.select(_READ)) for one in (first, second))
    for kind in ("metric", "model"):
        ours, theirs = (
            {
                (c[kind], c["model_replicate"] if kind == "model" else 0): c[f"{kind}_digest"]
                for c in cells
            }
            for cells in (held, new)
        )
        both = ours.keys() & theirs.keys()
        changed += sorted({label for label, at in both if ours[label, at] != theirs[label, at]})
    if not changed:
        return []
    return [
        f"{first.name} and {second.name} were computed with other sources or versions of "
        f"libraries: {', '.join(changed)}."
    ]


def _unknown_references(first: Measured, second: Measured) -> Iterator[str]:
    """A sentence on each explanation that both compare with and not both have cells of."""
    for key in first.terms:
        code = (REFERENCE_CODE, *key[1:])
        if key[0] == REFERENCE and key in second.terms:
            lacking = [one.name for one in (first, second) if code not in one.terms]
            if lacking:
                yield (
                    f"{first.name} and {second.name} are compared with '{key[1]}' by name and "
                    f"parameters: {' and '.join(lacking)} held no cells of it, so that its code is "
                    "not known to be the same."
                )


def _other_machines(first: Measured, second: Measured) -> Iterator[str]:
    """A sentence where both say how long explaining took, and on what."""
    ours, theirs = (_devices(one.cells) for one in (first, second))
    if ours and theirs:
        on = (
            f"{ours} both, which may be other machines"
            if ours == theirs
            else f"{ours} in {first.name} and on {theirs} in {second.name}"
        )
        yield (
            f"Seconds of {first.name} and {second.name} were measured on {on}: they compare within "
            "a run alone."
        )


def _devices(cells: pa.Table) -> str:
    """On what explanations were timed; empty where nobody says."""
    timed = cells.filter(pc.is_valid(cells["explain_seconds"]))
    return " and ".join(sorted(timed["device"].drop_null().unique().to_pylist()))
