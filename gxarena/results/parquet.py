"""Parquet on disk: atomic writes, an identity document in the footer, reading back.

A file is either whole or absent: it is written beside its place, flushed to disk and renamed.
A file counts as done only if its footer reads and holds the identity asked for.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import StorageError

IDENTITY = b"gxarena"
"""Footer key of the identity document."""

TEMPORARY = ".gxarena-writing-"
"""How the name of a file begins that is not yet whole."""


def write_table(path: Path, table: pa.Table, identity: Mapping[str, Any]) -> None:
    """Write a table atomically, with its identity document in the footer.

    Raises
    ------
    StorageError
        The disk is full or read-only; nothing that was there before is harmed.
    """
    document = json.dumps(identity, sort_keys=True).encode()
    stamped = table.replace_schema_metadata({IDENTITY: document})
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
        with os.fdopen(descriptor, "wb") as file:
            pq.write_table(stamped, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise StorageError(
            f"{path}: expected to write, got '{error.strerror or error}'. Free space or fix the "
            "permissions and run the same command again; finished work is kept."
        ) from error


def read_identity(path: Path) -> dict[str, Any] | None:
    """A file's identity document, or None where the file is absent, torn or not ours."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        document: dict[str, Any] = json.loads(metadata[IDENTITY])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError):
        return None
    return document


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one file.

    Raises
    ------
    StorageError
        The file is absent or is not Parquet.
    """
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"{path}: expected a Parquet table, got {error}.") from error


def _umask() -> int:
    """The process's umask; there is no way to read it but to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
