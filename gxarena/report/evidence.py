"""What one or several runs measured: the cells that a claim, a table or a figure is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gxarena.errors import InputError
from gxarena.report.runs import ALL, ONE_SET, Cell, ClassOfSamples, NotHeld, Run, of_replicate
from gxarena.results.bundle import is_bundle, opened
from gxarena.results.excess import is_beside
from gxarena.results.schemas import REPLICATE


@dataclass(frozen=True, eq=False)
class Evidence:
    """The finished cells of the runs that a report is about, or a part of them.

    Attributes
    ----------
    runs : tuple of Run
    replicate : int or None
        Only this one of models that have several.
    without : str
        A data set that is left out.
    only_right : bool
        Only samples that the model gets right, and the one it is compared with; only cells where
        the runs tell.
    """

    runs: tuple[Run, ...]
    replicate: int | None = None
    without: str = ""
    only_right: bool = False

    @classmethod
    def of(cls, paths: Sequence[Path]) -> Evidence:
        """Read the runs.

        Raises
        ------
        InputError
            A folder is no run, or one is given twice.
        """
        _check_each_once(paths)
        return cls(tuple(Run(path) for path in paths))

    @classmethod
    @contextmanager
    def opened(cls, paths: Sequence[Path]) -> Iterator[Evidence]:
        """Read runs and bundles; what bundles hold can be read while this lasts.

        Raises
        ------
        InputError
            One is neither, or given twice.
        """
        _check_each_once(paths)
        with ExitStack() as stack:
            yield cls(
                tuple(
                    Run(stack.enter_context(opened(path)) if is_bundle(path) else path)
                    for path in paths
                )
            )

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
        asked = [
            cell
            for run in self.runs
            for cell in run.cells
            if cell.metric == metric
            and (strategies is None or cell.strategy in strategies)
            and (controls or not cell.is_control)
            and run.class_of(cell.dataset) in classes
            and cell.dataset != self.without
        ]
        parts = [of_replicate(cell, self.replicate) for cell in asked]
        counting = [self._counting(part) for part in parts if part is not None]
        return [cell for cell in counting if cell is not None]

    def floor_of(self, cell: Cell) -> Cell | None:
        """The same cell with random scores, or None where the run does not hold it.

        Of a model with replicates, those that the cell is of.
        """
        return next((one for one in self.controls_of(cell) if one.role == "floor"), None)

    def controls_of(self, cell: Cell) -> list[Cell]:
        """The same cell with the scores of each control; the ceiling, which knows truth, is none.

        Of copies that learned nothing, as `is_beside` has it. Of a model with replicates, those
        that the cell is of.
        """
        same = ("dataset", "model", "aggregator", "metric_name", "attributions_units")
        positions = {row[REPLICATE] for row in cell.rows}
        alike = [
            other
            for other in self.cells(cell.metric, controls=True, classes=ALL)
            if other.run is cell.run and all(other.facts[of] == cell.facts[of] for of in same)
        ]
        methods = {other.facts["explainer"] for other in alike if not other.is_control}
        found = []
        for other in alike:
            rows = tuple(row for row in other.rows if row[REPLICATE] in positions)
            beside = is_beside(other.facts["explainer"], cell.facts["explainer"], methods)
            if other.role in ("floor", "control") and beside and rows:
                found.append(replace(other, rows=rows))
        return found

    @property
    def replicates(self) -> list[int]:
        """Positions of replicates that any model has; empty where none has several."""
        several = (cell for run in self.runs for cell in run.cells if len(cell.rows) > 1)
        return sorted({int(row[REPLICATE]) for cell in several for row in cell.rows})

    @property
    def datasets(self) -> list[str]:
        """Labels of the data sets, in the runs' order."""
        return list(dict.fromkeys(cell.dataset for run in self.runs for cell in run.cells))

    def _counting(self, cell: Cell) -> Cell | None:
        """The cell with the samples that count, or None where the runs do not tell which do."""
        if not self.only_right:
            return cell
        models = {str(cell.facts["model"]), *cell.against.split("/")[:1]} - {""}
        found = [cell.run.right(model, cell.dataset, self.replicate) for model in sorted(models)]
        kept = [ids for ids in found if ids is not None]
        if len(kept) < len(models) or cell.facts["metric_scope"] == "set":
            return None
        return replace(cell, kept=frozenset.intersection(*kept))

    def weights(self, of_several: str) -> str:
        """Which weights something shows: as given where a model has several, else the only ones."""
        return of_several if self.replicates else ONE_SET


def groups(cells: Sequence[Cell], *facts: str) -> Iterator[tuple[Cell, ...]]:
    """Cells that share run and the named facts, in order of first appearance."""
    found: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in cells:
        key = (id(cell.run), *(cell.facts[fact] for fact in facts))
        found.setdefault(key, []).append(cell)
    return (tuple(group) for group in found.values())


def _check_each_once(paths: Sequence[Path]) -> None:
    resolved = [path.resolve() for path in paths]
    if len(set(resolved)) < len(resolved):
        twice = next(path for path in paths if resolved.count(path.resolve()) > 1)
        raise InputError(f"{twice}: expected each run once, got it twice. Leave one out.")
