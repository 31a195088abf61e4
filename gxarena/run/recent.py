"""What was used last stays in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Recent(Generic[Result]):
    """The results used last, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Result] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """The result of that key, made where it is not kept."""
        if key not in self._kept:
            made = make()  # the rest may be let go of only now: making it may need them
            while len(self._kept) >= self._limit:
                self._kept.popitem(last=False)
            self._kept[key] = made
        self._kept.move_to_end(key)
        return self._kept[key]

    def forget(self, key: Hashable) -> None:
        """Let go of the result of that key."""
        self._kept.pop(key, None)

    def peek(self, key: Hashable) -> Result | None:
        """The result of that key where it is kept."""
        return self._kept.get(key)
