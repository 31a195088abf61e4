"""In a process of its own: what one plugin offers, and what its import did besides.

Started by `gxarena.discovery`, which reads the answer as a file: a plugin may close every stream.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from gxarena.errors import PluginError
from gxarena.files import stamp
from gxarena.hookspecs import GROUP
from gxarena.listing import Fault, Listing, as_document, list_plugin

_WATCHED = ("gxarena", "numpy", "pluggy", "builtins", "json", "os")
"""Packages that others compute with: a plugin that changes them changes others' results."""


def main(asked: Mapping[str, str]) -> None:
    """Answer, and end: threads that the plugin left behind are not waited for."""
    leave, before = os._exit, set(sys.modules)
    folder, streams, known = Path.cwd(), (sys.stdout, sys.stderr), _Names()
    distribution = asked["distribution"]
    entry_point = metadata.EntryPoint(asked["name"], asked["value"], GROUP)
    listing = list_plugin(entry_point, distribution, forgiven=(BaseException,))
    where = f"{distribution}: expected the import of module '{entry_point.module}' to leave"
    did = [*_left(folder, streams), *known.changed()]
    faults = [Fault.of(PluginError(f"{where} {what}.")) for what in did]
    listing = _plain(replace(listing, faults=(*listing.faults, *faults)), distribution)
    files = {name: stamp(Path(name)) for name in _files(before)}
    answer = json.dumps(as_document(listing) | {"files": files})
    Path(asked["answer"]).write_text(answer, encoding="utf-8")
    leave(0)


def _plain(listing: Listing, distribution: str) -> Listing:
    """Without components whose presets no suite could give."""
    offered, faults = [], list(listing.faults)
    for kind, component in listing.offered:
        try:
            json.dumps(as_document(Listing(((kind, component),))))
        except (TypeError, ValueError) as error:
            message = (
                f"{distribution}, hook gxarena_{kind}, '{component.name}': expected plain values "
                f"(numbers, text, lists and mappings of them), got others: {error}."
            )
            faults.append(Fault.of(PluginError(message)))
        else:
            offered.append((kind, component))
    return Listing(tuple(offered), tuple(faults))


def _left(folder: Path, streams: tuple[Any, Any]) -> Iterator[str]:
    """What is not as it was, as words that complete "to leave …"."""
    try:
        now = str(Path.cwd())
    except OSError:
        now = "one that is gone"
    if now != str(folder):
        yield f"the working directory alone, got a change to {now}"
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        open_still = stream is streams[number - 1] and not stream.closed
        try:
            os.fstat(number)
        except OSError:
            open_still = False
        if not open_still:
            yield f"{name} alone, got another one or none"
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            yield f"no thread behind, got '{thread.name}', which has not ended"


class _Names:
    """What the names of the watched modules stood for when this was made."""

    def __init__(self) -> None:
        self._held = {
            (module.__name__, name): value
            for module in _watched()
            for name, value in list(vars(module).items())
            if callable(value)
        }
        self._modules = set(sys.modules)

    def changed(self) -> Iterator[str]:
        """Each that stands for something else now, or was given by a module of the plugin's."""
        foreign = {
            file
            for name, module in list(sys.modules.items())
            if name not in self._modules
            and name.partition(".")[0] not in _WATCHED
            and (file := getattr(module, "__file__", None))
        }
        for module in _watched():
            for name, value in list(vars(module).items()):
                was = self._held.get((module.__name__, name), value)
                inner = vars(value).items() if isinstance(value, type) else ()
                given = [(name, value), *((f"{name}.{key}", one) for key, one in inner)]
                for path, one in given:
                    own = isinstance(one, FunctionType) and one.__code__.co_filename in foreign
                    if own or (one is value and was is not value):
                        yield f"{module.__name__}.{path} alone, got another one in its place"


def _watched() -> Iterator[ModuleType]:
    yield builtins
    for name, module in list(sys.modules.items()):
        watched = name != "builtins" and name.partition(".")[0] in _WATCHED
        if watched and isinstance(module, ModuleType):
            yield module


def _files(before: set[str]) -> list[str]:
    """The files of every module that was imported, and of gxarena's own."""
    found = set()
    for name, module in list(sys.modules.items()):
        if name not in before or name.partition(".")[0] == GROUP:
            with contextlib.suppress(Exception):
                if file := module.__file__:
                    found.add(str(Path(file).resolve()))
    return sorted(found)
