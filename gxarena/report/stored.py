"""Attributions behind a run's numbers, from the run's store.

The store's keys digest code that may have changed since, so explanations are found by content:
those of a cell's samples whose Gini index or entropy is the value in the cell's table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gxarena.api import Model, SampleMetric
from gxarena.data import Attribution, Explained, Sample
from gxarena.errors import InputError
from gxarena.metrics.complexity import Entropy, Gini
from gxarena.report.evidence import Cell, Evidence
from gxarena.results.parquet import read_table
from gxarena.run.probe import ModelProbe
from gxarena.run.store import Store, chunk_slice

_METRICS: dict[str, type[Gini] | type[Entropy]] = {"gini": Gini, "entropy": Entropy}
_TOLERANCE = 1e-9
"""Relative: the same function of the same numbers, but perhaps of another NumPy."""


def measured_cell(evidence: Evidence, like: Cell) -> Cell | None:
    """The cell whose values tell the attributions of another cell's explainer; None without one."""
    for metric in _METRICS:
        for cell in evidence.cells(
            metric, strategies=["native"], controls=True, classes=("positive", "negative", "all")
        ):
            same = ("dataset", "model", "explainer")
            if cell.run is like.run and all(cell.facts[f] == like.facts[f] for f in same):
                return cell
    return None


def attributions_of(evidence: Evidence, like: Cell) -> dict[str, Attribution]:
    """Raw attributions of a cell's samples on the model's own units, by sample id.

    Raises
    ------
    InputError
        The run has neither a Gini index nor an entropy of them, or its store does not hold them.
    """
    names = f"{like.dataset}, {like.explanation}"
    cell = measured_cell(evidence, like)
    if cell is None:
        raise InputError(
            f"{like.run.folder.path}: expected a cell of metric gini or entropy with aggregator "
            f"native for {names}, got none. Add one to the suite and run it again."
        )
    column = cell.column()
    ids = [] if column is None else column.ids.tolist()
    for key in _candidates(cell.run.folder.path / "store", ids):
        found = Store(cell.run.folder.path / "store").read_attributions(key, ids)
        if _are(cell, found):
            return dict(zip(ids, found, strict=True))
    raise InputError(
        f"{like.run.folder.path}: expected the attributions of {names} in its store, got none "
        "whose values are those in the tables. Run the same `gxarena run` again."
    )


def lengths_of(evidence: Evidence, like: Cell) -> dict[str, int]:
    """Nucleotides of a cell's samples, by sample id; InputError as for `attributions_of`."""
    found = attributions_of(evidence, like)
    return {sample: attribution.spans.length for sample, attribution in found.items()}


def _candidates(store: Path, ids: list[str]) -> Iterator[str]:
    """Keys of stored explanations that begin with these samples and have as many chunks."""
    wanted = len(range(0, len(ids), chunk_slice(0).stop))
    for folder in sorted((store / "attributions").glob("*")):
        chunks = sorted(folder.glob("*.parquet"))
        if len(chunks) != wanted:
            continue
        held = [read_table(chunk, ["sample_id"])["sample_id"].to_pylist() for chunk in chunks]
        if [name for chunk in held for name in chunk] == ids:
            yield folder.name


def _are(cell: Cell, found: tuple[Attribution, ...]) -> bool:
    """Whether the cell's values are those of these attributions."""
    column = cell.column()
    if column is None:
        return False
    explained = Explained(
        samples=tuple(Sample(str(name), "N") for name in column.ids),
        attributions=found,
        targets=np.zeros(len(found), dtype=np.int64),
        outputs=np.zeros((len(found), 1)),
    )
    metric: SampleMetric = _METRICS[cell.metric](**cell.parameters)
    again = metric.score(explained, ModelProbe(_no_model)).values[""]
    return bool(np.allclose(again, column.values, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True))


def _no_model() -> Model:
    raise AssertionError("sparsity and complexity ask no model")
