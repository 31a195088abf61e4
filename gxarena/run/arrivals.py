"""What came back of workers and is not kept yet: checked and written together, within a second.

To look whether all components are what they were, and to put a segment on disk, takes as long for
one piece of work as for many, and where every core has a worker it takes the time of these.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from gxarena.run.frames import Frame
from gxarena.run.tasks import Shard

WITHIN = 1.0
"""Seconds within which what came back is kept, of which a kill loses no more."""
LARGEST = 64 << 20
"""Bytes of what came back that wait together."""


class Arrival(NamedTuple):
    """One shard that came back: when it began, what its child sent, and how it ended."""

    shard: Shard
    started: datetime
    frames: Sequence[Frame]
    end: Mapping[str, Any]


class Arrivals:
    """Pieces of work that came back, in their order, until they are kept.

    Parameters
    ----------
    clock : callable, optional
        Seconds since any moment.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: deque[Arrival] = deque()
        self._size = 0
        self._since = 0.0
        self._are_awaited = False

    def __bool__(self) -> bool:
        return bool(self._held)

    @property
    def shards(self) -> list[Shard]:
        """Those that wait."""
        return [one.shard for one in self._held]

    def add(self, arrival: Arrival) -> None:
        """Remember one."""
        if not self._held:
            self._since, self._size, self._are_awaited = self._clock(), 0, False
        self._held.append(arrival)
        self._size += sum(len(frame.payload) for frame in arrival.frames)
        self._are_awaited |= _is_awaited(arrival)

    @property
    def are_due(self) -> bool:
        """Whether they are to be kept now."""
        return self.seconds_left() == 0.0

    def seconds_left(self) -> float | None:
        """Seconds that they may still wait; None where none does."""
        if not self._held:
            return None
        if self._are_awaited or self._size >= LARGEST:
            return 0.0
        return max(0.0, self._since + WITHIN - self._clock())

    def taken(self) -> Iterator[Arrival]:
        """Each of them, which then waits no longer, until none is left."""
        while self._held:
            yield self._held.popleft()


def _is_awaited(arrival: Arrival) -> bool:
    """Whether what else is done depends on it: by order, or by what children find in the store.

    It failed, which says what may not begin; it was the last of an explanation, which can be
    scored then; or it has answers that children at work would ask for anew.
    """
    shard, _, frames, end = arrival
    if end["status"] != "ok":
        return True
    if shard.cell is None:
        return not shard.task.shards
    return any(frame.header["type"] == "stored" for frame in frames)
