"""Live progress of a run on stderr: all cells, and the stage at work."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from gxarena.cli.console import err
from gxarena.results.schemas import SETTLED
from gxarena.run.cells import Cell
from gxarena.run.plan import Plan


class Progress:
    """Bars on a terminal; failures are printed as they come, everywhere."""

    def __init__(self, plan: Plan) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err(),
        )
        name = escape(f"{plan.suite.name}: cells")
        self._cells = self._bars.add_task(name, total=len(plan.cells))
        self._stage = self._bars.add_task("", total=None, visible=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def stage(self, what: str, done: int, total: int) -> None:
        """Samples of the stage at work."""
        self._bars.update(
            self._stage, description=escape(what), completed=done, total=total, visible=done < total
        )

    def cell(self, cell: Cell, status: str, message: str) -> None:
        """One more cell is settled, or failed."""
        self._bars.advance(self._cells)
        if status not in SETTLED:
            name = f"{cell.weights} / {cell.explainer} / {cell.aggregator} / {cell.metric_name}"
            self._bars.console.print(f"[red]{status}[/] {escape(name)}: {escape(message)}")
