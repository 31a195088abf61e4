"""Parquet on disk: atomic writes, an identity document in the footer, reading back.

A file is either whole or absent (see `gxarena.files.writing`); each of its pages carries a
checksum, and all of it a seal (`gxarena.results.seal`). It counts as done only if it is what was
sealed, its footer is of this format, and holds the identity asked for. What others hand in, with
digests of its own, need not be sealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import StorageError, reason
from gxarena.files import writing
from gxarena.results.format_version import FORMAT, READABLE_TABLES
from gxarena.results.seal import Unsealed, has_seal, seal, sealed_digest

IDENTITY = b"gxarena"
"""Footer key of the identity document."""


def write_table(path: Path, table: pa.Table, identity: Mapping[str, Any]) -> None:
    """Write a table atomically, with its identity document in the footer.

    Raises
    ------
    StorageError
        The disk is full or read-only; nothing that was there before is harmed.
    """
    with writing(path) as file:
        write_sealed(file, table.schema, [table], identity)


def write_sealed(
    file: BinaryIO,
    schema: pa.Schema,
    groups: Iterator[pa.Table] | Sequence[pa.Table],
    identity: Mapping[str, Any],
    *,
    lasts: bool = True,
) -> str:
    """Write Parquet into a file, each table a row group or more; returns the seal's digest.

    No more than one of the tables need be in memory at a time. What does not last, since it is
    soon written anew, takes half the time: it is packed less, and says nothing of what is in it.
    """
    document = json.dumps({**identity, "format": FORMAT}, sort_keys=True).encode()
    stamped = schema.with_metadata({IDENTITY: document})
    packed = {} if lasts else {"use_dictionary": False, "write_statistics": False}
    with pq.ParquetWriter(
        file,
        stamped,
        compression="zstd" if lasts else "lz4",
        write_page_checksum=True,
        **packed,
    ) as writer:
        for table in groups:
            writer.write_table(table.cast(schema))
    return seal(file)


@contextmanager
def opened(path: Path, *, sealed: bool = True, encode: bool = False) -> Iterator[pq.ParquetFile]:
    """A Parquet file to read while this lasts; also where another takes its place meanwhile.

    Parameters
    ----------
    path : Path
    sealed : bool
        Whether one without a seal is refused. One that has a seal must be what was sealed.
    encode : bool
        Text comes as distinct values and each row's position among them, which takes a tenth of
        the memory where few values recur.

    Raises
    ------
    StorageError
        The file is absent, is not Parquet, or is not what was written.
    """
    try:
        with pa.OSFile(str(path.absolute())) as file:
            if sealed or has_seal(file):
                sealed_digest(file)
            found = pq.ParquetFile(file, page_checksum_verification=True)
            texts = [f.name for f in found.schema_arrow if pa.types.is_string(f.type)]
            if encode and texts:
                found = pq.ParquetFile(file, read_dictionary=texts, page_checksum_verification=True)
            yield found
    except (OSError, pa.ArrowException, Unsealed) as error:
        raise StorageError(f"{path}: expected a Parquet table, got {reason(error)}.") from error


def read_identity(path: Path, *, sealed: bool = True) -> dict[str, Any] | None:
    """A file's identity document, or None where the file is absent, torn or of another format."""
    try:
        with opened(path, sealed=sealed) as file:
            return identity_of(file.schema_arrow)
    except StorageError:
        return None


def read_table(
    path: Path, columns: Sequence[str] | None = None, *, encode: bool = False, sealed: bool = False
) -> pa.Table:
    """Read one file.

    Parameters
    ----------
    path : Path
    columns : sequence of str, optional
        All where not given.
    encode, sealed : bool
        As for `opened`.

    Raises
    ------
    StorageError
        As for `opened`.
    """
    with opened(path, sealed=sealed, encode=encode) as file:
        return file.read(columns=None if columns is None else list(columns))


def read_with_identity(
    path: Path, columns: Sequence[str] | None = None, *, encode: bool = False, sealed: bool = False
) -> tuple[pa.Table, dict[str, Any]]:
    """Read one file and its identity document, both of the same moment; empty where it has none.

    Parameters are those of `read_table`.

    Raises
    ------
    StorageError
        As for `opened`.
    """
    table = read_table(path, columns, encode=encode, sealed=sealed)
    return table.replace_schema_metadata(None), identity_of(table.schema) or {}


def identity_of(schema: pa.Schema) -> dict[str, Any] | None:
    """The identity document in a footer, where it is one of a format that is read."""
    try:
        document: dict[str, Any] = json.loads((schema.metadata or {})[IDENTITY])
        return document if document.pop("format", None) in READABLE_TABLES else None
    except (AttributeError, KeyError, ValueError, RecursionError):
        return None
