"""What came of cells, gathered part by part until each cell's row can be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gxarena.errors import PluginError
from gxarena.run.cell_rows import Row, Tables
from gxarena.run.cells import Cell
from gxarena.run.endings import KEPT_OF_OK, printed, refused, said
from gxarena.run.frames import Frame
from gxarena.run.plan import Plan
from gxarena.run.publishing import outcome
from gxarena.run.tasks import Shard

_Came = tuple[Mapping[str, Any], Sequence[Frame]]
"""How a shard ended, and what came back of it."""


@dataclass
class _Begun:
    """How far a cell is that has begun.

    Attributes
    ----------
    started : datetime
    parts : dict of number to (how it ended, frames)
    over : bool
        Whether its row is known.
    """

    started: datetime
    parts: dict[int, _Came] = field(default_factory=dict)
    over: bool = False

    def known(self) -> list[_Came]:
        """The parts that are there from the first on, up to one that failed."""
        found: list[_Came] = []
        while (came := self.parts.get(len(found))) is not None:
            found.append(came)
            if came[0]["status"] != "ok":
                break
        return found


class Gathering:
    """The cells of one run that have begun."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._begun: dict[str, _Begun] = {}
        self._printed: dict[tuple[str, str, str], str] = {}

    def begin(self, cell: Cell, now: datetime) -> None:
        """A part of a cell is at work."""
        self._begun.setdefault(cell.id, _Begun(now))

    def is_over(self, cell: Cell) -> bool:
        """Whether nothing that still comes of a cell matters."""
        return self._begun[cell.id].over

    def end(self, cell: Cell) -> datetime:
        """Whatever still comes of a cell, it is over; returns when it began."""
        begun = self._begun[cell.id]
        begun.over, begun.parts = True, {}
        return begun.started

    def listen(self, order: Mapping[str, Any], end: Mapping[str, Any]) -> None:
        """Keep what an explainer printed for the cells that are made of it."""
        if "explainer" in order:
            explained = (order["dataset"], order["model"], order["explainer"])
            whole = self._printed.get(explained, "") + str(end.get("output") or "")
            self._printed[explained] = whole[-KEPT_OF_OK:]

    def take(
        self, shard: Shard, cell: Cell, frames: Sequence[Frame], end: Mapping[str, Any]
    ) -> tuple[Row, Tables] | None:
        """A cell's row and its rows of other tables, where this part of it decides them.

        That is, once all parts are there, or one has failed and all before it are: whichever comes
        first, the same one is said to have failed.
        """
        begun = self._begun[cell.id]
        tables = [frame for frame in frames if frame.header["type"] == "table"]
        begun.parts[shard.number] = end, tables
        known = begun.known()
        failed = bool(known) and known[-1][0]["status"] != "ok"
        if not failed and len(known) < shard.of:
            return None
        try:
            row, made = outcome(self._plan, cell, known)
        except PluginError as error:
            return said(shard, refused(shard, error, end)), {}
        if failed:
            return row | said(shard, known[-1][0]), {}
        explained = (cell.dataset, cell.weights, cell.explainer)
        outputs = (one.get("output") for one, _ in known)
        return row | printed(self._printed.get(explained), *outputs), made
