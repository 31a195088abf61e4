"""What one or several runs measured, read from their tables, and their attributions."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from gxarena.data import Attribution, Floats, Ints
from gxarena.errors import InputError, StorageError
from gxarena.results.reading import RunResults, last_attempts
from gxarena.run.store import Store

Level = Literal["token", "nucleotide"]
ClassOfSamples = Literal["positive", "negative", "all"]
COARSENING, REFINING = ("sum", "mean"), ("passed_on", "equally_distributed")
STRATEGIES = (*COARSENING, *REFINING)
"""The paper's strategies (a), (b), (c), (d), in its order."""
LETTERS = dict(zip(STRATEGIES, "abcd", strict=True))
FIRST_REPLICATE = "of a model with replicates: the first"
"""Said beside what shows one set of weights of several."""
ALL: tuple[ClassOfSamples, ...] = ("positive", "negative", "all")


class NotHeld(InputError):
    """The runs do not hold what a claim, table or figure takes.

    A report prints it in that place: it names runs by their suites, never by their folders.
    """


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity of one cell: a value per sample, NaN where undefined.

    Parameters
    ----------
    ids : object array, shape (N,)
    values : float array, shape (N,)
    """

    ids: np.ndarray
    values: Floats

    @property
    def defined(self) -> Floats:
        """The values that are defined."""
        return self.values[np.isfinite(self.values)]


@dataclass(frozen=True, eq=False)
class Curves:
    """One kind of curve of one cell, K + 1 points a sample.

    Parameters
    ----------
    x, y : float arrays, shape (N, K + 1)
        x is the fraction of nucleotides really replaced.
    """

    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class Cell:
    """One finished cell of a run: the row of `cells` that describes it, and what was measured."""

    run: Run
    facts: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.facts["cell_id"])

    @property
    def dataset(self) -> str:
        return str(self.facts["dataset"])

    @property
    def replicate(self) -> int | None:
        """Position of the model's weights among its replicates; None where it has none."""
        position: int | None = self.facts["model_replicate"]
        return position

    @property
    def explanation(self) -> str:
        """Model and explainer, as suites write them in ``against``."""
        return f"{self.facts['model']}/{self.facts['explainer']}"

    @property
    def against(self) -> str:
        """What a pair metric compared with; empty for others."""
        return str(self.facts["against"] or "")

    @property
    def metric(self) -> str:
        """The metric's component; its label in the suite may differ."""
        return str(self.facts["metric_component"])

    @property
    def strategy(self) -> str:
        """The aggregator's component; its label in the suite may differ."""
        return str(self.facts["aggregator_component"])

    @property
    def role(self) -> str:
        """The explainer's: "method", "control", "floor" or "ceiling"."""
        return str(self.facts["explainer_role"])

    @property
    def is_control(self) -> bool:
        """Whether the explainer is a yardstick, not a contestant."""
        return self.role != "method"

    @property
    def level(self) -> Level:
        """What the explainer speaks of, before any strategy carries it elsewhere."""
        level: Level = self.facts["attributions_units"]
        return level

    @property
    def kind(self) -> str:
        """Of what the data set's sequences are: promoters, enhancers, …; empty where unsaid."""
        return str(self.facts["dataset_kind"] or "")

    @functools.cached_property
    def parameters(self) -> dict[str, Any]:
        """The metric's resolved parameters."""
        return dict(json.loads(self.facts["metric_parameters"] or "{}"))

    def column(self, quantity: str = "") -> Column | None:
        """A quantity's values, or None where the cell has no such quantity."""
        name = str(self.facts["metric_name"])
        return self.run.columns.get((self.id, f"{name}.{quantity}" if quantity else name))

    def quantities(self) -> list[str]:
        """Names of the quantities that have values."""
        stem = f"{self.facts['metric_name']}."
        return [n.removeprefix(stem) for c, n in self.run.columns if c == self.id]

    def curves(self, kind: str) -> Curves | None:
        """Curves of a kind such as ``mif_drop_logit``, or None where the cell has none."""
        return self.run.curves.get((self.id, kind))

    def attributions(self) -> dict[str, Attribution]:
        """The explainer's own attributions, on its own units, by sample id.

        Raises
        ------
        NotHeld
            The run's store does not hold them.
        """
        columns = (column for (cell, _), column in self.run.columns.items() if cell == self.id)
        ids: list[str] = next((column.ids.tolist() for column in columns), [])
        try:
            store = Store(self.run.results.path / "store")
            found = store.read_attributions(str(self.facts["attributions_key"]), ids)
        except StorageError as error:
            raise NotHeld(
                f"{self.run.name}: expected the attributions of {self.explanation}, {self.dataset} "
                "in the run's store, got none that read. Run the same `gxarena run` again."
            ) from error
        return dict(zip(ids, found, strict=True))


class Run:
    """One run's folder: its record and its tables, each read when first asked for."""

    def __init__(self, path: Path) -> None:
        self.results = RunResults.of(path)
        self.name = self.results.record.suite
        self.document = self.results.record.document
        self.digest = self.results.record.digest

    def __repr__(self) -> str:
        return f"Run({str(self.results.path)!r})"

    @functools.cached_property
    def attempts(self) -> list[dict[str, Any]]:
        """The `cells` row of every cell's last attempt, whatever became of it."""
        return last_attempts(self.results.table("cells"))

    @functools.cached_property
    def cells(self) -> list[Cell]:
        """The cells that are done."""
        return [Cell(self, row) for row in self.attempts if row["status"] == "ok"]

    @functools.cached_property
    def columns(self) -> dict[tuple[str, str], Column]:
        """Values by cell and metric."""
        table = self.results.table("samples")
        codes, names = _codes(table, "sample_id")
        ids = np.asarray(names, dtype=object)[codes]
        values = table["value"].to_numpy(zero_copy_only=False).astype(np.float64)
        return {key: Column(ids[rows], values[rows]) for key, rows in _grouped(table, "metric")}

    @functools.cached_property
    def curves(self) -> dict[tuple[str, str], Curves]:
        """Curves by cell and kind."""
        table = self.results.table("curves")
        x, y = (
            table[name].to_numpy(zero_copy_only=False).astype(np.float64)
            for name in ("x", "y")
        )  # fmt: skip
        samples = _codes(table, "sample_id")[0]
        found = {}
        for key, rows in _grouped(table, "curve"):
            shape = (len(np.unique(samples[rows])), -1)
            found[key] = Curves(x[rows].reshape(shape), y[rows].reshape(shape))
        return found

    def class_of(self, dataset: str) -> ClassOfSamples:
        """Which class a data set's samples are of, by the suite's ``labels``."""
        labels = self.document.get("datasets", {}).get(dataset, {}).get("labels")
        if labels == [1]:
            return "positive"
        return "negative" if labels == [0] else "all"


@dataclass(frozen=True, eq=False)
class Evidence:
    """The finished cells of the runs that a report is about."""

    runs: tuple[Run, ...]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> Evidence:
        """Read the runs.

        Raises
        ------
        InputError
            A folder is no run, or one is given twice.
        """
        resolved = [path.resolve() for path in paths]
        if len(set(resolved)) < len(resolved):
            twice = next(path for path in paths if resolved.count(path.resolve()) > 1)
            raise InputError(f"{twice}: expected each run once, got it twice. Leave one out.")
        return cls(tuple(Run(path) for path in paths))

    @property
    def where(self) -> str:
        """The runs' suites, as errors name them."""
        return ", ".join(dict.fromkeys(run.name for run in self.runs))

    def missing(self, what: str, needs: str) -> NotHeld:
        """The error that says what to add to the suite for a figure or table."""
        return NotHeld(
            f"{what}, {self.where}: expected {needs}, got a run without. Add it to the suite and "
            "run it again."
        )

    def cells(
        self,
        metric: str,
        *,
        strategies: Sequence[str] | None = None,
        controls: bool = False,
        classes: Sequence[ClassOfSamples] = ("positive", "all"),
    ) -> list[Cell]:
        """The cells of a metric (a component's name), in the runs' order.

        Of a model with replicates those of the first; `replicates` gives the others.

        Parameters
        ----------
        metric : str
        strategies : sequence of str, optional
            Only these aggregators (components' names).
        controls : bool
            Whether control explainers are wanted too.
        classes : sequence of str
            Only data sets of these classes.
        """
        return [
            cell
            for run in self.runs
            for cell in run.cells
            if cell.metric == metric
            and not cell.replicate
            and (strategies is None or cell.strategy in strategies)
            and (controls or not cell.is_control)
            and run.class_of(cell.dataset) in classes
        ]

    def replicates(self, cell: Cell) -> list[Cell]:
        """A cell and what it is on each other replicate of its model, by position."""
        return sorted(
            (one for one in cell.run.cells if all(one.facts[f] == cell.facts[f] for f in _SAME)),
            key=lambda one: one.replicate or 0,
        )

    @property
    def has_replicates(self) -> bool:
        """Whether what shows one set of weights must say so."""
        return any(cell.replicate for run in self.runs for cell in run.cells)


_SAME = ("dataset", "model", "explainer", "aggregator", "metric", "against")
"""What cells share that differ by the replicate alone."""


def groups(cells: Sequence[Cell], *facts: str) -> Iterator[tuple[Cell, ...]]:
    """Cells that share run and the named facts, in order of first appearance."""
    found: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in cells:
        key = (id(cell.run), *(cell.facts[fact] for fact in facts))
        found.setdefault(key, []).append(cell)
    return (tuple(group) for group in found.values())


def _grouped(table: pa.Table, what: str) -> Iterator[tuple[tuple[str, str], Ints]]:
    """((cell, `what`), its rows in their order); a cell's curves come chunk by chunk."""
    if not len(table):
        return
    codes, names = zip(*(_codes(table, column) for column in ("cell_id", what)), strict=True)
    order = np.lexsort((codes[1], codes[0]))
    cells, kinds = codes[0][order], codes[1][order]
    edges = np.flatnonzero((np.diff(cells) != 0) | (np.diff(kinds) != 0)) + 1
    for rows in np.split(order, edges):
        yield (names[0][codes[0][rows[0]]], names[1][codes[1][rows[0]]]), rows


def _codes(table: pa.Table, column: str) -> tuple[Ints, list[str]]:
    """A column of text as numbers, and what they stand for."""
    encoded = table[column].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # of an empty table
        return np.zeros(0, dtype=np.int64), []
    return np.asarray(encoded.indices, dtype=np.int64), encoded.dictionary.to_pylist()
