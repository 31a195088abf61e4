"""Faults of a cluster while a run is at work: Dask's scheduler, a worker of it, a job of SLURM."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from arena import Arena
from outcomes import Outcome
from process import judged, new, wait

STARTING = 120.0
"""Seconds that a cluster may take to be there."""
PARSL = """
from parsl import Config
from parsl.executors import HighThroughputExecutor
from parsl.launchers import SimpleLauncher
from parsl.providers import SlurmProvider
config = Config([HighThroughputExecutor(address="127.0.0.1", max_workers_per_node=2,
    provider=SlurmProvider("all", init_blocks=1, max_blocks=1, exclusive=False, walltime="00:20:00",
    launcher=SimpleLauncher(), worker_init="export PATH={bin}:$PATH"))],
    run_dir={folder!r}, usage_tracking=0)
"""


def dask(arena: Arena, _kind: str, where: str, rng: random.Random) -> Outcome:
    """The scheduler or a worker is killed at some time."""
    out = new(arena)
    with _dask() as (address, scheduler, workers):
        process, log = arena.start(out, "--engine", f"dask:{address}")
        wait(process, rng.uniform(0, 4), until=(out / "run.json").exists)
        (scheduler if where == "scheduler" else rng.choice(workers)).kill()
        return judged(arena, out, arena.ended(process, log))


def slurm(arena: Arena, _kind: str, _where: str, rng: random.Random) -> Outcome:
    """The job in which workers are is cancelled at some time."""
    import one_node_slurm  # of the tests' toys, which are found once there is an arena

    out, folder = new(arena), arena.place / "slurm"
    shutil.rmtree(folder, ignore_errors=True)
    config = arena.place / "slurm.py"
    text = PARSL.format(bin=Path(sys.executable).parent, folder=str(arena.place / "parsl"))
    config.write_text(text)
    with one_node_slurm.one_node(folder) as environment:
        os.environ["SLURM_CONF"] = environment["SLURM_CONF"]
        process, log = arena.start(out, "--engine", f"parsl:{config}")
        wait(process, rng.uniform(0, 20), until=(out / "run.json").exists)
        subprocess.run(["scancel", "--user=root"], check=False)  # noqa: S607
        return judged(arena, out, arena.ended(process, log))


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
        if find_spec("distributed"):
            yield from (("SIGKILL of Dask", where, seed) for where in ("scheduler", "worker"))
        if find_spec("parsl") and not os.geteuid() and shutil.which("slurmctld"):
            yield ("scancel", "job of SLURM", seed)


DO = {"SIGKILL of Dask": dask, "scancel": slurm}
