"""Plugins' code where no child holds it: while a run is planned, and in `inline`.

There `os._exit(0)` would be a command that did nothing and said that all is well, and a
KeyboardInterrupt that nobody typed would be taken for Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


@contextmanager
def held() -> Iterator[None]:
    """Inside, a plugin's code works that is not to end this process.

    Raises
    ------
    SystemExit
        It called `os._exit`; or raised KeyboardInterrupt, and nobody has typed Ctrl-C. Whoever
        knows the plugin catches that, as where it calls `sys.exit`.
    """
    with _exit_raises(), _told_of_ctrl_c() as is_typed:
        try:
            yield
        except KeyboardInterrupt as error:
            if is_typed():
                raise
            raise SystemExit("KeyboardInterrupt, and nobody has typed Ctrl-C") from error


@contextmanager
def _exit_raises() -> Iterator[None]:
    """`os._exit` as an exception, but in processes that are forked meanwhile."""
    before, process = os._exit, os.getpid()

    def left(status: int) -> NoReturn:
        if os.getpid() != process:
            before(status)
        raise SystemExit(f"os._exit({status})")

    os._exit = left
    try:
        yield
    finally:
        os._exit = before


@contextmanager
def _told_of_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was typed meanwhile; where that cannot be told, as if it was."""
    before: Any = signal.getsignal(signal.SIGINT)
    if before in (signal.SIG_IGN, signal.SIG_DFL):  # then it raises nothing
        yield lambda: False
        return
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield lambda: True
        return
    typed: list[int] = []

    def note(number: int, frame: Any) -> Any:
        typed.append(number)
        return before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(typed)
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, before)
