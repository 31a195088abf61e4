"""Compressed files: unpacked to their end and up to a limit.

To their end, because only there stands the checksum of what was read (gzip's and zip's CRC, those
of Parquet's pages where it was written with them). Up to a limit, because a few kilobytes may
unfold to more than there is memory. Whoever means it lifts the limit by ``GXARENA_UNPACK_LIMIT``.
"""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gxarena.errors import InputError, as_input_error

LIMIT = "GXARENA_UNPACK_LIMIT"
"""Environment variable: bytes that a file may unfold to."""

USUAL = 1 << 30
"""Bytes, where the variable says nothing."""

_ENTRY = b"PK\1\2"
"""How each entry of a zip archive's list of members begins."""

_BLOCK = 1 << 20
_BATCH = 4096
"""Rows of a table whose texts are counted at a time."""


def unpack_limit() -> int:
    """Bytes that a file may unfold to; InputError where the variable says no number."""
    given = os.environ.get(LIMIT, "")
    if not given:
        return USUAL
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise InputError(f"{LIMIT}: expected a number of bytes, got '{given}'.")
    return int(given)


def check_unpacked(where: object, size: int) -> None:
    """Raise InputError where something unfolds to more bytes than it may."""
    if size > (most := unpack_limit()):
        raise InputError(
            f"{where}: expected at most {most} bytes when unpacked, got more. Where it is meant "
            f"to be so large, set {LIMIT}=BYTES."
        )


def gunzipped(path: Path) -> bytes:
    """What a gzip file unfolds to, its checksum verified."""
    content = bytearray()
    with gzip.open(path) as file:
        while block := file.read(_BLOCK):
            content += block
            check_unpacked(path, len(content))
    return bytes(content)


def members_of(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members of a zip archive, once it is known that they may be unpacked.

    Raises
    ------
    InputError
        They unfold to more than they may, together; zipfile reads no more of one than its entry
        says. Or a list of members of which one hides the next ones, by a damaged length.
    """
    members = archive.infolist()
    if any(_ENTRY in part for one in members for part in (one.comment, one.extra)):
        raise InputError(f"{path}: expected a whole list of members, got a damaged one.")
    check_unpacked(path, sum(member.file_size for member in members))
    return [member for member in members if not member.is_dir()]


def parquet_table(path: Path) -> pa.Table:
    """A table that anybody may have written: bounded, and its pages held against their checksums.

    Raises
    ------
    InputError
        It is no Parquet, unfolds to too much, or a page is not what was written.
    """
    with as_input_error(path, "a Parquet table"):
        check_unpacked(path, unfolded_bytes(path, unpack_limit()))
        # A relative path with a colon in it would be taken for a URI.
        return pq.read_table(path.absolute(), page_checksum_verification=True)


def unfolded_bytes(path: Path, enough: int) -> int:
    """Bytes of a table's values in memory, at least; text that repeats is counted each time.

    Parameters
    ----------
    path : Path
    enough : int
        Bytes above which nobody needs to know how many more.
    """
    with pq.ParquetFile(path.absolute(), page_checksum_verification=True) as file:
        # First, because it refuses what asking for a column of a damaged footer would not survive:
        # an exception of C++ ends the process there. Pages are decoded and dropped.
        file.scan_contents()
        about = file.metadata
        columns = range(about.num_columns)
        groups = [about.row_group(group) for group in range(about.num_row_groups)]
        total: int = 8 * sum(group.column(c).num_values for group in groups for c in columns)
        leaves = [about.schema.column(c) for c in columns]
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    if total > enough or not texts:
        return total
    with pq.ParquetFile(path.absolute(), read_dictionary=texts) as file:
        for batch in file.iter_batches(_BATCH, columns=texts):
            total += sum(map(_text_bytes, batch.columns))
            if total > enough:
                break
    return total


def _text_bytes(array: pa.Array) -> int:
    """Bytes of all texts in an array whose texts were read as a dictionary, at any depth."""
    if pa.types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary)
        return pc.sum(lengths.take(array.indices)).as_py() or 0
    if pa.types.is_struct(array.type):
        return sum(map(_text_bytes, array.flatten()))
    if pa.types.is_map(array.type):
        return _text_bytes(array.keys) + _text_bytes(array.items)
    if pa.types.is_nested(array.type):
        return _text_bytes(array.flatten())
    return int(array.nbytes)
