"""Live progress of a run on stderr: all cells, and the stage at work."""

from __future__ import annotations

import threading
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

from gxarena.cli.console import err
from gxarena.errors import printable
from gxarena.results.schemas import SETTLED
from gxarena.run.cells import Cell
from gxarena.run.plan import Plan

SHOWN = 8
"""Stages that are shown at a time, the newest."""


class _Rate(ProgressColumn):
    """How many samples or questions a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.3g}/s" if task.speed else "")


class Progress:
    """Bars on a terminal; failures are printed as they come, everywhere."""

    def __init__(self, plan: Plan) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=err(),
        )
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

    def stage(self, what: str, done: int, total: int) -> None:
        """Samples of a stage at work, each of several; of questions the total is 0."""
        with self._lock:
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
        if status not in SETTLED:
            name = f"{cell.weights} / {cell.explainer} / {cell.aggregator} / {cell.metric_name}"
            self._bars.console.print(f"[red]{status}[/] {escape(name)}: {escape(message)}")
