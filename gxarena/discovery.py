"""Other people's plugins are imported in processes of their own, so that none can end this one.

A plugin may end the process at import, hang, crash, flood the terminal, take all memory or patch
what others use. So its module is imported, and its hooks are called, in a child with limits; what
it offers comes back as plain values. A good answer is kept, under the stamps of every file that
the import read, so that the child is started again only after one of them was written to.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from gxarena.errors import PluginError, StorageError
from gxarena.files import data_home, stamp, write_text
from gxarena.hookspecs import GROUP, KINDS, Component
from gxarena.listing import Fault, Listing, from_document
from gxarena.scratch import Scratch

SECONDS = "GXARENA_PLUGIN_SECONDS"
"""Environment variable: how long a plugin's import may take."""

INSIDE = "GXARENA_LISTING_PLUGIN"
"""Environment variable of a child: a plugin that loads the registry starts no further ones."""

MOST_SECONDS = 30.0
MOST_OUTPUT = 1 << 20
"""Bytes that a plugin may print while it is imported."""

MOST_MEMORY = min(4 << 30, psutil.virtual_memory().total // 2)
"""Resident bytes of a child."""

AT_ONCE = 4
_TAIL = 2000
_PAUSE = 0.05
_START = (
    "import json, sys; asked = json.loads(sys.argv[1]); sys.path[:] = asked['path']; "
    "from gxarena.listing_child import main; main(asked)"
)


@dataclass(frozen=True)
class Plugin:
    """An installed plugin: its entry point and who brings it."""

    entry_point: metadata.EntryPoint
    distribution: str
    version: str

    @property
    def where(self) -> str:
        """How an error begins that this plugin is to blame for."""
        return f"{self.distribution}: expected module '{self.entry_point.module}' to import"


def list_apart(plugins: Sequence[Plugin]) -> list[Listing]:
    """What each plugin offers, without importing any of them here."""
    kept = [_recall(plugin) for plugin in plugins]
    asked = [plugin for plugin, known in zip(plugins, kept, strict=True) if known is None]
    if not asked:
        return [listing for listing in kept if listing is not None]
    with (
        Scratch() as scratch,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        ask = functools.partial(_ask, folder=scratch.path)
        answers = iter(list(pool.map(ask, range(len(asked)), asked)))
    return [next(answers) if known is None else known for known in kept]


def _ask(number: int, plugin: Plugin, folder: Path) -> Listing:
    """What a plugin offers, by a child; where it has no answer, what became of it."""
    answer = folder / f"{number}.json"
    asked = {
        "path": sys.path,
        "name": plugin.entry_point.name,
        "value": plugin.entry_point.value,
        "distribution": plugin.distribution,
        "answer": str(answer),
    }
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-X", "faulthandler", "-c", _START, json.dumps(asked)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {INSIDE: "1"},
        start_new_session=True,
    )
    try:
        got, printed = _watch(child)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # whatever it started, too
        child.wait()
        if child.stdout:
            child.stdout.close()
    if got:
        return _failed(plugin, got, printed)
    try:
        document = json.loads(answer.read_bytes())
        listing = from_document(document)
    except (OSError, ValueError, KeyError, TypeError):
        return _failed(plugin, _how_it_ended(child.returncode), printed)
    if not listing.faults:
        _keep(plugin, document)
    return listing


def _failed(plugin: Plugin, got: str, printed: str) -> Listing:
    return Listing(faults=(Fault.of(PluginError(f"{plugin.where}, got {got}.")).said(printed),))


def _watch(child: subprocess.Popen[bytes]) -> tuple[str, str]:
    """Wait for a child within its limits: which one it broke, if any, and the end of its output."""
    seconds = float(os.environ.get(SECONDS) or MOST_SECONDS)
    deadline = time.monotonic() + seconds
    printed, tail, got = 0, b"", ""
    reading = [child.stdout] if child.stdout else []
    while not got and child.poll() is None:
        ready, _, _ = select.select(reading, [], [], _PAUSE)  # of nothing: it sleeps
        for stream in ready:
            chunk = os.read(stream.fileno(), 1 << 16)
            printed, tail = printed + len(chunk), (tail + chunk)[-_TAIL:]
            reading = reading if chunk else []
        if printed > MOST_OUTPUT:
            got = f"more than {MOST_OUTPUT >> 20} MB of output"
        elif time.monotonic() > deadline:
            got = f"no end within {seconds:g} s ({SECONDS} sets another limit)"
        elif _resident(child.pid) > MOST_MEMORY:
            got = f"more than {MOST_MEMORY / 2**30:.2g} GB of memory taken"
    for stream in reading:  # what it printed last; those that it left behind may hold it open
        os.set_blocking(stream.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            tail = (tail + os.read(stream.fileno(), 1 << 16))[-_TAIL:]
    return got, tail.decode(errors="backslashreplace")


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"a process that it ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"a process that was ended by {name}"


def _recall(plugin: Plugin) -> Listing | None:
    """What a child said of a plugin before, unless a file that it read was written to since."""
    try:
        document = json.loads(_kept(plugin).read_bytes())
        if not _unchanged(document["files"]):
            return None
        return from_document(document)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _unchanged(files: Mapping[str, Any]) -> bool:
    return bool(files) and all(
        known and (now := stamp(Path(path))) is not None and list(now) == known
        for path, known in files.items()
    )


def _keep(plugin: Plugin, document: Mapping[str, Any]) -> None:
    if all(document["files"].values()):
        with contextlib.suppress(StorageError):  # a home that cannot be written to costs time alone
            write_text(_kept(plugin), json.dumps(document))


def _kept(plugin: Plugin) -> Path:
    """Where what a child said is kept: a file for each plugin, interpreter and search path."""
    asked: Iterable[object] = (
        plugin.entry_point.name,
        plugin.entry_point.value,
        plugin.distribution,
        plugin.version,
        sys.executable,
        sys.version,
        sys.path,
        KINDS,
        [one.name for one in fields(Component)],
    )
    key = hashlib.sha256(json.dumps(list(asked)).encode()).hexdigest()[:32]
    return data_home() / "plugins" / GROUP / f"{key}.json"
