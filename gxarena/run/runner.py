"""Runs a plan: what is due is done by an engine, failures isolated, and every cell kept at once."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow as pa

from gxarena.engine import Engine
from gxarena.results.folder import RunFolder
from gxarena.results.reading import RunResults
from gxarena.results.record import RunRecord
from gxarena.results.schemas import SETTLED, STATUSES
from gxarena.run import supervisor
from gxarena.run.cell_rows import CellRows
from gxarena.run.cell_writer import CellWriter, owed
from gxarena.run.cells import Cell
from gxarena.run.describing import check_components, described, downloaded, made_here
from gxarena.run.dispatch import Dispatch
from gxarena.run.engines.opening import INLINE, open_engine
from gxarena.run.inline import Settled, run_inline
from gxarena.run.plan import Plan, renewed
from gxarena.run.stages import Report, Stages
from gxarena.run.store import Store

SILENCE = 3600.0
"""Seconds that a child may be without a sign of life, where nobody says otherwise."""
MEMORY_SHARE = 0.8
"""Of the machine's memory, what a child may hold where nobody says otherwise."""

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


@dataclass(frozen=True)
class Settings:
    """How a run is done; no number depends on it.

    Attributes
    ----------
    engine : str
        ``inline``, or an engine's name with its argument after a colon.
    workers : int or None
        How many tasks are worked on at a time; the engine's own default where None.
    timeout : float
        Seconds that a child may be without a sign of life.
    memory : int or None
        Bytes that a child may hold; where None, a share of the machine's.
    retry_failed : bool
        Whether cells that failed before are tried again.
    """

    engine: str = INLINE
    workers: int | None = None
    timeout: float = SILENCE
    memory: int | None = None
    retry_failed: bool = True


def run(
    plan: Plan,
    out: Path,
    settings: Settings | None = None,
    *,
    report: Report | None = None,
    report_cell: CellReport | None = None,
    report_done: Callable[[int], object] | None = None,
) -> Summary:
    """Run a plan into a folder, or take up an earlier run of the same suite there.

    Parameters
    ----------
    plan : Plan
    out : Path
    settings : Settings, optional
    report : callable, optional
        Told of what is at work: what, how many are done, of how many.
    report_cell : callable, optional
        Told of each cell that is settled or has failed.
    report_done : callable, optional
        Told how many cells an earlier run has left done.

    Raises
    ------
    InputError
        The folder is another suite's, or a component does not have a parameter it is given.
    StorageError
        The disk is full or read-only; what was finished is kept.
    """
    settings = settings or Settings()
    folder = RunFolder(out)
    folder.check(record_of(plan))
    with folder.locked():
        folder.claim(record_of(plan))
        done, interrupted = done_before(plan, folder, settings.retry_failed), False
        engine = open_engine(plan.registry, settings.engine, settings.workers)
        walk: _Inline | _Supervised = (
            _Supervised(folder, engine, settings, report) if engine else _Inline(folder, report)
        )
        with contextlib.closing(walk):
            try:
                plan = walk.prepare(plan, _due(plan, done))
                done = done_before(plan, folder, settings.retry_failed)
                if report_done:
                    report_done(len(done))
                for cell, status, message in walk.settle(_due(plan, done)):
                    if report_cell:
                        report_cell(cell, status, message)
            except KeyboardInterrupt:
                interrupted = True
                walk.interrupt()
            finally:
                walk.leave()
            board = folder.finish()  # while what worked comes to its end
        counts = Counter(_statuses(plan, folder).values())
        return Summary(dict(counts), len(done), board, interrupted)


def _due(plan: Plan, done: set[str]) -> list[Cell]:
    return [cell for cell in plan.cells if cell.id not in done]


class _Inline:
    """A run in this process."""

    def __init__(self, folder: RunFolder, report: Report | None) -> None:
        self._folder = folder
        self._report = report
        self._stages: Stages

    def prepare(self, plan: Plan, due: Sequence[Cell]) -> Plan:
        """The plan once what it names on a hub is here, and is known by its commit."""
        if due:
            check_components(plan, made_here(plan))
        store = Store(self._folder.path / "store")
        stages = Stages(plan, store, self._report)
        if stages.download(models_of(plan, due)):
            plan = renewed(plan)
            self._folder.claim(record_of(plan))
            # Loaded anew, a model cannot be of another commit than the one that now counts.
            stages = Stages(plan, store, self._report)
        self._plan, self._stages = plan, stages
        return plan

    def settle(self, cells: Sequence[Cell]) -> Iterator[Settled]:
        if cells:
            out = CellWriter(self._folder, cells)
            yield from run_inline(self._plan, cells, out, self._stages)

    def interrupt(self) -> None:
        """What was at work has said so."""

    def leave(self) -> None:
        """Nothing is at work."""

    def close(self) -> None:
        """There is nothing to end."""


class _Supervised:
    """A run by an engine's workers."""

    def __init__(
        self, folder: RunFolder, engine: Engine, settings: Settings, report: Report | None
    ) -> None:
        self._folder = folder
        self._engine = engine
        self._report = report
        if report and engine.dashboard:
            report(f"dashboard: {engine.dashboard}", 0, 1)
        share = psutil.virtual_memory().total * MEMORY_SHARE
        self._limits = supervisor.Limits(settings.timeout, settings.memory or int(share))
        self._dispatch: Dispatch | None = None
        self._rows: CellRows
        self._ended = True

    def prepare(self, plan: Plan, due: Sequence[Cell]) -> Plan:
        """The plan once what it names on a hub is here, with all parameters known."""
        self._plan = plan
        if not due:
            return plan
        dispatch = self._begin(plan)
        made = described(dispatch.orders, plan, due)
        check_components(plan, made)
        if downloaded(dispatch.orders, plan, models_of(plan, due)):
            dispatch.close()
            self._plan = plan = renewed(plan)
            self._folder.claim(record_of(plan))
            self._begin(plan)
        self._rows = CellRows(plan, made)
        return plan

    def settle(self, cells: Sequence[Cell]) -> Iterator[Settled]:
        if cells and self._dispatch:
            out = CellWriter(self._folder, cells)
            yield from self._dispatch.settle(cells, self._rows, out)

    def interrupt(self) -> None:
        """End what is at work, and say so."""
        if self._dispatch:
            self._dispatch.interrupt()

    def leave(self) -> None:
        """End whatever still works."""
        self._ended = False
        self._ended = self._dispatch.leave() if self._dispatch else True

    def close(self) -> None:
        """End the engine; of what does not end nothing is waited for."""
        try:
            self._engine.executor.shutdown(wait=self._ended)
        finally:
            if self._dispatch:
                self._dispatch.close()
            self._engine.close()

    def _begin(self, plan: Plan) -> Dispatch:
        self._dispatch = Dispatch(plan, self._folder, self._engine, self._limits, self._report)
        return self._dispatch


def models_of(plan: Plan, cells: Sequence[Cell]) -> set[str]:
    """The weights that cells need."""
    possible = [cell for cell in cells if not cell.unsupported]
    models = {one.weights for cell in possible for one in (cell.explanation, *cell.against)}
    return models | {plan.partition(cell.replicate) for cell in possible if plan.suite.partition}


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


def done_before(plan: Plan, folder: RunFolder, retry_failed: bool) -> set[str]:
    """Cells that need no further attempt, nor the second try of their last one.

    One that a component refused while it worked may do by now: only the refusals of this plan,
    which are part of the cells' ids, stand.
    """
    results, cells = RunResults.of(folder.path), [cell.id for cell in plan.cells]
    statuses, open_ones = results.statuses(cells), owed(results, cells)
    settled = SETTLED if retry_failed else {*STATUSES} - {"interrupted"}
    return {
        cell.id
        for cell in plan.cells
        if statuses[cell.id] in settled
        and cell.id not in open_ones
        and (statuses[cell.id] != "unsupported" or cell.unsupported)
    }
