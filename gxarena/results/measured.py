"""What a run measured, or several joined: cells and samples, under other labels or in part."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gxarena.results.encoded import encoded, positions
from gxarena.results.reading import RunResults
from gxarena.results.schemas import VALUES
from gxarena.results.terms import DATASET, MODEL, REFERENCE, REFERENCE_CODE, Key, Terms
from gxarena.results.verification import Levels

Row = Mapping[str, Any]
Origins = tuple[tuple[str, str], ...]
"""Runs, each with the id that a cell has there."""

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
    levels : mapping of cell's id to mapping of quantity to str
        How far somebody has checked them (see `gxarena.results.verification`).
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
    levels: Levels = field(default_factory=dict)
    origins: Mapping[str, Origins] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        run: RunResults,
        name: str,
        terms: Terms,
        levels: Levels = MappingProxyType({}),
        notes: Sequence[str] = (),
    ) -> Measured:
        """One run by itself, checked so far, with what is to be known of that."""
        samples, cells = run.table("samples", VALUES, encode=True), run.table("cells")
        record = run.record
        origins = {cell: ((name, cell),) for cell in cells["cell_id"].to_pylist()}
        about = (record.seed, record.groupings, tuple(notes), levels, origins)
        return cls(name, terms, cells, samples, *about)


def with_labels(
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
        before, other = row["metric_name"], reference_of(row)
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
        cells=with_columns(run.cells, rows),
        samples=_with_metrics(run.samples, {b: n for b, n in metrics.items() if b != n}),
        terms={_renamed(key, labels, explainers): value for key, value in run.terms.items()},
        groupings={datasets.get(label, label): how for label, how in run.groupings.items()},
    )


def without(run: Measured, cells: Collection[str]) -> Measured:
    """A run without some of its cells, by their ids."""
    if not cells:
        return run
    kept, values = (
        table.filter(pc.is_null(positions(table["cell_id"], cells)))
        for table in (run.cells, run.samples)
    )
    levels = {cell: level for cell, level in run.levels.items() if cell not in cells}
    origins = {cell: of for cell, of in run.origins.items() if cell not in cells}
    return replace(run, cells=kept, samples=values, levels=levels, origins=origins)


def with_own_ids(run: Measured, other: Measured) -> Measured:
    """A run whose cells have ids that another's do not have."""
    ids, others = ({*one.cells["cell_id"].unique().to_pylist()} for one in (run, other))
    if ids.isdisjoint(others):
        return run
    cells, samples = (_with_ids_of(run.name, table) for table in (run.cells, run.samples))
    levels = {f"{cell}@{run.name}": level for cell, level in run.levels.items()}
    origins = {f"{cell}@{run.name}": of for cell, of in run.origins.items()}
    return replace(run, cells=cells, samples=samples, levels=levels, origins=origins)


def with_columns(table: pa.Table, rows: Sequence[Row]) -> pa.Table:
    """A table with some of its columns of text written anew."""
    for name in rows[0] if rows else ():
        column = pa.array([row[name] for row in rows], pa.string())
        table = table.set_column(table.column_names.index(name), table.schema.field(name), column)
    return table


def reference_of(cell: Row) -> str | None:
    """What else than itself with other weights a cell is compared with."""
    against: str | None = cell["against"]
    return None if against == f"{cell['model']}/{cell['explainer']}" else against or None


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


def _with_ids_of(name: str, table: pa.Table) -> pa.Table:
    ids, typed = encoded(table["cell_id"]), table.schema.field("cell_id")
    longer = pc.binary_join_element_wise(ids.dictionary, name, "@")
    column = pa.DictionaryArray.from_arrays(ids.indices, longer).cast(typed.type)
    return table.set_column(table.column_names.index("cell_id"), typed, column)
