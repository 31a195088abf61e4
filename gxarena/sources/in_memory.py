"""Whether a file is still what this process has of it in memory.

Python imports a module once. Where its file is edited after that, in a notebook say, the old code
goes on computing, and its results would be kept under the identity of the new file. So what a file
held when it was in memory for the first time is remembered, and another content is refused; a data
file counts as read as soon as its package is imported. Modules that are reloaded stay refused:
others may hold on to parts of the old one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import struct
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

from gxarena.errors import InputError
from gxarena.files import current_digest

_Key = tuple[str, Path]
_met: dict[_Key, tuple[object, str]] = {}
"""A file's content when the module that reads it was met in memory first, with that module."""

_before: dict[_Key, str] = {}
"""A file's content when it was last looked at before the module that reads it was imported."""

_UNKNOWN = ""
_HEADER = struct.Struct("<4sIII")
"""How a compiled module begins: magic number, flags, its source's time and size."""


def check_current(path: Path, module: str, found: str) -> None:
    """Raise where a file is no longer what a module that is in memory was made of.

    Parameters
    ----------
    path : Path
    module : str
        The file's own, or for data the package that they lie in.
    found : str
        Digest of what the file holds now.

    Raises
    ------
    InputError
        Its content has changed since.
    """
    key, loaded = (module, path), sys.modules.get(module)
    if loaded is None:
        _met.pop(key, None)
        _before[key] = found
        return
    if key not in _met or _met[key][0] is not loaded:
        # Where it was written to between two looks, the import may have read the one or the other.
        certain = _before.pop(key, found) == found and not _is_edited(loaded, path)
        _met[key] = loaded, found if certain else _UNKNOWN
    if _met[key][1] != found:
        raise InputError(
            f"{path}: expected the file as this process read it, got one that was changed since, "
            "so that nothing of it was kept. Restart the process (or the kernel) and run again."
        )


def remember(module: str) -> None:
    """Look at the files of the modules that were imported along with one of their package."""
    top = module.partition(".")[0]
    for name, loaded in list(sys.modules.items()):
        file = getattr(loaded, "__file__", None)
        if file and name.partition(".")[0] == top:
            # What is changed already is refused where it is used.
            with contextlib.suppress(OSError, InputError):
                check_current(Path(file), name, current_digest(Path(file)))


def _is_edited(module: object, path: Path) -> bool:
    """Whether a module's source was edited after its import, as far as one can tell.

    Wherever Python may write a module's compiled copy, it renews that with each import of another
    source: a copy of another source than the one that lies there tells of an edit.
    """
    spec: ModuleSpec | None = getattr(module, "__spec__", None)
    # Loaders of other kinds keep other copies, or none.
    if spec is None or type(spec.loader) is not SourceFileLoader or sys.dont_write_bytecode:
        return False
    if not spec.cached or spec.origin != str(path):
        return False
    copy = Path(spec.cached)
    try:
        magic, flags, time, size = _HEADER.unpack(copy.read_bytes()[: _HEADER.size])
        status = path.stat()
    except (OSError, struct.error):
        return False
    ours = magic == importlib.util.MAGIC_NUMBER and not flags and os.access(copy.parent, os.W_OK)
    now = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
    return bool(ours) and (time, size) != now
