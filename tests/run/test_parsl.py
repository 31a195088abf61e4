"""Parsl is started whole or not at all, and what it has started does not outlive who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gxarena.errors import InputError
from gxarena.run.engines.parsl import GONE_WITH_US, _lost, parsl

pytest.importorskip("parsl", reason="needs gxarena[parsl]")

from parsl import Config
from parsl import dfk as loaded
from parsl.jobs.states import JobState, JobStatus


class _Kernel:
    """Parsl's, where nothing was started."""

    def __init__(self) -> None:
        self.executors, self.ended = dict[str, Any](), False

    def cleanup(self) -> None:
        self.ended = True


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "here.py"
    path.write_text(
        "from parsl import Config, ThreadPoolExecutor\n"
        f"config = Config([ThreadPoolExecutor()], run_dir={str(tmp_path / 'parsl')!r})\n"
    )
    return str(path)


def _here() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def _in_a_library_s_thread() -> None:
    """Which does not know that Ctrl-C is not to be heard now."""

    def hear() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    thread = threading.Thread(target=hear)
    thread.start()
    thread.join()


@pytest.mark.parametrize("ctrl_c", [_here, _in_a_library_s_thread])
def test_ctrl_c_while_parsl_starts_ends_what_it_has_started(
    config: str, monkeypatch: pytest.MonkeyPatch, ctrl_c: Any
) -> None:
    kernel = _Kernel()

    def load(_: object) -> _Kernel:
        ctrl_c()
        time.sleep(0.01)  # where it would be broken off
        return kernel

    monkeypatch.setattr("parsl.load", load)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        parsl(config, None)
    assert kernel.ended
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_what_parsl_cannot_start_is_said_in_a_sentence(config: str) -> None:
    in_use = Path(config).parent / "parsl"
    in_use.write_text("no folder")
    with pytest.raises(InputError, match="expected Parsl to start, got "):
        parsl(config, None)


def test_an_executor_that_refuses_every_task_is_refused(config: str) -> None:
    """All cells were said to have crashed of their models."""
    Path(config).write_text(
        "from parsl import Config\n"
        "from parsl.executors import MPIExecutor\n"
        "from parsl.launchers import SimpleLauncher\n"
        "from parsl.providers import LocalProvider\n"
        "provider = LocalProvider(launcher=SimpleLauncher())\n"
        "config = Config([MPIExecutor(mpi_launcher='mpiexec', provider=provider)])\n"
    )
    with pytest.raises(InputError, match="got an MPIExecutor"):
        parsl(config, None)


def test_an_engine_of_parsl_s_threads(config: str) -> None:
    engine = parsl(config, None)
    assert engine.workers == 2
    assert engine.executor.submit(abs, -1).result(timeout=30) == 1
    engine.executor.shutdown()
    engine.close()


def test_where_an_interchange_is_gone_its_engine_makes_room_for_another(config: str) -> None:
    """In a notebook, say: Parsl loads one at a time."""
    folder = str(Path(config).parent / "parsl")
    Path(config).write_text(
        "from parsl import Config\n"
        "from parsl.executors import HighThroughputExecutor\n"
        "from parsl.providers import LocalProvider\n"
        "provider = LocalProvider(init_blocks=0)\n"
        "executor = HighThroughputExecutor(address='127.0.0.1', provider=provider)\n"
        f"config = Config([executor], run_dir={folder!r}, usage_tracking=0)\n"
    )
    first = parsl(config, None)
    executors: Any = loaded().executors
    (program,) = [one.interchange_proc for one in executors.values() if hasattr(one, "provider")]
    program.kill()
    program.wait()
    assert first.lost() == "its interchange is gone"
    with pytest.raises(ConnectionError, match="its interchange is gone"):
        first.executor.submit(abs, -1)
    first.executor.shutdown()
    first.close()
    second = parsl(config, None)
    assert second.lost() == ""
    second.executor.shutdown()
    second.close()


@pytest.mark.parametrize("strategy", ["none", None, "simple"])
def test_where_every_job_has_ended_and_none_is_started_workers_are_gone(
    strategy: str | None,
) -> None:
    """Of jobs that were cancelled, or killed, Parsl's executor waits for ever."""
    states = {"0": JobStatus(JobState.CANCELLED), "1": JobStatus(JobState.RUNNING)}
    kernel: Any = _Kernel()
    kernel.config = Config(strategy=strategy)
    kernel.executors = {"threads": object(), "jobs": SimpleNamespace(status_facade=states)}
    assert not _lost(kernel)
    states["1"] = JobStatus(JobState.TIMEOUT)
    assert _lost(kernel) == ("" if strategy == "simple" else "its workers are gone")
    states.clear()
    assert not _lost(kernel), "they are not started yet"


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_a_program_ends_with_who_started_it() -> None:
    """Parsl's interchange does not by itself, and jobs on a cluster wait as long as it is there."""
    starts = (
        "import os, subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1], str(os.getpid()), "
        "sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(60)']); "
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starts, GONE_WITH_US], stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == b"1\n"
        starter.kill()
        begun = time.monotonic()
        assert starter.stdout.read() == b"", "its end of the pipe is closed once it is gone"
        assert time.monotonic() - begun < 30
