"""Faults of a cluster while a run is at work: Dask's, Parsl's and SLURM's processes, and Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
from arena import Arena
from outcomes import Outcome
from process import judged, left_alone, new, wait

STARTING = 120.0
"""Seconds that a cluster may take to be there."""
PARSL = """
from parsl import Config
from parsl.executors import HighThroughputExecutor
from parsl.launchers import SimpleLauncher
from parsl.providers import LocalProvider, SlurmProvider
config = Config([HighThroughputExecutor(address="127.0.0.1", max_workers_per_node=2,
    provider={provider})], run_dir={folder!r}, usage_tracking=0)
"""
HERE = "LocalProvider(init_blocks=1, max_blocks=1)"
SLURM = (
    "SlurmProvider('all', init_blocks=1, max_blocks=1, exclusive=False, walltime='00:20:00', "
    f"launcher=SimpleLauncher(), worker_init='export PATH={Path(sys.executable).parent}:$PATH')"
)
LASTS = 6.0
"""Seconds that a run with Parsl takes, about."""


def dask(arena: Arena, _kind: str, where: str, rng: random.Random) -> Outcome:
    """The scheduler or a worker is killed at some time."""
    out = new(arena)
    with _dask() as (address, scheduler, workers):
        process, log = arena.start(out, "--engine", f"dask:{address}")
        wait(process, rng.uniform(0, 4), until=(out / "run.json").exists)
        (scheduler if where == "scheduler" else rng.choice(workers)).kill()
        said = arena.ended(process, log)
    return judged(arena, out, said)


def parsl(arena: Arena, _kind: str, where: str, rng: random.Random) -> Outcome:
    """Parsl's interchange or its workers are killed at some time, here."""
    out, moment = new(arena), rng.uniform(0, LASTS)
    process, log = arena.start(out, "--engine", f"parsl:{_config(arena, HERE)}")
    wait(process, moment, until=(out / "run.json").exists)
    victims = _interchanges(process.pid) if where == "interchange" else _workers(arena)
    for one in victims:
        with contextlib.suppress(psutil.Error):
            one.kill()
    members = _started_by(arena, process.pid)
    said = arena.ended(process, log)
    return left_alone(members) or judged(arena, out, said)


def terminal(arena: Arena, _kind: str, where: str, rng: random.Random) -> Outcome:
    """Ctrl-C in a terminal, which goes to all that a command has started in its group."""
    out, moment = new(arena), rng.uniform(0, LASTS)
    with contextlib.ExitStack() as stack:
        engine = "local"
        if where == "Dask":
            engine = f"dask:{stack.enter_context(_dask())[0]}"
        elif where == "Parsl":
            engine = f"parsl:{_config(arena, HERE)}"
        process, log = arena.start(out, "--engine", engine)
        moment /= 1 if where == "Parsl" else 4
        wait(process, moment, until=lambda: os.getpgid(process.pid or 0) == process.pid)
        members = _started_by(arena, process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        said = arena.ended(process, log)
    return left_alone(members) or judged(arena, out, said)


def slurm(arena: Arena, _kind: str, _where: str, rng: random.Random) -> Outcome:
    """The job in which workers are is cancelled at some time."""
    import one_node_slurm  # of the tests' toys, which are found once there is an arena

    out, folder = new(arena), arena.place / "slurm"
    shutil.rmtree(folder, ignore_errors=True)
    config = _config(arena, SLURM)
    with one_node_slurm.one_node(folder) as environment:
        os.environ["SLURM_CONF"] = environment["SLURM_CONF"]
        process, log = arena.start(out, "--engine", f"parsl:{config}")
        wait(process, rng.uniform(0, 20), until=(out / "run.json").exists)
        subprocess.run(["scancel", "--user=root"], check=False)  # noqa: S607
        said = arena.ended(process, log)
    return judged(arena, out, said)


def _config(arena: Arena, provider: str) -> Path:
    """A file that says where Parsl has its workers."""
    path = arena.place / "parsl.py"
    path.write_text(PARSL.format(provider=provider, folder=str(arena.place / "parsl")))
    return path


def _started_by(arena: Arena, command: int | None) -> list[psutil.Process]:
    """What is to be gone with a command: its own, and Parsl's workers, nobody's children."""
    members = _workers(arena)
    with contextlib.suppress(psutil.Error):
        family = psutil.Process(command)
        members += [family, *family.children(recursive=True)]
    return members


def _interchanges(command: int | None) -> list[psutil.Process]:
    """Those of Parsl's programs that a command has started which give tasks to workers."""
    with contextlib.suppress(psutil.Error):
        programs = psutil.Process(command).children()
        return [one for one in programs if "interchange" in " ".join(one.cmdline())]
    return []


def _workers(arena: Arena) -> list[psutil.Process]:
    """Parsl's programs in which workers are, which are nobody's children."""
    lines = ((one, one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"]))
    return [
        one
        for one, words in lines
        if any(word.endswith("process_worker_pool.py") for word in words[:2])
        and str(arena.place) in " ".join(words)
    ]


@contextmanager
def _dask() -> Iterator[tuple[str, subprocess.Popen[bytes], list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a process of its own."""
    from distributed import Client
    from distributed.utils import open_port

    port = open_port()
    address = f"tcp://127.0.0.1:{port}"
    common = ["--no-dashboard"]
    scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    worker = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (scheduler, worker, worker):
            started.append(
                subprocess.Popen(  # noqa: S603
                    [sys.executable, "-m", *command, *common],
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        with Client(address, timeout=f"{STARTING}s", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=STARTING)
        yield address, started[0], started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def faults(seeds: int) -> Iterator[tuple[str, str, int]]:
    """Kinds, where, and seeds; of what is installed here."""
    for seed in range(seeds):
        yield ("Ctrl-C", "local", seed)
        if find_spec("distributed"):
            yield from (("SIGKILL of Dask", where, seed) for where in ("scheduler", "worker"))
            yield ("Ctrl-C", "Dask", seed)
        if find_spec("parsl"):
            yield from (("SIGKILL of Parsl", where, seed) for where in ("interchange", "workers"))
            yield ("Ctrl-C", "Parsl", seed)
        if find_spec("parsl") and not os.geteuid() and shutil.which("slurmctld"):
            yield ("scancel", "job of SLURM", seed)


DO = {
    "SIGKILL of Dask": dask,
    "SIGKILL of Parsl": parsl,
    "Ctrl-C": terminal,
    "scancel": slurm,
}
