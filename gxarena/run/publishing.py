"""What children hand back, checked, and written by the only process that writes.

A child shares its process with a plugin: nothing that it says is taken for granted. What is
written are values that this process has read, each under the key of what was ordered.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gxarena.data import Sample, Spans
from gxarena.errors import GxarenaError, PluginError, StorageError, reason
from gxarena.results.bundle import are_quantities
from gxarena.results.encoded import encoded, positions
from gxarena.results.schemas import STATUSES, TABLES
from gxarena.run.cell_rows import Row, Tables
from gxarena.run.cells import Cell
from gxarena.run.choices import check_unchanged
from gxarena.run.endings import refused, what_changed
from gxarena.run.frames import Frame, table_of
from gxarena.run.parts import Part, together
from gxarena.run.plan import Plan
from gxarena.run.scoring import components_of
from gxarena.run.store import (
    ATTRIBUTIONS,
    HARDWARE,
    PREDICTIONS,
    SHARED,
    Store,
    attributions_of,
    chunk_slice,
    predictions_of,
)
from gxarena.run.tasks import Component, Shard

_DIGITS = 32
_DIGEST = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")
"""A key of a metric's answers is two of them: who asks, and what."""
_TEXTS = (
    "quantities", "attributions_units", "units", "device", "dtype",
    "error_type", "error_message", "error_traceback",
)  # fmt: skip
_NUMBERS = ("explain_seconds", "seconds")
_COUNTS = ("asked", "again", "peak_memory")
_COUNTED = ("forwards", "backwards", "peak_memory")
_ODD = (LookupError, TypeError, ValueError, OverflowError, RecursionError, pa.ArrowException)
"""What is raised over values of other kinds, and over JSON that is nested too deep."""


class Publisher:
    """Takes what children sent into the run's store."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._plan = plan
        self._store = store

    def are_current(self, shards: Iterable[Shard]) -> bool:
        """Whether all components that shards are made of are what was planned."""
        try:
            self._check_current(shards)
        except GxarenaError:
            return False
        return True

    def keep(
        self, shard: Shard, frames: Sequence[Frame], end: Mapping[str, Any], *, current: bool
    ) -> Mapping[str, Any]:
        """How a shard ended, once its results are kept.

        It failed where the child changed what it must leave alone, or its results are not what was
        ordered; or, where not everything is `current`, something that it is made of was changed.

        Raises
        ------
        StorageError
            The disk is full or read-only.
        """
        if end["status"] != "ok":
            return end
        try:
            if changed := what_changed(end):
                self._discard(shard)
                raise PluginError(changed)
            if not current:
                self._check_current([shard])
            if shard.cell:
                self.answers(shard.cell, shard.order["models"], frames)
            else:
                self.stored(shard.order, frames)
        except StorageError:
            raise
        except GxarenaError as error:
            return refused(shard, error, end)
        return end

    def stored(self, order: Mapping[str, Any], frames: Sequence[Frame]) -> None:
        """Keep predictions or attributions of the chunk that was ordered.

        Raises
        ------
        PluginError
            They are not what was ordered, or break their contract.
        StorageError
            The disk is full or read-only.
        """
        found = [frame for frame in frames if frame.header["type"] == "stored"]
        if len(found) != 1 or len(frames) != 1:
            raise PluginError(f"expected one table of the child, got {len(frames)}.")
        (frame,) = found
        samples = self._plan.datasets[order["dataset"]].samples[chunk_slice(order["chunk"])]
        try:
            if order["kind"] == "predict":
                self._predictions(order, frame, samples)
            else:
                self._attributions(order, frame, samples)
        except _ODD as error:
            raise _are_odd(error) from error

    def answers(self, cell: Cell, models: Sequence[str], frames: Sequence[Frame]) -> None:
        """Keep what a cell's metric asked these models whoever explains; what is there stays."""
        askers = {self._plan.asker_key(cell.dataset, model, cell.metric) for model in models}
        try:
            for frame in frames:
                if frame.header["type"] == "stored":
                    self._answer(askers, frame.header, table_of(frame.payload, SHARED))
        except _ODD as error:
            raise _are_odd(error) from error

    def _answer(self, askers: set[str], header: Mapping[str, Any], table: pa.Table) -> None:
        key, shape = str(header.get("key")), header.get("shape")
        own = key[:_DIGITS] in askers and _DIGEST.fullmatch(key[_DIGITS:])
        if header.get("stage") != "shared" or not own:
            raise PluginError("expected answers under a key of their own, got another's.")
        values = table["value"].to_numpy()
        if not isinstance(shape, list) or math.prod(shape) != len(values):
            raise PluginError(f"expected answers of shape {shape}, got {len(values)}.")
        if self._store.read_shared(key) is None:
            answers = np.asarray(values, dtype=np.float64).reshape(shape)
            self._store.write_shared(key, answers, _number(header["seconds"]))

    def _discard(self, shard: Shard) -> None:
        """Keep nothing of an explainer's task."""
        if "explainer" in shard.order:
            names = (shard.order[name] for name in ("dataset", "model", "explainer"))
            self._store.discard("attributions", self._plan.explain_key(*names))

    def _check_current(self, shards: Iterable[Shard]) -> None:
        """Raise InputError where a component is no longer what was planned."""
        components: set[Component] = set()
        for shard in shards:
            of_cell = components_of(self._plan, shard.cell) if shard.cell else None
            components.update(shard.task.components if of_cell is None else of_cell)
        choices = [self._plan.choice(*one) for one in sorted(components)]
        check_unchanged(self._plan.registry, choices)

    def _predictions(
        self, order: Mapping[str, Any], frame: Frame, samples: tuple[Sample, ...]
    ) -> None:
        table = _of(frame, PREDICTIONS, samples)
        predictions = predictions_of(table)
        outputs, spans = predictions.outputs, predictions.spans
        if outputs.ndim != 2 or not np.isfinite(outputs).all():
            raise PluginError(f"expected finite outputs, got an array of shape {outputs.shape}.")
        _check_tiled(spans, samples)
        self._store.write_predictions(
            self._plan.predict_key(order["dataset"], order["model"]),
            order["chunk"],
            [sample.id for sample in samples],
            predictions,
            _number(frame.header["seconds"]),
            {name: _text(frame.header.get(name, "")) for name in HARDWARE},
        )

    def _attributions(
        self, order: Mapping[str, Any], frame: Frame, samples: tuple[Sample, ...]
    ) -> None:
        attributions = attributions_of(_of(frame, ATTRIBUTIONS, samples))
        _check_tiled([one.spans for one in attributions], samples)
        cost = frame.header.get("cost")
        self._store.write_attributions(
            self._plan.explain_key(order["dataset"], order["model"], order["explainer"]),
            order["chunk"],
            [sample.id for sample in samples],
            attributions,
            _number(frame.header["seconds"]),
            None if cost is None else (_number(cost[0]), _number(cost[1])),
        )


def outcome(
    plan: Plan, cell: Cell, parts: Sequence[tuple[Mapping[str, Any], Sequence[Frame]]]
) -> tuple[Row, Tables]:
    """What a cell's row says of this attempt, and its rows of other tables.

    Parameters
    ----------
    plan : Plan
    cell : Cell
    parts : sequence of (how it ended, frames)
        Of its parts, in the order of samples; the last may be one that failed.

    Raises
    ------
    PluginError
        They are another cell's, or not what the metric was asked for.
    """
    samples = plan.datasets[cell.dataset].samples
    try:
        row, tables = together([_part(plan, cell, *one) for one in parts], len(samples))
        _check_row(row)
    except _ODD as error:
        raise _are_odd(error) from error
    if row["status"] == "ok":
        _check_cell(plan, cell, samples, tables)
    return row, tables


def _part(plan: Plan, cell: Cell, end: Mapping[str, Any], frames: Sequence[Frame]) -> Part:
    """What a child said of some of a cell's samples, each value of the kind that it must be."""
    row: Row = {"status": end["status"] if end["status"] in STATUSES else "error"}
    row |= {name: _text(end[name]) for name in _TEXTS if end.get(name) is not None}
    row |= {name: _number(end[name]) for name in _NUMBERS if end.get(name) is not None}
    row |= {name: int(_number(end[name])) for name in _COUNTS if end.get(name) is not None}
    if end.get("cost") is not None:
        forwards, backwards = end["cost"]
        row["cost"] = _number(forwards), _number(backwards)
    if "attributions_key" in end:
        prints = end.get("attributions_fingerprint")
        row["attributions_key"] = plan.explain_key(cell.dataset, cell.weights, cell.explainer)
        row["attributions_fingerprint"] = None if prints is None else list(map(_real, prints))
    tables: Tables = {}
    for frame in frames:
        if row["status"] == "ok" and frame.header["type"] == "table":
            name = str(frame.header.get("name"))
            if name not in TABLES or name == "cells" or name in tables:
                raise PluginError(f"expected a table of results, got '{name}'.")
            tables[name] = table_of(frame.payload, TABLES[name])
    return row, tables


def _check_row(row: Row) -> None:
    """Refuse what no cell comes to, and what no table can hold or no reader makes sense of."""
    for name in _COUNTED:
        if not 0 <= (row.get(name) or 0) < 2**63:
            raise PluginError(f"expected how many {name} there were, got {row[name]}.")
    quantities = json.loads(row.get("quantities", "{}"))
    if not isinstance(quantities, dict) or not are_quantities(quantities):
        raise PluginError(f"expected what a metric's quantities are, got {row['quantities']}.")


def _check_cell(plan: Plan, cell: Cell, samples: Sequence[Sample], parts: Tables) -> None:
    ids = [sample.id for sample in samples]
    known = {*ids, ""}
    for table in parts.values():
        of_cell = table["cell_id"].unique().to_pylist()
        named = table["sample_id"].unique().to_pylist() if "sample_id" in table.schema.names else []
        if {*of_cell} - {cell.id} or {*named} - known:
            raise PluginError("expected rows of the cell that was ordered, got others.")
    if (rows := parts.get("samples")) is None:
        return
    finite = pc.all(pc.is_finite(rows["value"].drop_null()), min_count=0).as_py()
    if rows["metric"].null_count or not finite:
        raise PluginError("expected finite values, or none with a reason, got others.")
    expected = [""] if plan.scope(cell.metric) == "set" else ids
    metrics = encoded(rows["metric"])
    names = metrics.dictionary.to_pylist()
    own = [name == cell.metric_name or name.startswith(f"{cell.metric_name}.") for name in names]
    order = np.argsort(metrics.indices.to_numpy(), kind="stable")
    of_metric = metrics.indices.to_numpy()[order]
    of_sample = positions(rows["sample_id"], expected).fill_null(-1).to_numpy()[order]
    every = np.indices((len(names), len(expected))).reshape(2, -1)
    if not all(own) or not np.array_equal([of_metric, of_sample], every):
        raise PluginError(f"expected a value of '{cell.metric_name}' for each sample.")


def _of(frame: Frame, schema: pa.Schema, samples: Sequence[Sample]) -> pa.Table:
    table = table_of(frame.payload, schema)
    if table["sample_id"].to_pylist() != [sample.id for sample in samples]:
        raise PluginError("expected the samples that were ordered, got others.")
    return table


def _check_tiled(spans: Sequence[Spans], samples: Sequence[Sample]) -> None:
    if [one.length for one in spans] != [len(sample.sequence) for sample in samples]:
        raise PluginError("expected units that tile every sequence, got others.")


def _are_odd(error: Exception) -> PluginError:
    return PluginError(f"expected whole values of the child, got {reason(error)}.")


def _text(value: object) -> str:
    """What it says, as UTF-8 can hold it, which no table does otherwise."""
    text = str(value)
    text.encode()
    return text


def _number(value: object) -> float:
    number = _real(value)
    if not math.isfinite(number):
        raise PluginError(f"expected a number, got {value!r}.")
    return number


def _real(value: object) -> float:
    """A number that may be none: of maps with scores that are not finite a fingerprint has some."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PluginError(f"expected a number, got {value!r}.")
    return float(value)
