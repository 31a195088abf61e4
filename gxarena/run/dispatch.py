"""Gives a plan's tasks to an engine, takes what comes back, and writes it.

Innocent cells always finish: a task whose child died is tried once more, last and alone, and only
what needs it fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from itertools import chain
from typing import Any

from gxarena.engine import Engine
from gxarena.errors import InputError
from gxarena.files import TEMPORARY
from gxarena.results.folder import RunFolder
from gxarena.run import supervisor
from gxarena.run.arrivals import Arrival, Arrivals
from gxarena.run.at_work import AtWork
from gxarena.run.cell_rows import CellRows, Row, Tables
from gxarena.run.cell_writer import AGAIN, CellWriter
from gxarena.run.cells import Cell
from gxarena.run.endings import result, said, untold_row
from gxarena.run.frames import Frame
from gxarena.run.gathering import Gathering
from gxarena.run.inline import Settled, in_order
from gxarena.run.orders import TRIES, Orders, cancel
from gxarena.run.plan import Plan
from gxarena.run.publishing import Publisher
from gxarena.run.stages import Report
from gxarena.run.store import CHUNK, Store, n_chunks
from gxarena.run.supervisor import DIED, Limits
from gxarena.run.tasks import Shard, Task, tasks_of
from gxarena.run.waiting import Waiting

FEWER = 8
PROBED_FEWER = 64
"""Samples, and questions of a metric, given at a time where the usual number was too much."""
LEAVING = 60.0
"""Seconds that are waited at the end for what works elsewhere and is not needed."""


class Dispatch:
    """One run's way through its tasks."""

    def __init__(
        self,
        plan: Plan,
        folder: RunFolder,
        engine: Engine,
        limits: Limits,
        report: Report | None = None,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._engine = engine
        self._store = Store(folder.path / "store")
        self._publisher = Publisher(plan, self._store)
        self._report = report or (lambda _what, _done, _total: None)
        self._sorter: TopologicalSorter[Task] = TopologicalSorter()
        self._short: set[str] = set()
        self._tasks: list[Task] = []
        self._waiting = Waiting()
        self._freed: Task | None = None
        self._working: dict[Future[bytes], tuple[Shard, datetime]] = {}
        self._arrivals = Arrivals()
        self._left: dict[Task, int] = {}
        self._gathering = Gathering(plan)
        self._at_work = AtWork(folder.path)
        self.orders = Orders(plan, folder, engine, limits)
        supervisor.listeners[self.orders.run] = self._listen

    def settle(self, cells: Sequence[Cell], rows: CellRows, out: CellWriter) -> Iterator[Settled]:
        """Score cells, and write what came of each."""
        self._rows, self._out, self._short = rows, out, {*out.owed}
        possible = [cell for cell in in_order(cells) if not cell.unsupported]
        yield from self._on_disk(self._unsupported(cells))
        self._tasks = tasks_of(self._plan, possible, self._store, rows.is_whole)
        for task in self._tasks:
            self._sorter.add(task, *task.needs)
            self._left[task] = len(task.shards)
        self._sorter.prepare()
        try:
            while self._sorter.is_active():
                yield from self._go_on()
        except (InputError, MemoryError):  # the engine takes no more work
            for future in [one for one in self._working if one.done()]:
                self._take(future)
            yield from self._on_disk(self._keep())
            raise

    def interrupt(self) -> None:
        """Keep what came back, end what works, and say of the cells at work that it was."""
        supervisor.stop(self.orders.run)
        if self._tasks:
            for _ in self._on_disk(chain(self._keep(), self._interrupted())):
                pass

    def leave(self) -> bool:
        """End what nobody waits for any more; returns whether that has ended.

        Elsewhere its supervisors take it for the end where the luggage is gone: not every engine
        can cancel what is at work.
        """
        supervisor.stop(self.orders.run)
        self.orders.luggage.unlink(missing_ok=True)
        cancel(self._working)
        return not wait(self._working, LEAVING).not_done

    def close(self) -> None:
        """Let go of everything; what the engine's workers hold is theirs to end."""
        supervisor.clear(self.orders.run)
        self._at_work.close()
        for left in self._folder.path.glob(f"{TEMPORARY}*"):
            left.unlink(missing_ok=True)

    def _admit(self) -> Iterator[Settled]:
        """Take up tasks whose needs are met; those of which one failed, fail."""
        while ready := self._sorter.get_ready():
            for task in ready:
                failed = next((one.failure for one in task.needs if one.failure), None)
                if failed is not None:
                    yield from self._fail(task, failed)
                elif task.shards:
                    self._waiting.open(task)
                else:
                    self._sorter.done(task)

    def _go_on(self) -> Iterator[Settled]:
        """Begin what may begin; then keep what came back, or wait for more."""
        yield from self._on_disk(self._admit())
        self._submit(self._freed)
        idle = len(self._working) < self._engine.workers
        if self._arrivals and (idle or self._arrivals.are_due):
            yield from self._on_disk(self._keep())
        elif self._working:
            within = self._arrivals.seconds_left()
            done, _ = wait(self._working, timeout=within, return_when=FIRST_COMPLETED)
            for future in done:
                if (task := self._take(future)) is not None:
                    self._submit(task)
                if self._arrivals.are_due:  # before anything else begins
                    yield from self._on_disk(self._keep())
        elif self._sorter.is_active():
            raise RuntimeError("expected work to be left for tasks that are not done, got none")

    def _submit(self, after: Task | None = None) -> None:
        """Keep every worker busy, preferably with the task that it has worked for."""
        while len(self._working) < self._engine.workers:
            working = [shard for shard, _ in self._working.values()]
            if any(shard.tries for shard in working):
                return  # it is alone
            busy = {shard.task.child for shard in working}
            shard = self._waiting.next(after, busy)
            if shard is None and not working:
                shard = self._waiting.suspect()
            if shard is None:
                return
            self._begin(shard)

    def _begin(self, shard: Shard) -> None:
        started = datetime.now(UTC)
        if shard.cell:  # first: of a cell at work Ctrl-C asks when it began
            self._gathering.begin(shard.cell, started)
        future = self.orders.submit(shard.order, shard.task.name, shard.task.child)
        self._working[future] = shard, started
        if not shard.cell:
            self._report_samples(shard)

    def _take(self, future: Future[bytes]) -> Task | None:
        """Remember what came back; returns the task that its worker may go on with at once."""
        shard, started = self._working.pop(future)
        task = self._freed = shard.task
        frames, end = result(future)
        if end["status"] == "interrupted":
            raise KeyboardInterrupt
        self._arrivals.add(Arrival(shard, started, frames, end))
        return task if end["status"] == "ok" and task.shards and task.failure is None else None

    def _keep(self) -> Iterator[Settled]:
        """Publish what came back, in its order."""
        current = self._publisher.are_current(self._arrivals.shards)
        for arrival in self._arrivals.taken():
            yield from self._kept(arrival, current=current)

    def _kept(self, arrival: Arrival, *, current: bool) -> Iterator[Settled]:
        """Publish a piece of work; what that decides is done, or tried again."""
        shard, started, frames, end = arrival
        task = shard.task
        if task.failure is not None:
            return  # another shard of it has failed meanwhile
        if shard.cell and self._gathering.is_over(shard.cell):
            return  # as has another part of its cell
        if self._is_worth_another_try(shard, end):
            self._try_again(shard, end, started)
            return
        end = self._publisher.keep(shard, frames, end, current=current)
        if end["status"] == "ok":
            self._waiting.trust(shard)
        if shard.cell:
            yield from self._score(shard, shard.cell, frames, end)
        elif end["status"] == "ok":
            self._gathering.listen(shard.order, end)
            task.seconds += sum(float(frame.header["seconds"]) for frame in frames)
        else:
            yield from self._fail(task, said(shard, end))
            return
        self._finish(task)
        if not shard.cell:
            self._report_samples(shard)

    def _finish(self, task: Task) -> None:
        """One of a task's shards needs no more work."""
        self._left[task] -= 1
        if not self._left[task]:
            self._sorter.done(task)

    def _score(
        self, shard: Shard, cell: Cell, frames: Sequence[Frame], end: Mapping[str, Any]
    ) -> Iterator[Settled]:
        """A part of a cell is there; write what came of the cell where that is known by now."""
        if end["status"] != "ok":
            self._left[shard.task] -= self._waiting.drop_rest(shard, shard.number)
        if (came := self._gathering.take(shard, cell, frames, end)) is not None:
            row, tables = came
            if row["status"] == "ok" and (untold := self._rows.untold(cell)):
                row, tables = untold_row(untold), {}
            # Nobody waits for what is still at work for it.
            others = [*(one for one, _ in self._working.values()), *self._arrivals.shards]
            at_work = sum(one.cell is cell for one in others)
            self._left[shard.task] -= at_work + self._waiting.drop_rest(shard)
            yield self._write(cell, row, self._gathering.end(cell), tables)

    def _is_worth_another_try(self, shard: Shard, end: Mapping[str, Any]) -> bool:
        """Whether a child ended that may have been another's victim, or had too little memory.

        Where the engine has lost who it works by, its end was not the shard's; nor does it get
        another try, but from whoever gives the same command again.
        """
        died = end.get("error_type") == DIED
        if died and self._engine.lost():
            return True
        return (died or end["status"] == "oom") and shard.tries + 1 < TRIES

    def _try_again(self, shard: Shard, end: Mapping[str, Any], started: datetime) -> None:
        """Last and alone; where memory ran out, with fewer samples at a time.

        That moves last bits, so that a row of the first attempt stays beside the second's.
        """
        shard.tries += 1
        self._waiting.doubt(shard)
        if end["status"] != "oom":
            return
        fewer = PROBED_FEWER if shard.cell else FEWER
        for one in (shard, *([] if shard.cell else self._waiting.rest(shard))):
            one.order["at_once"] = fewer
        row = said(shard, end)
        row["error_message"] = f"{row['error_message']} {AGAIN}"
        for cell in self._cells_of(shard):
            if cell.id not in self._short:
                self._short.add(cell.id)
                self._out.add(self._row(cell, row, started))

    def _cells_of(self, shard: Shard) -> list[Cell]:
        """The cells that a shard is, or is needed by."""
        if shard.cell:
            return [shard.cell]
        found = {shard.task}
        for task in sorted(self._tasks, key=lambda task: task.place[1]):
            if found & set(task.needs):
                found.add(task)
        return [one.cell for task in found for one in task.shards if one.cell]

    def _fail(self, task: Task, row: Row) -> Iterator[Settled]:
        """A task has failed, with what is left of it."""
        task.failure = row
        for cell in self._waiting.drop(task):
            yield self._write(cell, row, datetime.now(UTC))
        self._sorter.done(task)

    def _unsupported(self, cells: Sequence[Cell]) -> Iterator[Settled]:
        """Say of cells that the plan refuses why."""
        for cell in cells:
            if cell.unsupported:
                ended = {"status": "unsupported", "error_message": cell.unsupported}
                yield self._write(cell, {"error_type": "Unsupported", **ended}, datetime.now(UTC))

    def _interrupted(self) -> Iterator[Settled]:
        """Say of cells at work that they were interrupted."""
        for shard, _ in self._working.values():
            if shard.cell and not self._gathering.is_over(shard.cell):
                started = self._gathering.end(shard.cell)
                yield self._write(shard.cell, {"status": "interrupted", "seconds": 0.0}, started)

    def _on_disk(self, settled: Iterable[Settled]) -> Iterator[Settled]:
        """What became of cells, once all of it is on disk."""
        found: list[Settled] = []
        try:
            found.extend(settled)
        finally:  # where the store is full what was scored before is kept
            self._out.write()
        yield from found

    def _write(
        self,
        cell: Cell,
        row: Row,
        started: datetime,
        parts: Tables | None = None,
    ) -> Settled:
        self._out.add(self._row(cell, row, started), parts)
        return cell, row["status"], row.get("error_message") or ""

    def _row(self, cell: Cell, row: Row, started: datetime) -> Row:
        seconds = (datetime.now(UTC) - started).total_seconds()
        return self._rows.of(cell) | {"started": started, "seconds": seconds} | row

    def _listen(self, worker: str, header: Mapping[str, Any]) -> None:
        """A worker has begun with something, or got on with it."""
        if "what" in header:
            what, done, total = str(header["what"]), int(header["done"]), int(header["total"])
            self._at_work.tell(worker, what, done, total)
            if "chunk" not in header:  # an order, of samples: which were done before is known here
                self._report(what, self._at_work.together(what), total)

    def _report_samples(self, shard: Shard) -> None:
        """How many samples of a task are done, whoever is at which."""
        total = len(self._plan.datasets[shard.order["dataset"]].samples)
        done = CHUNK * (n_chunks(total) - self._left[shard.task])
        self._report(shard.task.what, min(done, total), total)
