"""Engine ``dask:ADDRESS``: the workers of a Dask cluster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from gxarena.engine import Engine
from gxarena.errors import InputError, MissingExtra
from gxarena.run.engines.watched import EVERY, Watched

if TYPE_CHECKING:
    from distributed import Client

RUNNING, CLOSED = "running", "closed"
"""The status of a client that has its scheduler, and of one that has given up on it."""
LOST = 60.0
"""Seconds after which one that is looked for is gone; Dask itself takes a sixth of that."""
GONE = "its scheduler is gone"
_LOGS = ("distributed", "distributed.client")
"""Logs of Dask's that have levels of their own."""


def dask(argument: str, workers: int | None) -> Engine:
    """Connect to the scheduler at an address, such as ``tcp://127.0.0.1:8786``.

    Parameters
    ----------
    argument : str
        What follows the colon: the scheduler's address.
    workers : int, optional
        How many tasks it has at a time, by ``--workers``; as many as its workers have
        threads where not given.

    Raises
    ------
    MissingExtra
        Dask is not installed.
    InputError
        Nobody answers at the address.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "engine 'dask': expected module 'distributed' to be installed. "
            "pip install 'gxarena[dask]'"
        ) from error
    if not argument:
        raise InputError(
            "--engine dask: expected a scheduler's address, got none. Write "
            "dask:tcp://127.0.0.1:8786, say."
        )
    try:
        client = Client(argument, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"--engine dask: expected a Dask scheduler at {argument}, got '{error}'."
        ) from error
    threads = sum(client.nthreads().values())
    if not threads:
        client.close()
        raise InputError(
            f"--engine dask: expected workers at {argument}, got none. Start some with "
            f"`dask worker {argument}`."
        )
    executor = WhileConnected(client)
    close = partial(_close, client)
    return Engine(executor, workers or threads, client.dashboard_link, close, executor.lost)


def _close(client: Client) -> None:
    """Let go of a cluster; what Dask was about, to look for its scheduler, say, is no error.

    It logs that it is interrupted in it, with a traceback.
    """
    logs = [logging.getLogger(name) for name in _LOGS]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        client.close()
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


class WhileConnected(Watched):
    """Dask's executor, whose futures end also where the scheduler does.

    Of what Dask is given while it looks for a scheduler that it has lost, some is cancelled seconds
    later, when it gives up, as if a child had died of it. So nothing is given to it then.

    Parameters
    ----------
    client : distributed.Client
    every : float
        Seconds between two looks.
    """

    def __init__(self, client: Client, every: float = EVERY) -> None:
        executor = client.get_executor(pure=False)
        super().__init__(executor, lambda: GONE if client.status == CLOSED else "", every)
        self._client = client

    def lost(self) -> str:
        """Who is gone, or is looked for."""
        return "" if self._client.status == RUNNING else GONE

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        """As `Watched.submit`; waits while Dask looks for a scheduler, which takes it seconds."""
        until = time.monotonic() + LOST
        while self._client.status not in (RUNNING, CLOSED):
            if time.monotonic() > until:
                raise ConnectionError(GONE)
            self._over.wait(self._every)
        return super().submit(fn, *args, **more)
