"""One run, read from its folder: its finished cells, what they measured, their attributions."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from gxarena.data import Attribution
from gxarena.errors import InputError, StorageError
from gxarena.report.columns import Column, Curves, codes, grouped, joined
from gxarena.results.reading import RunResults, last_attempts
from gxarena.results.sample_groups import names_of_groups
from gxarena.results.schemas import REPLICATE
from gxarena.run.store import Store

Level = Literal["token", "nucleotide"]
ClassOfSamples = Literal["positive", "negative", "all"]
COARSENING, REFINING = ("sum", "mean"), ("passed_on", "equally_distributed")
STRATEGIES = (*COARSENING, *REFINING)
"""The paper's strategies (a), (b), (c), (d), in its order."""
LETTERS = dict(zip(STRATEGIES, "abcd", strict=True))
LABELS = ("dataset", "model", "explainer", "aggregator", "metric_name")
"""What a cell goes by; replicates of one model share all of it."""
FIRST_REPLICATE = "of a model with replicates: the first"
"""Said beside what shows one set of weights of several."""
MEAN_OF_REPLICATES = "of a model with replicates: each sequence's mean over them"
"""Said beside what shows all of them."""
ONE_SET = "one set of each model; another training may differ"
"""Said where no model has replicates."""
ALL: tuple[ClassOfSamples, ...] = ("positive", "negative", "all")


class NotHeld(InputError):
    """The runs do not hold what a claim, table or figure takes.

    A report prints it in that place: it names runs by their suites, never by their folders.
    """


@dataclass(frozen=True, eq=False)
class Cell:
    """One finished cell of a run, over all replicates of its model.

    Attributes
    ----------
    run : Run
    rows : tuple of mapping
        The row of `cells` that describes each replicate's; one where the model has none.
    kept : frozenset of str or None
        Ids of the samples that count; None where all do.
    """

    run: Run
    rows: tuple[Mapping[str, Any], ...]
    kept: frozenset[str] | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """The first replicate's row: labels and components are those of all."""
        return self.rows[0]

    @property
    def id(self) -> str:
        """The first replicate's."""
        return str(self.facts["cell_id"])

    def apart(self) -> list[Cell]:
        """One cell for each replicate."""
        return [replace(self, rows=(row,)) for row in self.rows]

    @property
    def dataset(self) -> str:
        return str(self.facts["dataset"])

    @property
    def replicate(self) -> int | None:
        """Position of the model's weights among its replicates; None where it has none."""
        position: int | None = self.facts[REPLICATE]
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
        key = f"{name}.{quantity}" if quantity else name
        found = []
        for row in self.rows:
            column = self.run.columns.get((str(row["cell_id"]), key))
            if column is not None:
                position = row[REPLICATE]
                placed = None if position is None else (int(position),)
                found.append(replace(column, positions=placed))
        together = joined(found)
        if together is None:
            return None
        if self._of_one_training:
            together = replace(together, weights=1)
        if len(found) == 1 and self.facts["model"] not in self.run.replicated:
            # The first and only one: it meets each of another model's, not the first alone.
            together = replace(together, positions=None)
        groups = self.run.groups.get(self.dataset)
        if groups is not None and self.facts["metric_scope"] != "set":
            together = replace(together, groups=np.array([groups[n] for n in together.ids], object))
        if self.kept is None:
            return together
        return together.at(np.array([name in self.kept for name in together.ids], dtype=bool))

    @property
    def _of_one_training(self) -> bool:
        """Whether its model, or the one it is compared with, has a single set of weights."""
        models = {str(self.facts["model"]), *self.against.split("/")[:1]}
        return not models - {""} <= self.run.replicated

    def quantities(self) -> list[str]:
        """Names of the quantities that have values."""
        stem = f"{self.facts['metric_name']}."
        return [n.removeprefix(stem) for c, n in self.run.columns if c == self.id]

    def curves(self, kind: str) -> Curves | None:
        """Curves of a kind such as ``mif_drop_logit``, or None where the cell has none.

        Of several replicates each sample's mean curve: all replace the same fractions but for the
        edges of tokens.
        """
        found = [self.run.curves.get((str(row["cell_id"]), kind)) for row in self.rows]
        present = [curves for curves in found if curves is not None]
        if len(present) < 2 or len({curves.x.shape for curves in present}) > 1:
            return present[0] if present else None
        means = (np.mean([getattr(c, axis) for c in present], axis=0) for axis in ("x", "y"))
        return Curves(*means)

    def motifs(self) -> list[dict[str, Any]]:
        """The patterns found, of all replicates, as rows of the run's table."""
        ids = {str(row["cell_id"]) for row in self.rows}
        return [motif for motif in self.run.motifs if motif["cell_id"] in ids]

    def attributions(self) -> dict[str, Attribution]:
        """The explainer's own attributions, on its own units, by sample id.

        Of several replicates the first one's: see `apart`.

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
                "in the run's store, got none that read. Run the same `gxarena run` again; a "
                "bundle has no store."
            ) from error
        return dict(zip(ids, found, strict=True))


class Run:
    """One run's folder: its record and its tables, each read when first asked for.

    Parameters
    ----------
    source : Path or RunResults
        Its folder, or what is open already.
    samples : pyarrow.Table, optional
        What is wanted of its `samples`, where that is in memory already.
    """

    def __init__(self, source: Path | RunResults, samples: pa.Table | None = None) -> None:
        self._samples = samples
        self.results = source if isinstance(source, RunResults) else RunResults.of(source)
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
        """The cells that are done, replicates of one model together."""
        found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
        for row in self.attempts:
            if row["status"] == "ok":
                one = row["cell_id"] if row[REPLICATE] is None else ""
                found.setdefault((one, *(row[label] for label in LABELS)), []).append(row)
        return [
            Cell(self, tuple(sorted(rows, key=lambda row: row[REPLICATE] or 0)))
            for rows in found.values()
        ]

    @functools.cached_property
    def groups(self) -> dict[str, dict[str, str]]:
        """Name of the group of each sample, of the data sets that the suite groups."""
        found: dict[str, dict[str, str]] = {}
        for label, grouping in self.results.record.groupings.items():
            cells = {
                row["cell_id"]
                for row in self.attempts
                if row["dataset"] == label and row["metric_scope"] != "set"
            }
            columns = (column for (cell, _), column in self.columns.items() if cell in cells)
            ids = list(dict.fromkeys(name for column in columns for name in column.ids))
            found[label] = names_of_groups(ids, grouping, f"datasets.{label}")
        return found

    @functools.cached_property
    def replicated(self) -> frozenset[str]:
        """Labels of models that stand for several trainings; a pair's position may be of either.

        By the suite, or by cells that are of the model alone.
        """
        own = {(str(r["model"]), r[REPLICATE] or 0) for r in self.attempts if not r["against"]}
        counts = Counter(model for model, _ in own)
        for label, alias in self.document.get("models", {}).items():
            asked = alias.get("replicates", 1)
            counts[label] = max(counts[label], len(asked) if isinstance(asked, list) else asked)
        return frozenset(model for model, count in counts.items() if count > 1)

    @functools.cached_property
    def motifs(self) -> list[dict[str, Any]]:
        """The patterns of every cell."""
        rows: list[dict[str, Any]] = self.results.table("motifs").to_pylist()
        return rows

    def right(self, model: str, dataset: str, replicate: int | None) -> frozenset[str] | None:
        """Ids of the samples that a model gets right, every replicate of it or the one named.

        None where the suite does not ask for ``accuracy`` there.
        """
        for cell in self.cells:
            if cell.metric == "accuracy" and (cell.facts["model"], cell.dataset) == (
                model,
                dataset,
            ):
                part = of_replicate(cell, replicate)
                column = part.column() if part is not None else None
                if column is not None:
                    return frozenset(column.ids[(column.replicates == 1).all(axis=0)])
        return None

    @functools.cached_property
    def columns(self) -> dict[tuple[str, str], Column]:
        """Values by cell and metric."""
        table = self.results.table("samples") if self._samples is None else self._samples
        numbers, names = codes(table, "sample_id")
        ids = np.asarray(names, dtype=object)[numbers]
        values = table["value"].to_numpy(zero_copy_only=False).astype(np.float64)
        return {key: Column(ids[rows], values[rows]) for key, rows in grouped(table, "metric")}

    @functools.cached_property
    def curves(self) -> dict[tuple[str, str], Curves]:
        """Curves by cell and kind."""
        table = self.results.table("curves")
        x, y = (
            table[name].to_numpy(zero_copy_only=False).astype(np.float64)
            for name in ("x", "y")
        )  # fmt: skip
        samples = codes(table, "sample_id")[0]
        found = {}
        for key, rows in grouped(table, "curve"):
            shape = (len(np.unique(samples[rows])), -1)
            found[key] = Curves(x[rows].reshape(shape), y[rows].reshape(shape))
        return found

    def class_of(self, dataset: str) -> ClassOfSamples:
        """Which class a data set's samples are of, by the suite's ``labels``."""
        labels = self.document.get("datasets", {}).get(dataset, {}).get("labels")
        if labels == [1]:
            return "positive"
        return "negative" if labels == [0] else "all"


def of_replicate(cell: Cell, replicate: int | None) -> Cell | None:
    """The cell of one replicate, or None where that one is not done.

    As it is where its model has no replicates, or no position is asked for.
    """
    if replicate is None or cell.replicate is None:
        return cell
    rows = tuple(row for row in cell.rows if row[REPLICATE] == replicate)
    return replace(cell, rows=rows) if rows else None
