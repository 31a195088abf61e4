"""Faults of processes, of plugins and of the machine, while a run is at work."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
from arena import GOOD, PATIENCE, Arena, Said, content, differs
from outcomes import DIFFERENT, EQUAL, HANG, SENTENCE, TRACEBACK, Outcome

from gxarena.errors import GxarenaError, printable
from gxarena.scratch import remove_abandoned

SIGNALS = {name: getattr(signal, name) for name in ("SIGKILL", "SIGTERM", "SIGINT")}
VICTIMS = ("driver", "fork server", "child")
TWICE = "SIGKILL, twice"
HARMS = (
    "segfaults", "exits", "hangs", "interrupts", "leaves", "kills-its-server", "floods", "eats",
    "halves", "patches-numpy", "patches-metrics", "patches-statistics", "chdir", "litters",
    "steers", "reaches",
)  # fmt: skip
"""What explainers of the tests do that harm others."""
SILENCE, MEMORY = 10, 600 * 2**20
"""What a child may take where explainers harm: seconds without a sign of life, bytes."""
ENDED = 30.0
"""Seconds within which all that a run has started is gone once it is."""


def killed(arena: Arena, kind: str, where: str, rng: random.Random) -> Outcome:
    """A process of a run is sent a signal at some time."""
    moment, out = rng.uniform(0, _lasts(arena)), new(arena)
    said, left = _killed(arena, out, SIGNALS[kind], where, moment)
    return left or judged(arena, out, said)


def killed_twice(arena: Arena, _kind: str, _where: str, rng: random.Random) -> Outcome:
    """A run's driver is killed at some time, and again at some time after it was taken up."""
    moments, out = [rng.uniform(0, _lasts(arena)) for _ in range(2)], new(arena)
    for moment in moments:
        said, left = _killed(arena, out, signal.SIGKILL, "driver", moment)
        if left or said.traceback:
            break
    return left or judged(arena, out, said)


def _killed(
    arena: Arena, out: Path, number: signal.Signals, where: str, moment: float
) -> tuple[Said, Outcome | None]:
    """What a run comes to that is sent a signal, and what has outlived it."""
    process, log = arena.start(out)
    family = psutil.Process(process.pid)
    wait(process, moment)
    members: list[psutil.Process] = []
    if victim := _victim(process, where):
        with contextlib.suppress(psutil.Error):
            members = [family, *family.children(recursive=True)]
            victim.send_signal(number)
    said = arena.ended(process, log)
    return said, left_alone(members)


def stopped(arena: Arena, _kind: str, where: str, rng: random.Random) -> Outcome:
    """A run may write no further than so many bytes a file, or hold so many addresses."""
    out = new(arena)
    if where == "bytes of a file":
        limits = {"RLIMIT_FSIZE": int(10 ** rng.uniform(1, 4.6))}
        return judged(arena, out, arena.run(out, limits=limits))
    return judged(arena, out, arena.run_afresh(out, addresses=int(2 ** rng.uniform(29.5, 32))))


def full(arena: Arena, _kind: str, _where: str, rng: random.Random) -> Outcome:
    """The disk is full at some time, and has room again later."""
    with _disk(arena, f"size={rng.randrange(4, 120)}k") as place:
        out = place / "run"
        said = arena.run(out)
        subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)  # noqa: S603, S607
        return judged(arena, out, said)


def read_only(arena: Arena, _kind: str, where: str, rng: random.Random) -> Outcome:
    """The disk becomes read-only at some time, or is so from the beginning."""
    moment = rng.uniform(0, _lasts(arena))
    with _disk(arena, "size=64m") as place:
        out = place / "run"
        if where == "a killed run":
            shutil.copytree(arena.half, out)
        if where == "at work":
            process, log = arena.start(out)
            wait(process, moment)
        while subprocess.run(["mount", "-o", "remount,ro", place], capture_output=True).returncode:  # noqa: S603, S607
            time.sleep(0.01)  # a file is being written
        said = arena.ended(process, log) if where == "at work" else arena.run(out)
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)  # noqa: S603, S607
        return judged(arena, out, said)


def moved(arena: Arena, _kind: str, where: str, rng: random.Random) -> Outcome:
    """The folder is elsewhere, at once or while the run is at work."""
    moment, out, there = rng.uniform(0, _lasts(arena)), new(arena), arena.place / "moved"
    shutil.rmtree(there, ignore_errors=True)
    if where == "at work":
        process, log = arena.start(out)
        wait(process, moment, until=out.exists)
        out.rename(there)
        said = arena.ended(process, log)
        if said.traceback:
            return Outcome(TRACEBACK, said.shown)
        return judged(arena, there, said)
    shutil.copytree(arena.half if where == "a killed run" else arena.finished, there)
    return judged(arena, there, arena.run(there) if where == "a killed run" else Said(0, ""))


def two(arena: Arena, _kind: str, _where: str, rng: random.Random) -> Outcome:
    """Two runs at once in one folder."""
    moment, out = rng.uniform(0, _lasts(arena)), new(arena)
    process, log = arena.start(out)
    wait(process, moment)
    second = arena.run(out)
    first = arena.ended(process, log)
    if not (first.sentence or first.code == 0):
        return judged(arena, out, first)
    return judged(arena, out, second)


def harmed(arena: Arena, _kind: str, where: str, _rng: random.Random) -> Outcome:
    """An explainer harms others; theirs are as they were, and it is named."""
    from gxarena.results.reading import RunResults

    out = new(arena)
    how = {"explainers": (*GOOD, where), "memory": MEMORY}
    os.environ["POISON_RUN"] = str(out)
    said = arena.run(out, "--timeout", SILENCE, **how)
    if where == "reaches":  # what it has reached is due again
        os.environ["POISON_RUN"] = str(arena.scratch)
        said = arena.run(out, **how)
    if said.code is None:
        return Outcome(HANG)
    if said.traceback:
        return Outcome(TRACEBACK, said.shown)
    expected = {name: rows for name, rows in arena.expected.items() if name != "leaderboard"}
    if other := differs(content(out), expected):
        return Outcome(DIFFERENT, f"{other} of others")
    rows = [row for row in RunResults.of(out).last_rows() if row["explainer"] == where]
    messages = {row["error_message"] for row in rows if row["status"] != "ok"}
    # As it is shown.
    return Outcome(SENTENCE, printable(sorted(messages)[0])) if messages else Outcome(EQUAL)


def judged(arena: Arena, out: Path, said: Said) -> Outcome:
    """What it comes to once the fault is over and the same command is given again."""
    if said.code is None:
        return Outcome(HANG, said.out[-500:])
    if said.traceback or (said.code == 2 and not said.sentence):
        return Outcome(TRACEBACK, said.shown)
    try:
        arena.resumed(out)
    except GxarenaError as error:
        return Outcome(SENTENCE, str(error))
    if other := differs(content(out), arena.expected):
        return Outcome(DIFFERENT, f"{other} once resumed")
    remove_abandoned()  # as the next run with children does
    if left := sorted(arena.scratch.glob("*gxarena-*")):
        return Outcome(DIFFERENT, f"left behind: {left[0].name}")
    return Outcome(EQUAL, said.sentence)


def new(arena: Arena) -> Path:
    """Where a run goes; nothing is there."""
    out = arena.place / "run"
    shutil.rmtree(out, ignore_errors=True)
    return out


def _lasts(arena: Arena) -> float:
    """Seconds that a run takes here and now."""
    if not arena.lasts:
        start = time.monotonic()
        if (said := arena.run(new(arena))).code:
            raise AssertionError(said)
        arena.lasts = time.monotonic() - start
    return arena.lasts


def wait(process: BaseProcess, seconds: float, until: Callable[[], bool] = lambda: True) -> None:
    """Let a run work for so many seconds, and until something is so."""
    end = time.monotonic() + seconds
    while process.is_alive() and (time.monotonic() < end or not until()):
        time.sleep(0.005)


def _victim(process: BaseProcess, where: str) -> psutil.Process | None:
    """The process to be killed, once there is one; None where the run has ended before."""
    end = time.monotonic() + PATIENCE
    while process.is_alive() and time.monotonic() < end:
        with contextlib.suppress(psutil.Error):
            driver = psutil.Process(process.pid)
            servers = driver.children()
            at = {
                "driver": [driver],
                "fork server": servers,
                "child": [child for server in servers for child in server.children()],
            }
            if at[where]:
                return at[where][0]
        time.sleep(0.005)
    return None


def left_alone(members: list[psutil.Process]) -> Outcome | None:
    """What has outlived its run."""
    _, alive = psutil.wait_procs(members, timeout=ENDED)
    alive = [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    for one in alive:
        one.kill()
    return Outcome(HANG, f"{len(alive)} processes outlived the run") if alive else None


@contextmanager
def _disk(arena: Arena, options: str) -> Iterator[Path]:
    """A file system of its own, in memory; needs root."""
    place = arena.place / "disk"
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place], check=True)  # noqa: S603, S607
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)  # noqa: S603, S607


def faults(seeds: int) -> Iterator[tuple[str, str, int]]:
    """Kinds, where, and seeds."""
    root = os.geteuid() == 0
    for seed in range(seeds):
        yield from ((name, victim, seed) for name in SIGNALS for victim in VICTIMS)
        yield from (("limit", where, seed) for where in ("bytes of a file", "memory"))
        yield ("two runs", "one folder", seed)
        yield from (("moved", where, seed) for where in ("at work", "a killed run"))
        if root:
            yield ("full disk", "at work", seed)
            yield from (("read-only disk", where, seed) for where in ("at work", "a killed run"))
        if seed < 1:
            yield from (("plugin", harm, seed) for harm in HARMS)
            yield ("moved", "a finished run", seed)
            if root:
                yield ("read-only disk", "from the beginning", seed)


def kills(seeds: int) -> Iterator[tuple[str, str, int]]:
    """Those that are kills, so many seeds of each."""
    for seed in range(seeds):
        yield from (("SIGKILL", victim, seed) for victim in VICTIMS)
        yield (TWICE, "driver", seed)


DO = {
    **dict.fromkeys(SIGNALS, killed),
    TWICE: killed_twice,
    "plugin": harmed,
    "limit": stopped,
    "two runs": two,
    "moved": moved,
    "full disk": full,
    "read-only disk": read_only,
}
