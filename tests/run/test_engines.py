"""Engines: whichever does the work, boards are equal bit for bit; what is interrupted is kept."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import one_node_slurm
import psutil
import pyarrow.parquet as pq
import pytest

from gxarena.engine import Engine
from gxarena.errors import InputError, MissingExtra
from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run import parts, runner
from gxarena.run.cells import Cell
from gxarena.run.engines.opening import open_engine
from gxarena.run.plan import Plan
from gxarena.run.runner import Settings, run
from gxarena.run.store import CHUNK

MakePlan = Callable[..., Plan]
TOYS = Path(__file__).parents[1] / "toys"
BLOCKS: list[dict[str, Any]] = [
    {
        "datasets": ["mine"],
        "models": ["toy-batched", "toy-tokens"],
        "explainers": ["exact", "random", "crash", "some-nan"],
        "aggregators": ["native", "mean", "passed_on"],
        "metrics": ["gini", "faithfulness", "continuous_jaccard"],
        "against": ["toy/exact"],
    },
    {
        "datasets": ["mine"],
        "models": ["toy-tokens", "trained"],
        "explainers": ["exact", "occlusion"],
        "metrics": ["max_sensitivity", "borrowed", "replicate_agreement", "patterns"],
        "against": ["trained/gc"],
    },
]
MODELS = {"trained": {"name": "toy-trained", "replicates": ["one", "one-1", "one-2"]}}
UNEQUAL = ("seconds_per_sequence",)
OF_TIME = ("started", "seconds", "explain_seconds", "peak_memory", "error_traceback")

_hears_ctrl_c = pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    reason="Ctrl-C is ignored here, as a shell's background job does, and by whom it starts",
)


def _tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What a run wrote, but for what it took; `cells` without what says how and where."""
    # Of two cells that ask one question at once either counts its forwards.
    apart = {"leaderboard": UNEQUAL, "cells": (*OF_TIME, "forwards")}
    found = {}
    for name in ("samples", "curves", "motifs", "seqlets", "leaderboard", "cells"):
        table = pq.read_table(folder / f"{name}.parquet")
        found[name] = table.drop_columns(list(apart.get(name, ()))).to_pylist()
    return found


def _same(one: Path, other: Path) -> None:
    first, second = _tables(one), _tables(other)
    for name, rows in first.items():
        assert list(map(str, rows)) == list(map(str, second[name])), name  # NaN equals itself


@pytest.fixture
def whole(plan: MakePlan) -> Callable[[], Plan]:
    """A plan in which everything happens: failures, pairs, replicates, motifs, what is shared."""
    return lambda: plan(models=MODELS, matrix=BLOCKS)


def _check_children(whole: Callable[[], Plan], folder: Path, workers: int) -> None:
    told: list[tuple[str, str]] = []

    def report(cell: Cell, status: str, _: str) -> None:
        told.append((cell.id, status))

    settings = Settings("local", workers)
    summary = run(whole(), folder / f"local-{workers}", settings, report_cell=report)
    _same(folder / "inline", folder / f"local-{workers}")
    assert {status for _, status in told} == set(summary.statuses)
    assert sorted(cell for cell, _ in told) == sorted(cell.id for cell in whole().cells)


def test_children_give_the_same_bits_in_parts_too(
    whole: Callable[[], Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(whole(), tmp_path / "inline")
    monkeypatch.setattr(parts, "SCORED_AT_ONCE", CHUNK)  # 64 samples and 6
    _check_children(whole, tmp_path, 2)


def test_who_draws_from_global_generators_says_the_same_with_every_engine(
    plan: MakePlan, tmp_path: Path
) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "dice"]}
    block["metrics"] = ["gini", "dice"]
    for engine in ("inline", "local"):
        assert run(plan(matrix=[block]), tmp_path / engine, Settings(engine)).complete
    _same(tmp_path / "inline", tmp_path / "local")


@pytest.mark.parametrize("at", ["s00", "s69"])
def test_a_part_that_fails_fails_its_cell_once(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """One raises and one ends its child, in the first part or the last; another metric is whole."""
    monkeypatch.setattr(parts, "SCORED_AT_ONCE", CHUNK)
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
    metrics = {how: {"name": "trips", "at": at, "how": how} for how in ("raise", "exit")}
    made = plan(metrics=metrics, matrix=[block | {"metrics": [*metrics, "total"]}])
    summary = run(made, tmp_path / "run", Settings("local", 2))
    assert summary.statuses == {"error": 1, "crashed": 1, "ok": 1}
    rows = pq.read_table(tmp_path / "run" / "cells.parquet").to_pylist()
    assert {row["metric"]: (row["attempt"], row["status"]) for row in rows} == {
        "raise": (1, "error"), "exit": (1, "crashed"), "total": (1, "ok"),
    }  # fmt: skip
    said = {row["metric"]: row["error_message"] for row in rows}
    assert f"tripped at {at}" in said["raise"]
    assert "exit status 3" in said["exit"]
    scored = pq.read_table(tmp_path / "run" / "samples.parquet")["metric"].to_pylist()
    assert scored == ["total"] * 70


@pytest.mark.slow
def test_so_do_one_and_four(whole: Callable[[], Plan], tmp_path: Path) -> None:
    run(whole(), tmp_path / "inline")
    for workers in (1, 4):
        _check_children(whole, tmp_path, workers)


def test_a_part_that_is_tried_again_is_waited_for(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first part's child dies once; meanwhile the last part fails, and is to blame alone."""
    monkeypatch.setattr(parts, "SCORED_AT_ONCE", CHUNK)
    trips = {"name": "trips", "at": "s69", "how": "raise", "once": "s00"}
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["trips"]}
    marker = f"gxarena-trips-{uuid.uuid4().hex}"
    made = plan(metrics={"trips": trips | {"marker": marker}}, matrix=[block])
    summary = run(made, tmp_path / "run", Settings("local", 1))
    Path(tempfile.gettempdir(), marker).unlink()  # it did die
    assert summary.statuses == {"error": 1}
    (row,) = pq.read_table(tmp_path / "run" / "cells.parquet").to_pylist()
    assert "tripped at s69" in row["error_message"]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_nobody_waits_for_is_ended(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    """The first part fails while the last hangs, in this process or in others, as a cluster's."""
    monkeypatch.setattr(parts, "SCORED_AT_ONCE", CHUNK)
    trips = {"name": "trips", "at": "s00", "how": "raise", "hangs": "s69"}
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["trips"]}
    made = plan(metrics={"trips": trips}, matrix=[block])
    if elsewhere:  # what works there cannot be cancelled, as Parsl's
        pool = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))
        monkeypatch.setattr(runner, "open_engine", lambda *_: Engine(pool, 2))
    before = {*psutil.Process().children(recursive=True)}
    start = time.monotonic()
    summary = run(made, tmp_path / "run", Settings("local", 2))
    assert time.monotonic() - start < 500
    assert summary.statuses == {"error": 1}
    left = {*psutil.Process().children(recursive=True)} - before
    left = {one for one in left if "tracker" not in " ".join(one.cmdline())}
    _, alive = psutil.wait_procs(left, timeout=60)
    assert not alive
    (row,) = pq.read_table(tmp_path / "run" / "cells.parquet").to_pylist()
    assert "tripped at s00" in row["error_message"]


def test_a_finished_run_starts_nothing(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = BLOCKS[0] | {"explainers": ["exact"], "metrics": ["gini"], "aggregators": ["native"]}
    made = plan(matrix=[block])
    assert run(made, tmp_path / "run").complete
    monkeypatch.setattr(subprocess, "Popen", None)
    again = run(made, tmp_path / "run", Settings("local", 2))
    assert (again.complete, again.reused) == (True, len(made.cells))


def test_failures_may_be_kept(plan: MakePlan, tmp_path: Path) -> None:
    block = BLOCKS[0] | {"explainers": ["exact", "crash"], "metrics": ["gini"]}
    made = plan(matrix=[block])
    first = run(made, tmp_path / "run")
    kept = run(made, tmp_path / "run", Settings("local", 1, retry_failed=False))
    assert (kept.statuses, kept.reused) == (first.statuses, len(made.cells))
    assert not kept.complete


@contextmanager
def _started(command: list[str], **how: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive the test, which would wait for it where it fails."""
    with subprocess.Popen(command, **how) as process:
        try:
            yield process
        finally:
            process.kill()


def _slow_suite(data: Path, place: Path, delay: int) -> tuple[list[str], dict[str, str], Path]:
    """The command that runs it, its environment, and where toys write what they do."""
    (data.parent / "slow.toml").write_text(
        'name = "slow"\ntarget = 1\n[datasets.mine]\npath = "data.csv"\n'
        '[explainers.at-once]\nname = "random"\n[[matrix]]\n'  # the first by name
        'datasets = ["mine"]\nmodels = ["toy"]\nexplainers = ["at-once", "exact"]\n'
        'metrics = ["gini", "total"]\n'
    )
    info = place / "site" / "toys-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[gxarena]\ntoys = toy_plugin\n")
    path, log = os.pathsep.join([str(info.parent), str(TOYS)]), place / "log"
    toys = {"PYTHONPATH": path, "TOY_DELAY": str(delay), "TOY_LOG": str(log)}
    command = [sys.executable, "-m", "gxarena", "run", str(data.parent / "slow.toml")]
    return command, os.environ | toys, log


def test_what_takes_more_memory_than_it_is_given_is_a_row(data: Path, tmp_path: Path) -> None:
    """Python alone takes more than .02 GiB; what is over before anybody looks is ok."""
    command, environment, _ = _slow_suite(data, tmp_path, delay=3)
    limited = [*command, "--out", str(tmp_path / "run"), "--workers", "1", "--memory", "0.02"]
    ended = subprocess.run(limited, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 3, ended.stderr
    (row, *_) = [r for r in RunResults.of(tmp_path / "run").last_rows() if r["metric"] == "total"]
    assert row["status"] == "oom"
    assert "expected at most 0.02 GiB of memory, got" in row["error_message"]


@_hears_ctrl_c
def test_ctrl_c_ends_every_child_and_keeps_what_is_finished(data: Path, tmp_path: Path) -> None:
    command, environment, log = _slow_suite(data, tmp_path, delay=600)
    with _started(
        [*command, "--out", str(tmp_path / "run"), "--workers", "1"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _wait_for(lambda: log.exists() and "total" in log.read_text())
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2  # the fork server and its child
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Interrupted. Finished cells are kept" in said
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    statuses = RunResults.of(tmp_path / "run").last_rows()
    ended = {(row["explainer"], row["metric"]): row["status"] for row in statuses}
    assert ended == {("at-once", "gini"): "ok", ("at-once", "total"): "interrupted"}


def test_children_are_gone_when_who_started_them_is_killed(data: Path, tmp_path: Path) -> None:
    program = (
        "from gxarena.run.forkserver import ForkServer\n"
        "import os, sys, time\n"
        "server = ForkServer([])\n"  # held: who lets go of it ends it
        "pipes = server.fork()\n"
        "print(os.read(pipes.status, 100).decode(), flush=True)\n"
        "time.sleep(600)\n"
    )
    with _started([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline().removeprefix("pid ")))
        server = child.parent()
        process.kill()
    assert server is not None
    _, alive = psutil.wait_procs([child, server], timeout=30)
    assert not alive


def test_an_unknown_engine_and_a_missing_one(registry: Registry, tmp_path: Path) -> None:
    assert open_engine(registry, "inline") is None
    for asked, workers, message in (
        ("locl", None, "--engine: unknown engine 'locl'. Did you mean 'local'"),
        ("local:here", None, "--engine: expected 'local', got 'local:here'"),
        ("local", 0, "--workers: expected 1 or more, got 0"),
    ):
        with pytest.raises(InputError, match=message):
            open_engine(registry, asked, workers)
    for name in ("dask", "parsl"):
        if not find_spec({"dask": "distributed"}.get(name, name)):
            with pytest.raises(MissingExtra, match=rf"pip install 'gxarena\[{name}\]'"):
                open_engine(registry, f"{name}:x")


@pytest.mark.slow
def test_dask_gives_the_same_bits(whole: Callable[[], Plan], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs gxarena[dask]")
    run(whole(), tmp_path / "inline")
    with _dask() as address:
        run(whole(), tmp_path / "dask", Settings(f"dask:{address}"))
    _same(tmp_path / "inline", tmp_path / "dask")


@pytest.mark.slow
def test_parsl_gives_the_same_bits(whole: Callable[[], Plan], tmp_path: Path) -> None:
    pytest.importorskip("parsl", reason="needs gxarena[parsl]")
    run(whole(), tmp_path / "inline")
    config = _parsl_here(tmp_path)
    run(whole(), tmp_path / "parsl", Settings(f"parsl:{config}"))
    _same(tmp_path / "inline", tmp_path / "parsl")


@pytest.mark.slow
def test_a_real_slurm_gives_the_same_bits(
    whole: Callable[[], Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One node, from Debian's packages: its daemons run for as long as the test."""
    pytest.importorskip("parsl", reason="needs gxarena[parsl]")
    if absent := one_node_slurm.missing():
        pytest.skip(f"needs slurm-wlm and munge: {', '.join(absent)} not found")
    if os.geteuid():
        pytest.skip("needs root, as SLURM's daemons do")
    run(whole(), tmp_path / "inline", Settings("inline"))
    config = tmp_path / "config.py"
    config.write_text(
        "from parsl import Config\n"
        "from parsl.executors import HighThroughputExecutor\n"
        "from parsl.launchers import SimpleLauncher\n"
        "from parsl.providers import SlurmProvider\n"
        "config = Config([HighThroughputExecutor(address='127.0.0.1', max_workers_per_node=2, "
        "provider=SlurmProvider('all', init_blocks=1, max_blocks=1, exclusive=False, "
        "walltime='00:20:00', launcher=SimpleLauncher(), "
        f"worker_init='export PATH={Path(sys.executable).parent}:$PATH'))], "
        f"run_dir={str(tmp_path / 'parsl')!r}, usage_tracking=0)\n"
    )
    with one_node_slurm.one_node(tmp_path / "slurm") as environment:
        monkeypatch.setenv("SLURM_CONF", environment["SLURM_CONF"])
        run(whole(), tmp_path / "cluster", Settings(f"parsl:{config}"))
        finished = subprocess.run(
            ["scontrol", "show", "jobs"], capture_output=True, text=True, check=True
        ).stdout
    assert "JobName=parsl" in finished
    _same(tmp_path / "inline", tmp_path / "cluster")


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True])
def test_a_scheduler_that_is_killed_ends_the_run_with_a_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """Also where all that is left is what was at work, which is tried again and is not to blame."""
    pytest.importorskip("distributed", reason="needs gxarena[dask]")
    command, environment, log = _slow_suite(data, tmp_path, delay=20)
    if alone:
        suite = data.parent / "slow.toml"
        suite.write_text(suite.read_text().replace('"at-once", "exact"', '"exact"'))
    again = [*command, "--out", str(tmp_path / "run"), "--engine"]
    for name in ("TOY_DELAY", "TOY_LOG"):  # as children of Dask's workers have them
        monkeypatch.setenv(name, environment[name])
    with _scheduler_killed(again, environment, log) as process:
        _, said = process.communicate(timeout=90)
    assert process.returncode == 2, said
    assert "--engine: expected one that takes work, got" in said
    assert "Traceback" not in said
    rows = RunResults.of(tmp_path / "run").last_rows()
    assert {row["status"] for row in rows} <= {"ok"}
    environment |= {"TOY_DELAY": "0"}
    ended = subprocess.run([*again, "local"], env=environment, check=False, capture_output=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
@_hears_ctrl_c
def test_ctrl_c_while_dask_looks_for_its_scheduler_is_no_traceback(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="needs gxarena[dask]")
    command, environment, log = _slow_suite(data, tmp_path, delay=20)
    for name in ("TOY_DELAY", "TOY_LOG"):
        monkeypatch.setenv(name, environment[name])
    again = [*command, "--out", str(tmp_path / "run"), "--engine"]
    with _scheduler_killed(again, environment, log) as process:
        time.sleep(1)  # of the ten for which it looks
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=90)
    assert process.returncode == 130, said
    assert "the same command resumes" in said
    assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "lost"), [("interchange", "interchange"), ("process_worker_pool.py", "workers")]
)
def test_what_parsl_cannot_do_without_ends_the_run_with_a_sentence(
    data: Path, tmp_path: Path, program: str, lost: str
) -> None:
    """Its interchange, after which it does not look, and its workers, of which none is to blame."""
    command, environment, log = _parsl_suite(data, tmp_path)
    with _started(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        _wait_for(lambda: log.exists() and "explain" in log.read_text())
        family = psutil.Process(process.pid).children()
        for one in psutil.process_iter(["cmdline"]):
            words = one.info["cmdline"] or []
            is_it = any(program in word for word in words[:2]) and "bash" not in words[0]
            if is_it and (one in family or str(tmp_path) in " ".join(words)):
                one.kill()
        _, said = process.communicate(timeout=90)
    assert process.returncode == 2, said
    sentence = f"--engine: expected one that takes work, got 'its {lost} {{}} gone'"
    assert sentence.format("is" if lost == "interchange" else "are") in said
    assert "Traceback" not in said
    assert {row["status"] for row in RunResults.of(tmp_path / "run").last_rows()} <= {"ok"}
    assert not _works_in(tmp_path)
    again = [*command[:-1], "local"]
    ended = subprocess.run(
        again, env=environment | {"TOY_DELAY": "0"}, check=False, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_ends_what_parsl_has_started(data: Path, tmp_path: Path) -> None:
    """It goes to the command and to all that Parsl has started in its group."""
    command, environment, log = _parsl_suite(data, tmp_path)
    with _started(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        _wait_for(lambda: log.exists() and "explain" in log.read_text())
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=90)
    assert process.returncode == 130, said
    assert "Interrupted. Finished cells are kept" in said
    assert "Traceback" not in said
    assert not _works_in(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_parsl_s_interchange_is_gone_with_a_command_that_is_killed(
    data: Path, tmp_path: Path
) -> None:
    """Jobs on a cluster wait as long as it is there, for nobody. It has no path in its title."""
    command, environment, log = _parsl_suite(data, tmp_path)
    with _started(command, env=environment, start_new_session=True) as process:
        _wait_for(lambda: log.exists() and "explain" in log.read_text())
        family = psutil.Process(process.pid).children()
        (interchange,) = (one for one in family if "interchange" in " ".join(one.cmdline()))
        process.kill()
    try:
        _wait_for(lambda: not interchange.is_running())
    finally:
        for one in psutil.process_iter(["cmdline"]):
            if str(tmp_path) in " ".join(one.info["cmdline"] or []):
                with suppress(psutil.Error):
                    one.kill()  # its workers, which look for it for two minutes


def _parsl_suite(data: Path, place: Path) -> tuple[list[str], dict[str, str], Path]:
    """A command that works for long with Parsl, its environment, and where it logs."""
    pytest.importorskip("parsl", reason="needs gxarena[parsl]")
    command, environment, log = _slow_suite(data, place, delay=20)
    engine = f"parsl:{_parsl_here(place)}"
    return [*command, "--out", str(place / "run"), "--engine", engine], environment, log


def _parsl_here(place: Path) -> Path:
    """A configuration of two workers on this machine."""
    config = place / "here.py"
    config.write_text(
        "from parsl import Config\n"
        "from parsl.executors import HighThroughputExecutor\n"
        "from parsl.providers import LocalProvider\n"
        'config = Config(run_dir="' + str(place / "runinfo") + '", usage_tracking=0, executors=[\n'
        '    HighThroughputExecutor(address="127.0.0.1", max_workers_per_node=2,\n'
        "        provider=LocalProvider(init_blocks=1, max_blocks=1))])\n"
    )
    return config


def _works_in(place: Path) -> list[list[str]]:
    """The command lines of what still works for a run in a folder, some time after its end."""

    def found() -> list[list[str]]:
        every = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
        return [line for line in every if any(str(place) in word for word in line)]

    with suppress(AssertionError):
        _wait_for(lambda: not found(), seconds=30.0)
    return found()


@contextmanager
def _dask() -> Iterator[str]:
    """A scheduler and two workers, each a process of its own."""
    from distributed.utils import open_port

    address = f"tcp://127.0.0.1:{open_port()}"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    port = address.rpartition(":")[2]
    scheduler = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port]
    worker = ["-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
    commands = [[*scheduler, "--no-dashboard"], [*worker, "--no-dashboard"]]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (commands[0], commands[1], commands[1]):
            started.append(subprocess.Popen([sys.executable, *command], **quiet))  # type: ignore[call-overload]
        from distributed import Client

        with Client(address, timeout="60s", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        yield address
    finally:
        for process in started:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def _scheduler_killed(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    """The command with Dask for its engine, once it explains and its scheduler is killed."""
    with (
        _dask() as address,
        _started(
            [*command, f"dask:{address}"], env=environment, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        _wait_for(lambda: log.exists() and "explain" in log.read_text())
        for one in psutil.Process().children():
            if any("dask" in word and "scheduler" in word for word in one.cmdline()):
                one.kill()
        yield process


def _wait_for(happened: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)
