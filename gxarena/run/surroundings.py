"""What a component finds around it, and must leave as it found it.

It shares a process with the core and with a model. What it changes there (weights, precision,
threads, functions of others) would change numbers, its own at least; so it is looked at before a
component is loaded and after it has worked.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gxarena.errors import PluginError

THREADS = 1
"""Of a process that computes: of more, sums are of another order, and of other last bits."""
_WATCHED = re.compile(r"numpy(\.[a-z]+)?|gxarena(\..*)?")
"""Modules whose functions and classes must stay who they are: what numbers are computed with."""

_OF_A_RUN = ("gxarena.run.runner", "gxarena.results.leaderboard")
"""What checks, writes and makes a board of what children hand back; with them comes the rest."""


@contextlib.contextmanager
def fix_threads(threads: int = THREADS) -> Iterator[None]:
    """Torch computes with so many threads inside the block, as in every child.

    Sums of several threads are of another order: without this the engines would differ in last
    bits. A process that has not yet imported torch is told by `OMP_NUM_THREADS`.
    """
    before, torch = os.environ.get("OMP_NUM_THREADS"), sys.modules.get("torch")
    had = torch.get_num_threads() if torch else None
    if torch:
        torch.set_num_threads(threads)
    else:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        yield
    finally:
        if torch and had:
            torch.set_num_threads(had)
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before


class Surroundings:
    """This process at one moment."""

    def __init__(self) -> None:
        self._settings = _settings()
        self._functions = list(_functions())

    def changed(self) -> str:
        """What is other than at that moment, in words; empty where nothing is."""
        now = _settings()
        for what, before in self._settings.items():
            if now[what] != before:
                return f"{what} as it was, {before}, got {now[what]}"
        for where, owner, name, before in self._functions:
            if owner.get(name) is not before:
                return f"{where}.{name} as it was, got another in its place"
        return ""


@contextlib.contextmanager
def left_as_found(where: str) -> Iterator[None]:
    """Inside, another distribution's code works in the process that makes boards.

    Parameters
    ----------
    where : str
        How an error begins that it is to blame for.

    Raises
    ------
    PluginError
        It has changed what others' numbers are made by: nothing that this process would make from
        now on could be trusted.
    """
    for module in _OF_A_RUN:  # a change to what is loaded later would not be noticed
        importlib.import_module(module)
    before, place = Surroundings(), here()
    yield
    changed = before.changed()
    if here() != place:
        changed = f"the working directory as it was, {place}, got another, {here()}"
    if changed:
        raise PluginError(
            f"{where}: once it has worked, expected {changed}. Nothing was done: what is made by "
            "a process that it has changed could be anything."
        )


def here() -> str:
    """The working directory; empty where it was removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _settings() -> dict[str, Any]:
    if not (torch := sys.modules.get("torch")):
        return {}
    return {
        "torch's default dtype": str(torch.get_default_dtype()),
        "torch's number of threads": torch.get_num_threads(),
        "torch's recording of gradients": torch.is_grad_enabled(),
        "torch's deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
    }


def _functions() -> Iterator[tuple[str, Mapping[str, Any], str, Any]]:
    """Functions, classes and their methods: where, in which namespace, under which name, who."""
    for module_name, module in list(sys.modules.items()):
        if module is None or not _WATCHED.fullmatch(module_name):
            continue
        for name, value in list(vars(module).items()):
            if not callable(value):
                continue
            yield module_name, vars(module), name, value
            if isinstance(value, type) and value.__module__ == module_name:
                for method, function in list(vars(value).items()):
                    if callable(function):
                        yield f"{module_name}.{name}", vars(value), method, function
