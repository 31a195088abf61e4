"""Checkpoints that ship with a plugin, by name; those of one recipe are replicates.

Imports no torch.
"""

from __future__ import annotations

import itertools
from collections.abc import Container
from pathlib import Path

FIRST = "-0"


def bundled_checkpoints(weights: Path, prefix: str) -> dict[str, Path]:
    """Checkpoints that lie below a folder as ``<prefix><name>``, by name.

    ``fly``, ``fly-1``, ``fly-2``, … are of one recipe; the first may be called ``fly-0`` too.
    """
    folders = (path for path in sorted(weights.glob(f"{prefix}*")) if path.is_dir())
    found = {path.name.removeprefix(prefix): path for path in folders}
    first = {name: path for name, path in found.items() if not name.rpartition("-")[2].isdigit()}
    return found | {f"{name}{FIRST}": path for name, path in first.items()}


def bundled_replicates(name: str, known: Container[str]) -> tuple[str, ...]:
    """A bundled checkpoint and those that follow it; empty where there is none of that name."""
    if name not in known:
        return ()
    following = (f"{name.removesuffix(FIRST)}-{position}" for position in itertools.count(1))
    return (name, *itertools.takewhile(known.__contains__, following))
