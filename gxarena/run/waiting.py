"""Shards that have not begun: which comes next, what is tried again, and what waits for that.

What fails as one are the shards of a cell, or else of a task, in their order. Once one of them has
ended its child, those after it wait until it was tried again: of what ends every child that it is
given, no more is tried than that and what was at work meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gxarena.run.cells import Cell
from gxarena.run.tasks import Shard, Task


class Waiting:
    """The shards of one run that have not begun, of tasks that may begin."""

    def __init__(self) -> None:
        self._open: list[Task] = []
        self._suspects: list[Shard] = []
        self._held: list[Shard] = []

    def open(self, task: Task) -> None:
        """A task may begin, or go on."""
        if task not in self._open:
            self._open.append(task)
            self._open.sort(key=lambda one: one.place)

    def next(self, after: Task | None, busy: Collection[str]) -> Shard | None:
        """What a worker does next that has done `after`, while the children in `busy` work."""
        if not self._open:
            return None
        task = min(self._open, key=lambda one: _order(one, after, busy))
        shard = task.shards.pop(0)
        self._close_if_empty(task)
        return shard

    def suspect(self) -> Shard | None:
        """What is tried again, when nothing else is left to do: of a cell its first part first."""
        if not self._suspects:
            return None
        unit = _unit(self._suspects[0])
        of_unit = [one for one in self._suspects if _unit(one) is unit]
        shard = min(of_unit, key=lambda one: one.number)
        self._suspects.remove(shard)
        return shard

    def rest(self, shard: Shard) -> list[Shard]:
        """What fails with a shard and has not begun, all of which comes after it."""
        unit = _unit(shard)
        return [one for one in (*shard.task.shards, *self._held) if _unit(one) is unit]

    def doubt(self, shard: Shard) -> None:
        """Try a shard again, last and alone, and its rest no earlier."""
        self._suspects.append(shard)
        rest = self.rest(shard)
        self._take_out(shard.task, rest)
        self._held += rest

    def trust(self, shard: Shard) -> None:
        """A shard was well that was doubted: its rest may begin, unless that waits for others."""
        unit = _unit(shard)
        held = [one for one in self._held if _unit(one) is unit]
        if held and not any(_unit(one) is unit for one in self._suspects):
            self._take_out(shard.task, held)
            shard.task.shards[:0] = held
            self.open(shard.task)

    def drop_rest(self, part: Shard, after: int = -1) -> int:
        """Leave out what has not begun of a part's cell; returns how many these were.

        Of what is tried again only what comes `after` a part that failed: what comes before may
        still fail, and then it is that which a row speaks of.
        """
        unit = _unit(part)
        doubted = [one for one in self._suspects if _unit(one) is unit]
        rest = [*self.rest(part), *(one for one in doubted if one.number > after)]
        self._take_out(part.task, rest)
        return len(rest)

    def drop(self, task: Task) -> list[Cell]:
        """Leave out all of a task; returns the cells that it would have scored."""
        every = [one for one in (*task.shards, *self._suspects, *self._held) if one.task is task]
        self._take_out(task, every)
        return list({one.cell.id: one.cell for one in every if one.cell}.values())

    def _take_out(self, task: Task, shards: Collection[Shard]) -> None:
        for place in (task.shards, self._suspects, self._held):
            place[:] = [one for one in place if one not in shards]
        self._close_if_empty(task)

    def _close_if_empty(self, task: Task) -> None:
        if not task.shards and task in self._open:
            self._open.remove(task)


def _unit(shard: Shard) -> Cell | Task:
    """What fails where a shard does."""
    return shard.cell or shard.task


def _order(task: Task, after: Task | None, busy: Collection[str]) -> tuple[Any, ...]:
    """What a worker that has done `after` does next: what its child is for, then the longest.

    Where what takes longest comes last, one worker has it and the others nothing.
    """
    other = after is None or task.child != after.child
    return task is not after, other, -task.weight, task.child in busy, task.place
