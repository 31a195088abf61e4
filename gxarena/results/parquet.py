"""Parquet on disk: atomic writes, an identity document in the footer, reading back.

A file is either whole or absent (see `gxarena.files.writing`), and each of its pages carries a
checksum. It counts as done only if its footer reads, is of this format, and holds the identity
asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import StorageError
from gxarena.files import writing
from gxarena.results.format_version import FORMAT

IDENTITY = b"gxarena"
"""Footer key of the identity document."""


def write_table(path: Path, table: pa.Table, identity: Mapping[str, Any]) -> None:
    """Write a table atomically, with its identity document in the footer.

    Raises
    ------
    StorageError
        The disk is full or read-only; nothing that was there before is harmed.
    """
    document = json.dumps({**identity, "format": FORMAT}, sort_keys=True).encode()
    stamped = table.replace_schema_metadata({IDENTITY: document})
    with writing(path) as file:
        pq.write_table(stamped, file, compression="zstd", write_page_checksum=True)


def read_identity(path: Path) -> dict[str, Any] | None:
    """A file's identity document, or None where the file is absent, torn or of another format."""
    try:
        return _identity(pq.read_schema(path.absolute()))
    except (OSError, pa.ArrowInvalid):
        return None


def read_table(
    path: Path, columns: Sequence[str] | None = None, *, encode: bool = False
) -> pa.Table:
    """Read one file.

    Parameters
    ----------
    path : Path
    columns : sequence of str, optional
        All where not given.
    encode : bool
        Text comes as distinct values and each row's position among them, which takes a tenth of
        the memory where few values recur.

    Raises
    ------
    StorageError
        The file is absent, is not Parquet, or a page of it is not what was written.
    """
    try:
        # A relative path with a colon in it would be taken for a URI.
        path = path.absolute()
        schema = pq.read_schema(path) if encode else ()
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        return pq.read_table(
            path,
            columns=None if columns is None else list(columns),
            read_dictionary=texts or None,
            page_checksum_verification=True,
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"{path}: expected a Parquet table, got {error}.") from error


def read_with_identity(
    path: Path, columns: Sequence[str] | None = None, *, encode: bool = False
) -> tuple[pa.Table, dict[str, Any]]:
    """Read one file and its identity document, both of the same moment; empty where it has none.

    Parameters are those of `read_table`.

    Raises
    ------
    StorageError
        As for `read_table`.
    """
    table = read_table(path, columns, encode=encode)
    return table.replace_schema_metadata(None), _identity(table.schema) or {}


def _identity(schema: pa.Schema) -> dict[str, Any] | None:
    """The identity document in a footer, where it is one of this format."""
    try:
        document: dict[str, Any] = json.loads((schema.metadata or {})[IDENTITY])
    except (KeyError, ValueError):
        return None
    return document if document.pop("format", None) == FORMAT else None
