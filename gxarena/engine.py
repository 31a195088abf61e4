"""Engines: where the work of a run is done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass


def _nothing() -> None:
    return


def _nobody() -> str:
    return ""


@dataclass(frozen=True)
class Engine:
    """What the factory of an engine returns, called with ``factory(argument, workers)``.

    `argument` is what follows the colon in ``--engine NAME:ARGUMENT``, `workers` what ``--workers``
    says, or None.

    Attributes
    ----------
    executor : concurrent.futures.Executor
        Is given one function of gxarena's and bytes, and gives bytes back. Its workers see the
        run's folder under the same path, and have the same versions installed.
    workers : int
        How many tasks are given to it at a time.
    dashboard : str
        Where to watch it; empty where there is nothing to see.
    close : callable
        Ends what the factory has started, the executor apart.
    lost : callable
        Who is gone without whom it does no work, its scheduler, say; empty where nobody is. Of
        whatever dies then none is to blame, and nothing more is given to it.
    """

    executor: Executor
    workers: int
    dashboard: str = ""
    close: Callable[[], None] = _nothing
    lost: Callable[[], str] = _nobody
