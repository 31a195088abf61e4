"""A fork server may be started before it is known what its children need."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from gxarena.run import forkserver
from gxarena.run.forkserver import ForkServer, module_path, server_for, started_early

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is in memory")
LIBRARIES = ("_sqlite3", "_curses")


def _loaded(server: ForkServer) -> list[str]:
    """Which of two libraries a new child finds in memory."""
    pipes = server.fork()
    try:
        assert select.select([pipes.status], [], [], 60)[0], "no child was forked"
        pid = int(os.read(pipes.status, 100).split()[1])
        maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        return [name for name in LIBRARIES if f"/{name}." in maps]
    finally:
        pipes.close()


def test_what_is_known_late_is_loaded_before_the_next_child() -> None:
    server = ForkServer(["_sqlite3"])
    try:
        assert _loaded(server) == ["_sqlite3"]
        server.load(["nothing_of_this_name", "_curses"])
        assert _loaded(server) == ["_sqlite3", "_curses"]
    finally:
        server.close()


def test_who_needs_a_server_gets_the_one_that_was_started_early() -> None:
    with started_early():
        (early,) = forkserver._early
        server = server_for(["_curses"], module_path())
        assert server is early
        other = server_for([], module_path())
        assert other is not early, "two runs have a server each"
        other.close()
    try:
        assert _loaded(server) == ["_curses"], "it is whose who took it"
    finally:
        server.close()


def test_an_early_server_that_finds_other_modules_is_ended(tmp_path: Path) -> None:
    with started_early():
        (early,) = forkserver._early
        server = server_for([], [*module_path(), str(tmp_path)])
        assert server is not early
        assert not early.alive
        server.close()


def test_an_early_server_that_nobody_needs_is_ended() -> None:
    with started_early():
        (early,) = forkserver._early
        assert early.alive
    assert not early.alive
    assert early._process.returncode == -signal.SIGKILL, "nobody waits until it has loaded"
    assert not forkserver._early


def test_a_child_that_was_forked_just_now_does_not_keep_its_server(tmp_path: Path) -> None:
    """It has no group of its own yet when all are to end."""
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(1)\n")
    for _ in range(5):
        server = ForkServer(["slow"], [str(tmp_path), *module_path()])
        pipes = server.fork()  # which it does once it has loaded
        server.end()
        started = time.monotonic()
        while server.alive and time.monotonic() - started < 20:
            time.sleep(0.05)
        pipes.close()
        alive = server.alive
        server.close()
        assert not alive


def test_who_errs_need_not_wait_for_a_server_that_loads(tmp_path: Path) -> None:
    """The server imports for a minute here; a mistake in a suite is said at once."""
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(60)\n")
    server = ForkServer(["slow"], [str(tmp_path), *module_path()])
    started = time.monotonic()
    server.close()
    assert not server.alive
    assert time.monotonic() - started < 5
