"""Engine ``local``: threads of this process, each with a child."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import psutil

from gxarena.engine import Engine
from gxarena.errors import InputError

_MEMORY = 2**31
"""Bytes that a worker is reckoned to need where nobody says how many there are to be."""


def local(argument: str, workers: int | None) -> Engine:
    """As many workers as there are cores, where memory suffices for so many.

    Parameters
    ----------
    argument : str
        Nothing follows its name.
    workers : int, optional
        How many children work at a time, by ``--workers``; one a core where not given, or fewer
        where there is little memory.

    Raises
    ------
    InputError
        Something follows its name.
    """
    if argument:
        raise InputError(f"--engine: expected 'local', got 'local:{argument}'.")
    n = workers or default_workers()
    return Engine(ThreadPoolExecutor(n, thread_name_prefix="worker"), n)


def default_workers() -> int:
    """The cores that this process may use, or fewer where there is little memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, int(psutil.virtual_memory().total // _MEMORY)))
