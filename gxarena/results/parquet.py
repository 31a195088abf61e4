"""Parquet on disk: atomic writes, an identity document in the footer, reading back.

A file is either whole or absent: it is written beside its place, flushed to disk and renamed.
A file counts as done only if its footer reads and holds the identity asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import StorageError
from gxarena.files import writing

IDENTITY = b"gxarena"
"""Footer key of the identity document."""


def write_table(path: Path, table: pa.Table, identity: Mapping[str, Any]) -> None:
    """Write a table atomically, with its identity document in the footer.

    Raises
    ------
    StorageError
        The disk is full or read-only; nothing that was there before is harmed.
    """
    document = json.dumps(identity, sort_keys=True).encode()
    stamped = table.replace_schema_metadata({IDENTITY: document})
    with writing(path) as file:
        pq.write_table(stamped, file, compression="zstd")


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
