"""A server that has the heavy libraries loaded, and forks a child whenever it is asked to.

It runs no thread and computes nothing, so that its children begin clean. They are gone when it is,
and it is gone when the process that started it is: then its end of the socket closes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gxarena.errors import InputError
from gxarena.run.surroundings import THREADS

CHILD = "gxarena.run.child"
"""The module whose `main` a child runs."""
_WITH_ARROW = ("pandas", "pyarrow.pandas_compat")
"""What pyarrow imports with the first array that it makes, where it is there: else each child does
so anew, in half a second."""
OF_A_BOARD = ("gxarena.results.leaderboard", "scipy.special", *_WITH_ARROW)
"""What a board is computed by: a plugin that changes it is noticed where it is loaded before."""
_WITH_GRADIENTS = "torch.fx.experimental.symbolic_shapes"
"""What torch imports with the first gradient for which `grad_outputs` are given, as most of ours
are."""
EARLY = (CHILD, *OF_A_BOARD, "torch", _WITH_GRADIENTS)
"""Modules that children find loaded whatever the plan. Every model that ships needs torch, which
takes as long as planning does."""
IDLE = 600.0
"""Seconds after which a server that nobody asks for anything is gone."""

_THREADED = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM")
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
_ADOPT = 36  # PR_SET_CHILD_SUBREAPER
_GENERATIONS = 8
"""Of processes that start others in turn; who goes on for longer wants to stay."""
_PIPES = 4
_LENGTH = struct.Struct("<Q")
_FORK, _LOAD = b"F", b"L"


class Pipes(NamedTuple):
    """A supervisor's ends of the pipes to a child, as file descriptors.

    `status` tells its process id and, when it has ended, how: ``pid 12`` and ``exit -9``.
    """

    orders: int
    results: int
    output: int
    status: int

    def close(self) -> None:
        for end in self:
            with contextlib.suppress(OSError):
                os.close(end)


def environment(path: Sequence[str]) -> Mapping[str, str]:
    """The variables that children have beside their starter's, with where they find modules."""
    counts = {f"{library}_NUM_THREADS": str(THREADS) for library in _THREADED}
    fixed = {"PYTHONHASHSEED": "0", "TOKENIZERS_PARALLELISM": "false"}
    return counts | fixed | {"PYTHONPATH": os.pathsep.join(path)}


def module_path() -> list[str]:
    """The folders in which this process finds modules, wherever it works."""
    return [str(Path(one).absolute()) for one in sys.path]


class ForkServer:
    """The server, as the process sees it that started it.

    Parameters
    ----------
    preload : sequence of str
        Modules that children find loaded; those that do not import are left to whoever needs them.
    path : sequence of str, optional
        Folders in which modules are found; this process's where not given.
    """

    def __init__(self, preload: Sequence[str], path: Sequence[str] | None = None) -> None:
        if not hasattr(os, "fork"):
            raise InputError(
                "--engine local: expected a system that can fork, got "
                f"{sys.platform}. Use --engine inline."
            )
        self._lock = threading.Lock()
        self._asked = False
        self.path = module_path() if path is None else [*path]
        self._socket, theirs = socket.socketpair()
        with theirs:
            # -P: what lies in the working directory is nobody's module; -u: what a child prints is
            # not lost with it.
            python = [sys.executable, "-P", "-u", "-m", __name__]
            command = [*python, str(theirs.fileno()), json.dumps([*preload])]
            self._process = subprocess.Popen(  # noqa: S603 (this Python, this module)
                command,
                pass_fds=[theirs.fileno()],
                env=os.environ | environment(self.path),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self) -> Pipes:
        """Ask for a child; its pipes are ready before it is."""
        orders, results, output, status = (os.pipe() for _ in range(_PIPES))
        theirs = [orders[0], results[1], output[1], status[1]]
        self._asked = True
        with self._lock, contextlib.suppress(OSError):  # a dead server's pipes are at their end
            socket.send_fds(self._socket, [_FORK], theirs)
        for end in theirs:
            os.close(end)
        return Pipes(orders[1], results[0], output[0], status[0])

    def load(self, preload: Sequence[str]) -> None:
        """Have it load more before it forks the next child."""
        names = json.dumps([*preload]).encode()
        with self._lock, contextlib.suppress(OSError):
            self._socket.sendall(_LOAD + _LENGTH.pack(len(names)) + names)

    def end(self) -> None:
        """Have it end every child and itself; not waited for."""
        self._socket.close()

    def close(self) -> None:
        """End it, and with it every child."""
        self.end()
        if not self._asked:  # nothing is below it, and what it is loading may take seconds
            self._process.kill()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_early: list[ForkServer] = []


@contextlib.contextmanager
def started_early() -> Iterator[None]:
    """A server that loads what it can while a run is planned, to be had from `server_for`."""
    server = ForkServer(EARLY)
    _early.append(server)
    try:
        yield
    finally:
        if server in _early:
            _early.remove(server)
            server.close()


def server_for(preload: Sequence[str], path: Sequence[str]) -> ForkServer:
    """The server that was started early, where it finds the same modules; else a new one."""
    while _early:
        server = _early.pop()
        if server.alive and server.path == [*path]:
            server.load(preload)
            return server
        server.close()
    return ForkServer(preload, path)


def serve(control: socket.socket, preload: Sequence[str]) -> None:
    """Fork children until the other end of `control` closes; then end them all."""
    if sys.platform == "linux":  # what is below a child that ends is this process's then
        ctypes.CDLL(None).prctl(_ADOPT, 1)
    _load(preload)
    importlib.import_module(CHILD)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    children: dict[int, int] = {}
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        ready = selector.select(IDLE)
        if not ready and not children:
            _end_what_they_left()
            return
        for key, _ in ready:
            if key.fileobj is control:
                message, ends, _, _ = socket.recv_fds(control, 1, _PIPES)
                if not message:
                    _end(children)
                    return
                if message == _LOAD:
                    (length,) = _LENGTH.unpack(_received(control, _LENGTH.size))
                    _load(json.loads(_received(control, length)))
                    continue
                pid, status = _fork(ends, [control.fileno(), woken, wake, *children.values()])
                children[pid] = status
            else:
                os.read(woken, 1024)
        _reap(children)


def _load(modules: Sequence[str]) -> None:
    """Import modules; what there is then is no garbage, and is not looked through for any."""
    gc.disable()
    for module in modules:
        # What does not import here says so where it is needed.
        with contextlib.suppress(BaseException):
            importlib.import_module(module)
    gc.freeze()  # children share what is here
    gc.enable()


def _received(control: socket.socket, length: int) -> bytes:
    return control.recv(length, socket.MSG_WAITALL)


def _fork(ends: list[int], mine: list[int]) -> tuple[int, int]:
    """Start a child; returns its process id, and where its end is to be told."""
    orders, results, output, status = ends
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            for end in (*mine, status):
                os.close(end)
            _settle(output, server)
            importlib.import_module(CHILD).main(orders, results)
            os._exit(0)
        except BaseException:
            traceback.print_exc()  # into the pipe, where the supervisor finds it
        finally:
            # Nothing of the server's is to be run down here.
            os._exit(1)
    for end in (orders, results, output):
        os.close(end)
    _tell(status, f"pid {pid}\n")
    return pid, status


def _settle(output: int, server: int) -> None:
    """A group of its own, gone with the server; nothing to read; output into the pipe."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # which Parsl's workers block
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        # Where memory runs out the system is to take the child, not who supervises it.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
            file.write("1000")
    if os.getppid() != server:
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)


def _reap(children: dict[int, int]) -> None:
    """Tell of the children that have ended, and end what they have left behind."""
    with contextlib.suppress(ChildProcessError):  # nobody is left
        while True:
            pid, state = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid not in children:  # an orphan of a child's
                continue
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            status = children.pop(pid)
            _tell(status, f"exit {os.waitstatus_to_exitcode(state)}\n")
            os.close(status)


def _end(children: dict[int, int]) -> None:
    for pid in children:
        # One that was forked just now has no group of its own yet.
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(pid, signal.SIGKILL)
    for pid in children:
        with contextlib.suppress(OSError):
            os.waitpid(pid, 0)
    _end_what_they_left()


def _end_what_they_left() -> None:
    """End processes that children have started in sessions of their own; those of Linux."""
    import psutil

    for _ in range(_GENERATIONS):  # what one has started is this process's once it is gone
        for left in psutil.Process().children():
            with contextlib.suppress(OSError, psutil.Error):
                left.kill()
                left.wait()


def _tell(status: int, line: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(status, line.encode())


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2]))
