"""Runs by hand: folders of tables whose truth is known."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from entry_points import entry_point

from gxarena.registry import Registry
from gxarena.results.parquet import write_table
from gxarena.results.record import RunRecord
from gxarena.results.schemas import TABLES
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.store import Store, chunk_slice, n_chunks
from gxarena.run.suite import Suite

Given = Mapping[str, Any]
MEASURED = ("values", "curves", "motifs", "attributions", "ids")
ROLES = {"random": "floor", "gc": "control", "oracle": "ceiling"}


def _cell(number: int, given: Given) -> dict[str, Any]:
    """A `cells` row; what is not given is a native cell of a token model."""
    row: dict[str, Any] = {
        "cell_id": f"{number:032x}",
        "attempt": 1,
        "suite": "by-hand",
        "dataset": "promoters",
        "n_samples": 0,
        "model": "tokens",
        "explainer": "attnlrp",
        "aggregator": "native",
        "metric": "gini",
        "against": None,
        "metric_scope": "sample",
        "quantities": json.dumps({"": {"better": "none"}}),
        "target": "1",
        "objective": "logit",
        "seed": 0,
        "status": "ok",
        "started": datetime(2026, 1, 1, tzinfo=UTC),
        "seconds": 1.0,
        "metric_parameters": "{}",
        "model_digest": "m",
        "explainer_digest": "e",
        "model_parameters": "{}",
        "dataset_digest": "d",
        "suite_digest": "s",
        "gxarena_version": "0",
        "packages": "{}",
        "packages_digest": "p",
    } | {key: value for key, value in given.items() if key not in MEASURED}
    row.setdefault("attributions_key", row["cell_id"])
    row.setdefault("metric_question", "")
    row.setdefault("explainer_role", ROLES.get(row["explainer"], "method"))
    row.setdefault("attributions_units", "nucleotide" if row["model"] == "cnn" else "token")
    for kind in ("model", "explainer", "aggregator", "metric"):
        row.setdefault(f"{kind}_component", row[kind])
        row.setdefault(f"{kind}_distribution", "gxarena")
    if isinstance(row["metric_parameters"], dict):
        row["metric_parameters"] = json.dumps(row["metric_parameters"])
    row["metric_name"] = row["metric"] + (f"[vs {row['against']}]" if row["against"] else "")
    return row


def _samples(row: Given, given: Given) -> list[dict[str, Any]]:
    return [
        {
            "cell_id": row["cell_id"],
            "sample_id": given["ids"][i] if "ids" in given else f"s{i}",
            "metric": f"{row['metric_name']}.{quantity}" if quantity else row["metric_name"],
            "value": None if value is None or np.isnan(value) else float(value),
            "reason": None,
        }
        for quantity, values in given.get("values", {}).items()
        for i, value in enumerate(values)
    ]


def _curves(row: Given, given: Given) -> list[dict[str, Any]]:
    return [
        {"cell_id": row["cell_id"], "sample_id": f"s{i}", "curve": kind, "x": x, "y": y}
        for kind, curves in given.get("curves", {}).items()
        for i, curve in enumerate(curves)
        for x, y in curve
    ]


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a run of the given cells: each a mapping of facts, and what was measured.

    `ids` of the samples (else s0, s1, …), `values` by quantity, `curves` by kind, `motifs` as rows,
    `attributions` one a sample.
    """

    def make(
        *cells: Given, name: str = "by-hand", datasets: Mapping[str, Any] | None = None
    ) -> Path:
        folder = tmp_path / name
        rows = [_cell(number, given) for number, given in enumerate(cells)]
        parts: dict[str, Sequence[dict[str, Any]]] = {
            "cells": [row | {"suite": name} for row in rows],
            "samples": [s for r, g in zip(rows, cells, strict=True) for s in _samples(r, g)],
            "curves": [c for r, g in zip(rows, cells, strict=True) for c in _curves(r, g)],
            "motifs": [
                motif | {"cell_id": row["cell_id"]}
                for row, given in zip(rows, cells, strict=True)
                for motif in given.get("motifs", ())
            ],
            "seqlets": [],
        }
        for table, content in parts.items():
            written = pa.Table.from_pylist(list(content), schema=TABLES[table])
            write_table(folder / f"{table}.parquet", written, {"digest": name, "snapshot": "one"})
        for row, given in zip(rows, cells, strict=True):
            maps = given.get("attributions", ())
            for chunk in range(n_chunks(len(maps))):
                ids = [f"s{i}" for i in range(len(maps))][chunk_slice(chunk)]
                store, part = Store(folder / "store"), maps[chunk_slice(chunk)]
                store.write_attributions(row["attributions_key"], chunk, ids, part, 1.0)
        document = {
            "name": name,
            "seed": 0,
            "headline": [],
            "datasets": datasets or {"promoters": {"labels": [1]}, "background": {"labels": [0]}},
        }
        RunRecord(name, name, tuple(row["cell_id"] for row in rows), document).write(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def _toy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data of two lengths and a real run of the toys over them."""
    folder = tmp_path_factory.mktemp("toys")
    rng = np.random.default_rng(1)
    for name, length, n in (("data", 24, 70), ("longer", 36, 9)):
        rows = (f"s{i:02d},{''.join(rng.choice(list('ACGT'), length))},1" for i in range(n))
        (folder / f"{name}.csv").write_text("\n".join(["id,sequence,label", *rows]) + "\n")
    tokens: dict[str, Any] = {
        "datasets": ["mine", "longer"],
        "models": ["toy-tokens"],
        "explainers": ["exact", "random"],
    }
    nucleotides = tokens | {"models": ["toy"]}
    sparse = {"metrics": ["gini", "entropy"]}
    blocks = [
        tokens | sparse | {"aggregators": ["native", "passed_on", "equally_distributed"]},
        tokens | {"metrics": ["special_share", "faithfulness"]},
        nucleotides | sparse | {"aggregators": ["native", "sum", "mean"]},
        nucleotides | {"metrics": ["faithfulness"]},
        tokens
        | {"metrics": ["continuous_jaccard"], "against": ["toy/exact"]}
        | {"aggregators": ["sum", "mean", "passed_on", "equally_distributed"]},
    ]
    document = {
        "name": "toy-suite",
        "target": 1,
        "partition": "toy-tokens",
        "headline": ["gini", "faithfulness.mif_drop_logit@*"],
        "datasets": {
            "mine": {"path": str(folder / "data.csv"), "labels": [1]},
            "longer": {"path": str(folder / "longer.csv")},
        },
        "matrix": blocks,
    }
    points = [*metadata.entry_points(group="gxarena"), entry_point("toys", "toy_plugin")]
    run(make_plan(Suite.model_validate(document), Registry.load(points)), folder / "run")
    return folder


@pytest.fixture
def toy_run(_toy_run: Path, tmp_path: Path) -> Path:
    """A copy, beside its data, of a real run of a model of tokens against one of nucleotides."""
    return shutil.copytree(_toy_run, tmp_path / "toys") / "run"
