"""Files: written whole or not at all, digested, and where those that ship lie."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from gxarena.errors import StorageError

TEMPORARY = ".gxarena-writing-"
"""How the name of a file begins that is not yet whole."""

RUN_FILE = "run.json"
"""By which the folder of a run is known."""

HOME = "GXARENA_DATA"
"""Environment variable: the folder of data sets by name, and of what is kept from run to run."""

_TICK = 2_000_000_000
"""Nanoseconds within which a file system may give two writes the same time."""

Stamp = tuple[int, int, int, int, int]
_known: dict[Path, tuple[Stamp, str]] = {}

_PACKAGE = Path(__file__).parent


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to be written whole or not at all: beside its place, flushed to disk, then renamed.

    A reader sees the file that was there before or the new one, never half of it, also after a
    crash of the machine. Folders are made where they are missing. An error raised inside leaves
    what was there before. The file may be read, too.

    Raises
    ------
    StorageError
        The disk is full or read-only; nothing that was there before is harmed.
    """
    with writing_named_later(path.parent, lambda: path.name) as file:
        yield file


@contextmanager
def writing_named_later(folder: Path, name: Callable[[], str]) -> Iterator[BinaryIO]:
    """The same, of a file whose name is asked for once it is written.

    Raises
    ------
    StorageError
        As for `writing`.
    """
    temporary: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=folder, prefix=TEMPORARY)
        temporary = Path(made)
        with os.fdopen(descriptor, "w+b") as file:
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(folder / name())
        _flush_folder(folder)
    except OSError as error:
        raise StorageError(
            f"{folder / name()}: expected to write, got '{error.strerror or error}'. Free space or "
            "fix the permissions and run the same command again; finished work is kept."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all (see `writing`)."""
    with writing(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all (see `writing`)."""
    write_bytes(path, text.encode("utf-8"))


def data_home() -> Path:
    """The folder of what is kept: ``GXARENA_DATA``, or ``gxarena`` in the user's cache."""
    if given := os.environ.get(HOME):
        return Path(given).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "gxarena"


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_digest(path: Path) -> str:
    """What git calls a file of this content: SHA-1 of its length and itself."""
    state = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def stamp(path: str | Path) -> Stamp | None:
    """What changes with every write to a file; None where a write may have gone unnoticed.

    The time of a file's last change, unlike that of its content, cannot be set back. It proves
    nothing where it is so recent that another write may have got the same one.
    """
    try:
        status = os.stat(path)  # noqa: PTH116, to make a path of text takes longer than to look
    except OSError:
        return None
    if os.name != "posix" or time.time_ns() - status.st_ctime_ns < _TICK:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def current_digest(path: Path) -> str:
    """A file's digest, for which it is read again unless nothing wrote to it since."""
    before = stamp(path)
    known = _known.get(path)
    if before is not None and known is not None and known[0] == before:
        return known[1]
    found = file_digest(path)
    if before is not None and stamp(path) == before:
        _known[path] = before, found
    return found


def beside(folder: Path | None, path: str) -> Path:
    """A path that a document in a folder names: there, or else from the working directory."""
    place = folder / path if folder else Path(path)
    return place if exists(place) else Path(path)


def exists(path: Path) -> bool:
    """Whether something is there; not of a name that is longer than names can be."""
    try:
        return path.exists()
    except OSError:
        return False


def shipped(relative: str) -> Path:
    """The path of something under ``benchmarks/``, installed or in a checkout."""
    installed = _PACKAGE / "benchmarks"
    return (installed if installed.is_dir() else _PACKAGE.parent / "benchmarks") / relative


def _umask() -> int:
    """The process's umask; there is no way to read it but to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush_folder(folder: Path) -> None:
    """Make a renaming last: without it a power cut may bring the old name back."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, sorted, but for hidden and compiled ones; links are followed."""
    return (Path(folder, name) for name in names_below(folder))


def names_below(folder: str | Path) -> Iterator[str]:
    """The names of `files_below`, from the folder on, with the system's own separators.

    Text, since a run lists its components' packages again for each thing that it keeps.
    """
    seen: set[tuple[int, int]] = set()
    start = len(f"{Path(folder)}{os.sep}")
    for place, folders, names in os.walk(str(Path(folder)), followlinks=True):
        try:
            status = Path(place).stat()
        except OSError:  # gone meanwhile
            continue
        if (status.st_dev, status.st_ino) in seen:  # a link back up
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(f for f in folders if f[0] != "." and f != "__pycache__")
        for name in sorted(names):
            if name[0] != "." and not name.endswith(".pyc"):
                yield f"{place}{os.sep}{name}"[start:]
