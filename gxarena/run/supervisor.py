"""Has orders carried out by children, within limits, and tells what came of each, as bytes.

This is what an engine's workers run, wherever they are. A child works for one task; each thread
keeps the one it has for further orders of the task, and ends it before it begins another.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from gxarena.errors import PluginError
from gxarena.run.forkserver import ForkServer, Pipes, server_for
from gxarena.run.frames import Frame, Frames, joined, split
from gxarena.scratch import Scratch, remove_abandoned

DIED = "Crashed"
"""The type of error of an order whose child is gone without a result."""
CHILD, SUPERVISOR = "child", "supervisor"
"""Who told of an end: the supervisor where no child did."""
STARTING = 600.0
"""Seconds that a child may take to begin, at least."""
BUSY, BUSY_FOR = 0.01, 24
"""A child that says nothing but takes a hundredth of a processor is at work: a long call of an
explainer. It may be so 24 times as long as one that does nothing."""
KEPT_OUTPUT = 4000
"""Characters of what a child prints that are kept, the last ones."""
_LOOK = 0.2
"""Seconds between two looks at a child's memory."""
_ASK = 2.0
"""Seconds between two looks, on another machine, whether the run is still there."""
_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a child may take.

    Attributes
    ----------
    silence : float
        Seconds without a sign of life.
    memory : int
        Bytes.
    """

    silence: float
    memory: int


Listener = Callable[[str, Mapping[str, Any]], None]
"""Told what a child says while it works: the worker's name, and the message's header."""

listeners: dict[str, Listener] = {}
"""Who wants to know, by run; only in the process that runs it."""

_servers: dict[str, ForkServer] = {}
_children: set[_Child] = set()
_stopped: set[str] = set()
_lock = threading.Lock()
_own = threading.local()


def supervise(order: bytes) -> bytes:
    """Have one order carried out.

    Parameters
    ----------
    order : bytes
        One frame: what is to be done (see `gxarena.run.child`), for which run and task, where,
        and within which limits.

    Returns
    -------
    bytes
        Frames: what the child sent, but for progress, and at last one of type ``end`` that says
        how it ended. A child that is gone, whatever its exit status, has given no result.
    """
    (asked,) = split(order)
    if asked.header["run"] in _stopped:
        return Frame({"type": "end", "status": "interrupted"}).packed()
    child = _child_for(asked.header)
    end: Mapping[str, Any] = {}
    try:
        frames, end = child.carry_out(asked)
    finally:
        # What it sends later, or has changed, would be taken for the next order's.
        if end.get("status") != "ok" or end.get("spoilt"):
            child.close()
    return joined([*frames, Frame({**end, "type": "end"})])


def stop(run: str) -> None:
    """End what works for a run in this process, its children and their server; not waited for."""
    _stopped.add(run)
    for child in _children_of(run):
        child.stopped = True
    if server := _servers.get(run):
        server.end()


def clear(run: str) -> None:
    """Let go of a run in this process, once nothing works for it any more."""
    stop(run)
    for child in _children_of(run):
        child.close()
    if server := _servers.pop(run, None):
        server.close()
    listeners.pop(run, None)


def _children_of(run: str) -> list[_Child]:
    with _lock:
        return [child for child in _children if child.run == run]


def _child_for(header: Mapping[str, Any]) -> _Child:
    """This thread's child where it works for that task, else a new one."""
    child: _Child | None = getattr(_own, "child", None)
    if child and child.key == (header["run"], header["child"]) and child.is_there():
        return child
    if child:
        child.close()
    _own.child = _Child(header)
    return _own.child  # type: ignore[no-any-return]


def _server(header: Mapping[str, Any]) -> ForkServer:
    with _lock:
        server = _servers.get(header["run"])
        if server is None or not server.alive:
            remove_abandoned()
            server = _servers[header["run"]] = server_for(header["preload"], header["path"])
        return server


class _Child:
    """A child, as who supervises it sees it."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        self.run: str = header["run"]
        self.key = header["run"], header["child"]
        self.stopped = False
        self._scratch = Scratch()
        self._pipes: Pipes | None = _server(header).fork()
        self._frames = Frames()
        self._output = b""
        self._told = b""
        self._selector = selectors.DefaultSelector()
        for name in ("results", "output", "status"):
            self._selector.register(getattr(self._pipes, name), selectors.EVENT_READ, name)
        self._largest = 0
        self._looked = time.monotonic()
        self._quiet = False
        with _lock:
            _children.add(self)

    @property
    def pid(self) -> int | None:
        """Its process id, once it is known."""
        return next((int(line[4:]) for line in self._lines() if line.startswith(b"pid ")), None)

    def is_there(self) -> bool:
        """Whether it can take another order."""
        if self._pipes is None or self.stopped:
            return False
        with contextlib.suppress(PluginError):
            self._take(0)
        return not self._ended()

    def carry_out(self, order: Frame) -> tuple[list[Frame], dict[str, Any]]:
        """What it sends, and how the order ended."""
        limit, largest = order.header["silence"], order.header["memory"]
        self._output, self._largest = b"", 0
        header = {**order.header, "scratch": str(self._scratch.path)}
        with contextlib.suppress(OSError):  # it ended between two orders; that is found below
            os.write(self._pipes.orders, Frame(header, order.payload).packed())  # type: ignore[union-attr]
        kept: list[Frame] = []
        heard = spoke = asked = time.monotonic()
        worked = 0.0
        patience = max(limit, STARTING)  # until it begins: the server loads libraries first
        while True:
            try:
                frames = self._take(_LOOK)
            except PluginError as error:
                return [], self._killed("error", "PluginError", f"its child: {error}")
            for frame in frames:
                heard = spoke = time.monotonic()
                if frame.header["type"] == "end":
                    return kept, {**frame.header, "told_by": CHILD, "output": self._tail()}
                if frame.header["type"] == "progress":
                    self._tell(frame.header)
                elif frame.header["type"] == "begun":
                    patience = limit
                    self._tell(order.header)
                else:
                    kept.append(frame)
            if self._ended():
                return [], self._gone(largest)
            now = time.monotonic()
            if now - asked >= _ASK:
                asked = now
                if self.run not in listeners and not _is_there(order.header["luggage"]):
                    return [], self._killed("crashed", DIED, "nobody waits for it any more")
            if now - self._looked >= _LOOK:  # also where every order takes less
                self._looked, (used, seconds) = now, self._use()
                if seconds - worked > BUSY * patience:
                    heard, worked = now, seconds
                self._largest = max(self._largest, used)
                if used > largest:
                    got = f"expected at most {_size(largest)} of memory, got {_size(used)}"
                    return [], self._killed("oom", "MemoryError", got)
            if now - heard > patience or now - spoke > BUSY_FOR * patience:
                late = patience if now - heard > patience else BUSY_FOR * patience
                got = f"expected a sign of life within {late:g} s, got none"
                remedy = "Where it needs longer, give --timeout more seconds"
                return [], self._killed("timeout", "Timeout", f"{got}. {remedy}")

    def close(self) -> None:
        """End it, and remove what it left."""
        if self._pipes is None:
            return
        if self.pid and not self._ended():
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        self._selector.close()
        self._pipes.close()
        self._pipes = None
        with _lock:
            _children.discard(self)
        self._scratch.close()

    def _take(self, wait: float) -> list[Frame]:
        """Read what has come; wait a little where nothing has."""
        found: list[Frame] = []
        ready = self._selector.select(wait)
        self._quiet = not ready
        for key, _ in ready:
            received = os.read(key.fd, _AT_ONCE)
            if not received:
                self._selector.unregister(key.fd)
            elif key.data == "results":
                found += self._frames.feed(received)
            elif key.data == "output":
                self._output = (self._output + received)[-4 * KEPT_OUTPUT :]
            else:
                self._told += received
        return found

    def _lines(self) -> list[bytes]:
        return self._told.split(b"\n")

    def _ended(self) -> bool:
        """Whether it is gone, and all that it sent was read."""
        # What it has left behind, in a session of its own, may hold the other ends open.
        open_ends = {key.data for key in self._selector.get_map().values()}
        return "status" not in open_ends and (self._quiet or "results" not in open_ends)

    def _gone(self, limit: int) -> dict[str, Any]:
        """How an order ended whose child did, without saying so."""
        exits = [int(line[5:]) for line in self._lines() if line.startswith(b"exit ")]
        if self.stopped:
            return self._end("interrupted", "Interrupted", "stopped")
        if not exits:
            return self._end("crashed", DIED, "its fork server is gone")
        if exits[0] == -signal.SIGKILL and self._largest > limit / 2:
            return self._end("oom", "MemoryError", f"killed with {_size(self._largest)} of memory")
        how = f"exit status {exits[0]}" if exits[0] >= 0 else _signal_name(-exits[0])
        return self._end("crashed", DIED, f"expected a result, its process ended with {how}")

    def _killed(self, status: str, name: str, message: str) -> dict[str, Any]:
        end = self._end(status, name, message)
        self.close()
        return end

    def _end(self, status: str, name: str, message: str) -> dict[str, Any]:
        return {
            "status": status,
            "told_by": SUPERVISOR,
            "error_type": name,
            "error_message": message,
            "error_traceback": None,
            "output": self._tail(),
            "peak_memory": self._largest,
        }

    def _tail(self) -> str:
        return self._output.decode("utf-8", "replace")[-KEPT_OUTPUT:]

    def _tell(self, header: Mapping[str, Any]) -> None:
        if listener := listeners.get(self.run):
            listener(threading.current_thread().name, header)

    def _use(self) -> tuple[int, float]:
        """Bytes that it and its own children hold, and processor seconds that they have taken."""
        if self.pid is None:
            return 0, 0.0
        try:
            family = [psutil.Process(one) for one in _family(self.pid)]
            seconds = sum(sum(one.cpu_times()[:2]) for one in family)
            return sum(one.memory_info().rss for one in family), seconds
        except psutil.Error:
            return 0, 0.0


def _is_there(path: str) -> bool:
    """Whether a file of the run is there; also where a network's file system does not answer."""
    try:
        Path(path).stat()
    except OSError as error:
        return not isinstance(error, FileNotFoundError)
    return True


def _family(pid: int) -> list[int]:
    """A process and all below it.

    Where the system tells a process's children: psutil asks every process on the machine for its
    parent, which at five looks a second is a tenth of a busy machine's core.
    """
    if not Path(f"/proc/{pid}/task/{pid}/children").exists():
        process = psutil.Process(pid)
        return [pid, *(one.pid for one in process.children(recursive=True))]
    found = [pid]
    for one in found:  # grows as it is walked
        with contextlib.suppress(OSError):  # ended meanwhile
            for listed in Path(f"/proc/{one}/task").glob("*/children"):
                found += map(int, listed.read_text().split())
    return found


def _signal_name(number: int) -> str:
    try:
        return f"signal {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"


def _size(n: int) -> str:
    return f"{n / 2**30:.3g} GiB"
