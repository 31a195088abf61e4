"""One process at a time writes into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gxarena.errors import InputError, StorageError

LOCK_FILE = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, made if need be; the system lets go of it even after kill -9.

    Raises
    ------
    InputError
        Another process holds it, or its lock file is a link: what that points to is not ours.
    StorageError
        The folder cannot be made or written to.
    """
    file = folder / LOCK_FILE
    lock = FileLock(file, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.is_symlink():
            raise InputError(
                f"{file}: expected a lock file of gxarena, got a link to {file.readlink()}. "
                "Remove the link, or choose another --out."
            )
        lock.acquire()
    except Timeout:
        raise InputError(
            f"{folder}: expected no other gxarena at work here, got one that is. "
            "Wait for it, or choose another --out."
        ) from None
    except OSError as error:
        raise StorageError(
            f"{folder}: expected a folder to write to, got '{error.strerror or error}'. "
            "Choose another --out, or fix its permissions or free space."
        ) from error
    try:
        yield
    finally:
        lock.release()
