"""Folders of runs with chosen values, written as finished runs are: run.json and the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.files import writing
from gxarena.identity import digest
from gxarena.results.parquet import read_identity, write_sealed, write_table
from gxarena.results.reading import RunResults
from gxarena.results.record import RunRecord
from gxarena.results.schemas import TABLES

Values = Sequence[float | None]
ROLES = {"random": "floor", "oracle": "ceiling"}
CELL: Mapping[str, Any] = {
    "attempt": 1, "suite": "s", "suite_digest": "", "gxarena_version": "0", "dataset": "d",
    "dataset_digest": "d" * 64, "model": "m", "model_component": "cnn",
    "model_parameters": '{"checkpoint": "here", "device": "auto"}', "model_digest": "c" * 32,
    "model_weights_digest": "a" * 32, "model_replicate": None, "explainer_parameters": "{}",
    "aggregator": "native", "aggregator_component": "native", "aggregator_parameters": "{}",
    "metric": "q", "metric_component": "q", "metric_parameters": "{}", "metric_digest": "e" * 32,
    "metric_name": "q", "metric_scope": "sample", "metric_question": "localization",
    "quantities": json.dumps({"": {"better": "higher"}}), "target": "1", "objective": "logit",
    "seed": 0, "status": "ok", "started": datetime(2026, 1, 1, tzinfo=UTC), "seconds": 1.0,
    "explain_seconds": 2.0, "packages": "{}", "packages_digest": "",
}  # fmt: skip


def write_run(
    folder: Path,
    values: Mapping[str, Values],
    document: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """A run of one metric; explainer -> its values, or None for a cell that failed.

    Keyword arguments replace what the cells say; a mapping is by explainer.
    """
    cells, samples = [], []
    for explainer, given in values.items():
        row = {
            **CELL,
            "explainer": explainer,
            "explainer_component": explainer,
            "explainer_role": ROLES.get(explainer, "method"),
            "n_samples": len(given),
        }
        for name, value in changes.items():
            if not isinstance(value, Mapping):
                row[name] = value
            elif explainer in value:
                row[name] = value[explainer]
        row["cell_id"] = digest([folder.name, row["metric_name"], explainer])
        cells.append(row)
        if row["status"] == "ok":
            samples += [
                {
                    "cell_id": row["cell_id"],
                    "sample_id": str(i),
                    "metric": row["metric_name"],
                    "value": v,
                }
                for i, v in enumerate(given)
            ]
    whole = {"seed": 0, "headline": [], "datasets": {}} | dict(document or {})
    ids = tuple(row["cell_id"] for row in cells)
    record = RunRecord("s", digest([folder.name, ids]), ids, whole)
    folder.mkdir(parents=True)
    record.write(folder)
    results = RunResults.of(folder)
    for name, schema in TABLES.items():
        rows = {"cells": cells, "samples": samples}.get(name, [])
        write_table(
            folder / f"{name}.parquet", pa.Table.from_pylist(rows, schema), results.footer(name)
        )
    return folder


def rewrite_table(path: Path, table: pa.Table, rows: int | None = None) -> None:
    """Write a table of a run anew, of so many rows a group, as if the run had written it."""
    identity, step = read_identity(path) or {}, rows or max(1, len(table))
    groups = [table.slice(start, step) for start in range(0, max(1, len(table)), step)]
    with writing(path) as file:
        write_sealed(file, table.schema.remove_metadata(), groups, identity)
