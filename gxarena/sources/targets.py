"""Whether what a component names as its target is there, found without importing anything."""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from gxarena.sources.packages import find_package
from gxarena.sources.parsing import parsed

_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


def absence(target: str, distribution: str) -> str:
    """Why a target cannot be there, as a sentence; empty where it is, or where one cannot tell.

    Parameters
    ----------
    target : str
        ``package.module:factory``.
    distribution : str
        Whose it is.
    """
    module, _, name = target.partition(":")
    if (loaded := sys.modules.get(module)) is not None:  # as a notebook may have made it
        return "" if hasattr(loaded, name) else _lacks(f"'{module}'", name, vars(loaded))
    package = find_package(module, distribution)
    file = _file(module, package.roots) if package else None
    if file is None:
        return f"expected module '{module}' to be there, it is not."
    if file.suffix != ".py":
        return ""  # compiled: only its import can tell
    try:
        names = set(_names(parsed(file.read_bytes()).body))
    except (OSError, SyntaxError, ValueError):
        return f"expected {file} to be Python, it is not."
    if name in names or names & {"*", "__getattr__"}:
        return ""
    return _lacks(f"'{module}' ({file})", name, names)


def _lacks(module: str, name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"expected '{name}' in module {module}, it is not there.{hint}"


def _file(module: str, roots: set[Path]) -> Path | None:
    for root in sorted(roots):
        base = root.joinpath(*module.split("."))
        for suffix in (".py", *EXTENSION_SUFFIXES):
            for file in (base / f"__init__{suffix}", base.with_name(base.name + suffix)):
                if file.is_file():
                    return file
    return None


def _names(body: list[ast.stmt]) -> Iterator[str]:
    """What a module's statements bind at its top, also inside an ``if`` or a ``try``."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((one.asname or one.name).partition(".")[0] for one in node.names)
        else:
            yield from (
                inner.id
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
            )
            for inner in ast.walk(node) if isinstance(node, _BLOCKS) else ():
                if isinstance(inner, ast.stmt) and inner is not node:
                    yield from _names([inner])
