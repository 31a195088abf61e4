"""An executor whose futures end also where who gives them to workers is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from typing import Any
from weakref import WeakSet

EVERY = 1.0
"""Seconds between two looks whether it is."""


class Watched(Executor):
    """Gives to another executor what it is given, and looks after what comes of it.

    Where Dask's scheduler or Parsl's interchange dies, futures are left open: who waits for one
    would wait for ever.

    Parameters
    ----------
    executor : concurrent.futures.Executor
    lost : callable
        Who is gone, so that nothing will come of its futures any more; empty where nobody is.
    every : float
        Seconds between two looks.
    """

    def __init__(self, executor: Executor, lost: Callable[[], str], every: float = EVERY) -> None:
        self._executor = executor
        self._lost = lost
        self._given: WeakSet[Future[Any]] = WeakSet()
        self._lock = threading.Lock()  # a set is not to grow while it is read
        self._every = every
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        """As `concurrent.futures.Executor.submit`; raises ConnectionError where one is gone."""
        if lost := self._lost():
            raise ConnectionError(lost)
        future: Future[Any] = self._executor.submit(fn, *args, **more)
        with self._lock:
            self._given.add(future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `concurrent.futures.Executor.shutdown`, where nobody cancels: one waits or not."""
        self._over.set()
        if not self._lost():
            self._executor.shutdown(wait=wait and not cancel_futures)

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            if lost := self._lost():
                with self._lock:
                    given = tuple(self._given)
                for future in given:
                    with suppress(InvalidStateError):  # it has ended
                        future.set_exception(ConnectionError(lost))
