"""Engine ``parsl:FILE.py``: where a Parsl configuration says: SLURM, PBS, Kubernetes, here."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any

from gxarena.engine import Engine
from gxarena.errors import InputError, MissingExtra


def parsl(argument: str, workers: int | None) -> Engine:
    """Start what the ``config`` of a Python file says, a ``parsl.Config``.

    Parameters
    ----------
    argument : str
        What follows the colon: the Python file.
    workers : int, optional
        How many tasks it has at a time, by ``--workers``; as many as there is room for
        where not given.

    Raises
    ------
    MissingExtra
        Parsl is not installed.
    InputError
        There is no such file, or no such configuration in it.
    """
    try:
        from parsl import Config
        from parsl.concurrent import ParslPoolExecutor
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "engine 'parsl': expected module 'parsl' to be installed. pip install 'gxarena[parsl]'"
        ) from error
    if not Path(argument).is_file():
        raise InputError(f"--engine parsl: expected a Python file, got '{argument}'.")
    try:
        config = runpy.run_path(argument).get("config")
    except Exception as error:
        raise InputError(
            f"{argument}: expected Python that runs, got {type(error).__name__}: {error}."
        ) from error
    if not isinstance(config, Config):
        raise InputError(f"{argument}: expected config = parsl.Config(...), got {config!r}.")
    # Parsl starts its own programs by name; they lie beside this Python.
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    return Engine(ParslPoolExecutor(config=config), workers or _workers(config))


def _workers(config: Any) -> int:
    """How many tasks a configuration has room for."""
    room = 0
    for executor in config.executors:
        provider = getattr(executor, "provider", None)
        blocks = getattr(provider, "max_blocks", 1) * getattr(provider, "nodes_per_block", 1)
        a_node = getattr(executor, "max_workers_per_node", None)
        a_node = a_node or getattr(executor, "max_threads", None) or 1
        room += int(blocks) * (int(a_node) if a_node < 2**16 else os.cpu_count() or 1)
    return max(1, room)
