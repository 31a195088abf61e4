"""A fork server may be started before it is known what its children need."""

from __future__ import annotations

import os
import select
import signal
import subprocess
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


def test_a_child_hears_ctrl_c_also_where_who_started_its_server_does_not() -> None:
    """As Parsl's workers, which block it: a child that is sent it would go on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        server = ForkServer([])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    pipes = server.fork()
    told = os.read(pipes.status, 64)
    status = Path(f"/proc/{int(told.split()[1])}/status")

    def blocks_it() -> bool:
        (line,) = (one for one in status.read_text().splitlines() if one.startswith("SigBlk"))
        return bool(int(line.split()[1], 16) & 1 << signal.SIGINT - 1)

    end = time.monotonic() + 30
    while blocks_it() and time.monotonic() < end:
        time.sleep(0.01)
    heard = not blocks_it()
    pipes.close()
    server.close()
    assert heard


def test_what_a_child_left_is_no_zombie_once_no_child_is_there() -> None:
    """An orphan is the server's, of which it has asked for no end."""
    program = (
        "import os\n"
        "from gxarena.run.forkserver import _reap\n"
        "orphan = os.fork() or os._exit(0)\n"
        "os.waitid(os.P_PID, orphan, os.WEXITED | os.WNOWAIT)\n"
        "_reap({})\n"
        "print(os.path.exists(f'/proc/{orphan}'))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert found.stdout == b"False\n"
