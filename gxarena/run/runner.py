"""Walks a plan: one cell at a time, failures isolated, every finished cell on disk at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.api import Scored, SetScored
from gxarena.capabilities import PROBE
from gxarena.data import Explained
from gxarena.errors import MissingExtra, PluginError, StorageError, Unsupported
from gxarena.metrics.renormalisation import renormalised
from gxarena.results.folder import RunFolder
from gxarena.results.provenance import peak_memory
from gxarena.results.reading import RunResults
from gxarena.results.record import RunRecord
from gxarena.results.same_maps import fingerprint
from gxarena.results.schemas import SETTLED
from gxarena.results.segments import SegmentWriter
from gxarena.run.cell_rows import CellRows, as_json, mean_scored, scored_rows, units_of
from gxarena.run.cells import Cell, Explanation
from gxarena.run.choices import resolved_parameters
from gxarena.run.failures import failure
from gxarena.run.plan import Plan, renewed
from gxarena.run.probe import ModelProbe
from gxarena.run.stages import Report, Stages
from gxarena.run.store import Store

CellReport = Callable[[Cell, str, str], None]
"""Told of each settled cell: the cell, its status, its error message."""


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Attributes
    ----------
    statuses : mapping of status to number of cells of the plan, by their last attempt
    reused : int
        Cells that an earlier run had settled.
    leaderboard : pyarrow.Table
    interrupted : bool
    """

    statuses: Mapping[str, int]
    reused: int
    leaderboard: pa.Table
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every cell that was due is done."""
        return set(self.statuses) <= SETTLED


def run(
    plan: Plan,
    out: Path,
    *,
    report: Report | None = None,
    report_cell: CellReport | None = None,
) -> Summary:
    """Run a plan into a folder, or take up an earlier run of the same suite there.

    Raises
    ------
    InputError
        The folder is another suite's, or a component does not have a parameter it is given.
    StorageError
        The disk is full or read-only; what was finished is kept.
    """
    folder = RunFolder(out)
    folder.check(record_of(plan))
    with folder.locked():
        folder.claim(record_of(plan))
        done, interrupted = _done(plan, folder), False
        _check_components(plan, done)
        try:
            planned = plan
            plan, stages = _with_downloads(plan, done, folder, report)
            if plan is not planned:
                done = _done(plan, folder)
            if due := list(_in_order(plan, done)):
                results = RunResults.of(folder.path)
                made = {cell.id: results.attempts_made(cell.id) for cell in due}
                with folder.writer() as segments:
                    walk = _Walk(plan, segments, stages, made)
                    for cell in due:
                        status, message = walk.attempt(cell)
                        if report_cell:
                            report_cell(cell, status, message)
        except KeyboardInterrupt:
            interrupted = True
        board = folder.finish()
        counts = Counter(_statuses(plan, folder).values())
        return Summary(dict(counts), len(done), board, interrupted)


def _with_downloads(
    plan: Plan, done: set[str], folder: RunFolder, report: Report | None
) -> tuple[Plan, Stages]:
    """The plan once what it names on a hub is here, and is known by its commit; and its stages."""
    store = Store(folder.path / "store")
    stages = Stages(plan, store, report)
    due = [cell for cell in plan.cells if cell.id not in done and not cell.unsupported]
    models = {other.weights for cell in due for other in (cell.explanation, *cell.against)}
    models |= {plan.partition(cell.replicate) for cell in due if plan.suite.partition}
    if not stages.download(models):
        return plan, stages
    plan = renewed(plan)
    folder.claim(record_of(plan))
    # Loaded anew, a model cannot be of another commit than the one that now counts.
    return plan, Stages(plan, store, report)


def record_of(plan: Plan) -> RunRecord:
    """What a run folder says of a plan."""
    return RunRecord(
        suite=plan.suite.name,
        digest=plan.digest,
        cells=tuple(cell.id for cell in plan.cells),
        document=plan.suite.model_dump(mode="json"),
    )


def _statuses(plan: Plan, folder: RunFolder) -> dict[str, str]:
    """The status of each cell of a plan by its last attempt."""
    return RunResults.of(folder.path).statuses([cell.id for cell in plan.cells])


def _done(plan: Plan, folder: RunFolder) -> set[str]:
    """Cells that need no further attempt.

    One that a component refused while it worked may do by now: only the refusals of this plan,
    which are part of the cells' ids, stand.
    """
    statuses = _statuses(plan, folder)
    return {
        cell.id
        for cell in plan.cells
        if statuses[cell.id] in SETTLED and (statuses[cell.id] != "unsupported" or cell.unsupported)
    }


def _in_order(plan: Plan, done: set[str]) -> Iterator[Cell]:
    """Cells still due, those of one set of weights and explainer together: each is loaded once.

    What compares replicates comes last, when each of them is explained.
    """

    def place(cell: Cell) -> tuple[Any, ...]:
        several = len(cell.against) > 1
        return cell.dataset, cell.model, several, cell.weights, cell.explainer, bool(cell.against)

    return iter(sorted((cell for cell in plan.cells if cell.id not in done), key=place))


def _check_components(plan: Plan, done: set[str]) -> None:
    """Say before any work what the user can mend: a parameter that is not there, missing extras.

    A component that does not import fails its cells and the others run; where no cell can run
    for want of an extra, one sentence says so instead. Where nothing is due nothing is imported.
    """
    missing: dict[tuple[str, str], MissingExtra] = {}
    due = [cell for cell in plan.cells if cell.id not in done]
    for key, choice in plan.choices.items() if due else ():
        try:
            resolved_parameters(choice, plan.registry)
        except MissingExtra as error:
            missing[key] = error
        except (PluginError, ValueError):
            continue
    if missing and all(missing.keys() & _components(cell) for cell in due):
        raise next(iter(missing.values()))


def _components(cell: Cell) -> set[tuple[str, str]]:
    """The (kind, label) of everything a cell runs."""
    kinds = ("explainer", "aggregator", "metric")
    return {("models", cell.weights), *((f"{kind}s", getattr(cell, kind)) for kind in kinds)}


class _Walk:
    """One run's way through its cells."""

    def __init__(
        self, plan: Plan, out: SegmentWriter, stages: Stages, made: Mapping[str, int]
    ) -> None:
        self._plan = plan
        self._out = out
        self._stages = stages
        self._made = made
        self._rows = CellRows(plan)
        self._fingerprints: dict[str, list[float]] = {}

    def attempt(self, cell: Cell) -> tuple[str, str]:
        """Score one cell and write what came of it; returns status and error message."""
        start, started = time.perf_counter(), datetime.now(UTC)
        asked = self._asked(cell)
        probes = [self._probe(cell, one) for one in asked]
        row = self._rows.of(cell) | {
            "attempt": self._made[cell.id] + 1, "started": started, "status": "ok",
        }  # fmt: skip
        parts: dict[str, list[dict[str, Any]]] = {}
        try:
            if cell.unsupported:
                raise Unsupported(cell.unsupported)
            metric = self._stages.create("metrics", cell.metric)
            row["quantities"] = as_json({k: asdict(q) for k, q in metric.quantities.items()})
            row |= self._attributions(cell)
            read, scored = self._score(cell, metric, probes)
            models = {("models", one.weights) for one in asked}
            self._stages.check_unchanged(*(_components(cell) | models))
            row["units"] = units_of(read)
            parts = scored_rows(cell, read.samples, scored, metric.quantities)
            row |= self._cost(cell, probes)
        except StorageError:
            raise
        except KeyboardInterrupt:
            self._out.add(row | {"status": "interrupted", "seconds": 0.0})
            raise
        # A plugin may raise anything, SystemExit included; its cell fails and the others run.
        except BaseException as error:
            row |= failure(error)
        row["seconds"] = time.perf_counter() - start
        row["peak_memory"] = peak_memory()
        self._out.add(row, parts)
        return row["status"], row.get("error_message") or ""

    def _asked(self, cell: Cell) -> tuple[Explanation, ...]:
        """Whose model the metric may ask: of a pair metric that does, those compared with."""
        asks = PROBE in self._plan.choice("metrics", cell.metric).requires
        return cell.against if asks and cell.against else (cell.explanation,)

    def _probe(self, cell: Cell, asked: Explanation) -> ModelProbe:
        """The door to a model; it has an explainer where that is the cell's own."""
        own = asked == cell.explanation
        return ModelProbe(
            lambda: self._stages.model(asked.weights),
            explain=self._stages.explain_again(asked.weights, asked.explainer) if own else None,
            share=self._stages.share(cell.dataset, asked.weights, cell.metric),
        )

    def _attributions(self, cell: Cell) -> dict[str, Any]:
        """Where the cell's attributions are found, and what they are on."""
        names = (cell.dataset, cell.weights, cell.explainer)
        explained, key = self._stages.explained(*names), self._plan.explain_key(*names)
        if key not in self._fingerprints:
            self._fingerprints[key] = fingerprint(explained)
        return {
            "attributions_key": key,
            "attributions_units": units_of(explained),
            "attributions_fingerprint": self._fingerprints[key],
        }

    def _score(
        self, cell: Cell, metric: Any, probes: Sequence[ModelProbe]
    ) -> tuple[Explained, Scored | SetScored]:
        """The attributions as the metric read them, and what it says of them."""
        explained = self._stages.explained(cell.dataset, cell.weights, cell.explainer)
        partition = self._plan.partition(cell.replicate)

        def projected(one: Explained) -> Explained:
            if cell.against and metric.renormalise:
                one = renormalised(one)
            return self._stages.projected(one, cell.dataset, cell.aggregator, partition)

        read = projected(explained)
        if cell.against:
            others = (
                self._stages.explained(cell.dataset, o.weights, o.explainer) for o in cell.against
            )
            if self._asked(cell) is not cell.against:
                return read, mean_scored([metric.compare(read, projected(one)) for one in others])
            pairs = zip(others, probes, strict=True)
            return read, mean_scored([metric.compare(read, projected(o), p) for o, p in pairs])
        if self._plan.scope(cell.metric) == "set":
            return read, metric.score_set(read)
        return read, metric.score(read, probes[0])

    def _cost(self, cell: Cell, probes: Sequence[ModelProbe]) -> dict[str, Any]:
        """What the cell cost: the explainer's share and the probe's.

        Explainers declare what a sequence costs, or, where that depends on the sequence, say it in
        ``diagnostics["forwards"]``; asked again by a metric, the mean of that.
        """
        row: dict[str, Any] = {
            "explain_seconds": self._stages.explain_seconds(
                cell.dataset, cell.weights, cell.explainer
            ),
            "forwards": sum(probe.forwards for probe in probes),
        }
        explainer = self._stages.create("explainers", cell.explainer)
        cost = getattr(explainer, "cost", None) or _counted(
            self._stages.explained(cell.dataset, cell.weights, cell.explainer)
        )
        if cost is not None:
            again = sum(probe.explanations for probe in probes)
            explained = len(self._plan.datasets[cell.dataset].samples) + again
            row |= {
                "forwards": row["forwards"] + round(explained * cost[0]),
                "backwards": round(explained * cost[1]),
            }
        model = self._stages.loaded(self._asked(cell)[0].weights)
        return row | {
            "device": str(getattr(model, "device", "cpu")) if model else None,
            "dtype": str(getattr(model, "dtype", "")).removeprefix("torch.") if model else None,
        }


def _counted(explained: Explained) -> tuple[float, float] | None:
    """Mean forwards and backwards a sequence, where the attributions say them."""
    counts = [a.diagnostics.get("forwards") for a in explained.attributions]
    known = [count for count in counts if count is not None]
    return (float(np.mean(known)), 0.0) if len(known) == len(counts) else None
