"""Engine ``parsl:FILE.py``: where a Parsl configuration says: SLURM, PBS, Kubernetes, here."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gxarena.engine import Engine
from gxarena.errors import InputError, MissingExtra, reason
from gxarena.run.engines.watched import Watched

if TYPE_CHECKING:
    from parsl import Config, DataFlowKernel

GONE_WITH_US = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); "  # PR_SET_PDEATHSIG, SIGTERM
    "os.getppid() == int(sys.argv[1]) or sys.exit(1); os.execvp(sys.argv[2], sys.argv[2:])"
)
"""A program that becomes the one it is given, and ends when who has started it does."""


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
        There is no such file, no such configuration in it, or Parsl does not start what it says.
    """
    try:
        from parsl import Config
        from parsl.concurrent import ParslPoolExecutor
        from parsl.executors import MPIExecutor
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
    if any(isinstance(executor, MPIExecutor) for executor in config.executors):
        raise InputError(
            f"{argument}: expected executors of tasks that say nothing of nodes, got an "
            "MPIExecutor. Use HighThroughputExecutor."
        )
    # Parsl starts its own programs by name; they lie beside this Python.
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    try:
        kernel = _loaded(config)
    # Whatever Parsl raises, or a provider of somebody's.
    except Exception as error:
        raise InputError(
            f"{argument}: expected Parsl to start, got {type(error).__name__}: {reason(error)}."
        ) from error
    lost = partial(_lost, kernel)
    executor = Watched(ParslPoolExecutor(dfk=kernel), lost)
    return Engine(executor, workers or _workers(config), close=partial(_end, kernel), lost=lost)


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


def _loaded(config: Config) -> DataFlowKernel:
    """Start what it says, so that nothing outlives this process for which jobs would wait."""
    from parsl import load

    executors: Iterable[Any] = config.executors
    for executor in executors:
        command = getattr(executor, "interchange_launch_cmd", None)
        if command and sys.platform == "linux":
            us = [sys.executable, "-I", "-c", GONE_WITH_US, str(os.getpid())]
            executor.interchange_launch_cmd = [*us, *command]
    with _deaf_to_ctrl_c() as heard:
        kernel = load(config)
    if heard:
        _end(kernel)
        raise KeyboardInterrupt
    return kernel


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[list[int]]:
    """What is started meanwhile is ended by who started it, who is told what was heard.

    A terminal's Ctrl-C goes to a whole group of processes. Parsl's interchange would be gone at
    once, and Parsl waits for its answers for ever. In this process any thread may hear it, those of
    libraries included.
    """
    heard: list[int] = []
    answers = threading.current_thread() is threading.main_thread()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    if answers:
        handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        yield heard
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if answers:
            signal.signal(signal.SIGINT, handler)


def _lost(kernel: DataFlowKernel) -> str:
    """Who is gone, of those that Parsl cannot do without; empty where nobody is."""
    if _has_lost_its_interchange(kernel):
        return "its interchange is gone"
    executors = kernel.executors.values()
    are_bad = any(getattr(one, "bad_state_is_set", False) for one in executors)
    if are_bad or (any(map(_has_lost_its_jobs, executors)) and _starts_none(kernel)):
        return "its workers are gone"
    return ""


def _starts_none(kernel: DataFlowKernel) -> bool:
    """Whether Parsl starts no jobs but the first ones, so that nobody waits for others."""
    return kernel.config.strategy in (None, "none")


def _has_lost_its_jobs(executor: Any) -> bool:
    """Whether every job has ended; Parsl calls its executor bad where each has failed."""
    states = [*getattr(executor, "status_facade", {}).values()]
    return bool(states) and all(state.terminal for state in states)


def _has_lost_its_interchange(kernel: DataFlowKernel) -> bool:
    """Whether the program is gone that gives tasks to workers: Parsl does not look after it."""
    programs = [getattr(one, "interchange_proc", None) for one in kernel.executors.values()]
    return any(one is not None and one.poll() is not None for one in programs)


def _end(kernel: DataFlowKernel) -> None:
    """End all that Parsl has started.

    It leaves the jobs of an executor that has lost workers, and waits for ever where it would ask
    an interchange that is gone.
    """
    from parsl import clear

    if _lost(kernel):
        for executor in kernel.executors.values():
            _cancel_blocks(executor)
    if _has_lost_its_interchange(kernel):
        clear()  # so that another run of this process may load one
    else:
        kernel.cleanup()


def _cancel_blocks(executor: Any) -> None:
    """End the jobs that an executor's workers are in."""
    if provider := getattr(executor, "provider", None):
        jobs, states = executor.blocks_to_job_id, executor.status_facade
        provider.cancel([job for one, job in jobs.items() if not states[one].terminal])
