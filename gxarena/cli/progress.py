"""Live progress of a run on stderr: all cells, and the stage at work; in a file a line a minute."""

from __future__ import annotations

import threading
import time
from typing import Self

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from gxarena.cli.console import err, say
from gxarena.errors import printable
from gxarena.results.schemas import SETTLED
from gxarena.run.cells import Cell
from gxarena.run.plan import Plan

SHOWN = 8
"""Stages that are shown at a time, the newest."""
EVERY = 60.0
"""Seconds after which a line is said where there is no terminal, on which bars move."""


class _Rate(ProgressColumn):
    """How many samples or questions a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.3g}/s" if task.speed else "")


class Progress:
    """Bars on a terminal, else now and then a line; failures are printed as they come."""

    def __init__(self, plan: Plan) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=err(),
            disable=not err().is_terminal,
        )
        self._name, self._total, self._settled = plan.suite.name, len(plan.cells), 0
        self._said = time.monotonic()
        self._lock = threading.Lock()  # workers tell from threads of their own
        self._cells = self._bars.add_task(
            escape(f"{plan.suite.name}: cells"), total=len(plan.cells)
        )
        self._stages: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._bars.stop()

    def earlier(self, cells: int) -> None:
        """So many are done since an earlier run."""
        self._bars.advance(self._cells, cells)
        self._settled += cells

    def stage(self, what: str, done: int, total: int) -> None:
        """Samples of a stage at work, each of several; of questions the total is 0."""
        with self._lock:
            self._tell(f"; {what}: {done}{f' of {total}' if total else ''}")
            if what not in self._stages:
                shown = escape(printable(what))
                self._stages[what] = self._bars.add_task(shown, total=total or None)
            self._bars.update(self._stages[what], completed=done)
            while len(self._stages) > SHOWN or (total and done >= total and what in self._stages):
                oldest = what if total and done >= total else next(iter(self._stages))
                self._bars.remove_task(self._stages.pop(oldest))

    def cell(self, cell: Cell, status: str, message: str) -> None:
        """One more cell is settled, or failed."""
        self._bars.advance(self._cells)
        with self._lock:
            self._settled += 1
            self._tell(whole=self._settled == self._total)
        if status not in SETTLED:
            name = f"{cell.weights} / {cell.explainer} / {cell.aggregator} / {cell.metric_name}"
            told = f"[red]{status}[/] {escape(name)}: {escape(message)}"
            self._bars.console.print(told, soft_wrap=not err().is_terminal)

    def _tell(self, what: str = "", *, whole: bool = False) -> None:
        """A whole line in a file or a pipe, where a bar would be cut."""
        now = time.monotonic()
        if not err().is_terminal and (whole or now - self._said >= EVERY):
            self._said = now
            say(f"{self._name}: {self._settled} of {self._total} cells{what}")
