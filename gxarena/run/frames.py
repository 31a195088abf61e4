"""What a supervisor and its child say to each other: frames of a JSON header and bytes.

What a child sends is parsed, never executed: headers are JSON, payloads Arrow IPC streams.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from gxarena.errors import PluginError, reason

_LENGTHS = struct.Struct("<4sQQ")
_MARK = b"gxa1"
LARGEST = 2**33
"""Bytes that a frame may have; what announces more is none of ours."""


class Frame(NamedTuple):
    """One message."""

    header: Mapping[str, Any]
    payload: bytes = b""

    def packed(self) -> bytes:
        """The bytes that `Frames` reads."""
        header = json.dumps(dict(self.header)).encode()
        return _LENGTHS.pack(_MARK, len(header), len(self.payload)) + header + self.payload


class Frames:
    """Reads frames from bytes as they come in."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, received: bytes) -> Iterator[Frame]:
        """The frames that are whole by now.

        Raises
        ------
        PluginError
            The bytes are no frames: somebody else wrote to the pipe.
        """
        self._waiting += received
        while len(self._waiting) >= _LENGTHS.size:
            mark, n_header, n_payload = _LENGTHS.unpack_from(self._waiting)
            if mark != _MARK or n_header + n_payload > LARGEST:
                raise PluginError("expected messages of gxarena's worker, got other bytes.")
            start, end = _LENGTHS.size + n_header, _LENGTHS.size + n_header + n_payload
            if len(self._waiting) < end:
                return
            header = _header(bytes(self._waiting[_LENGTHS.size : start]))
            payload = bytes(self._waiting[start:end])
            del self._waiting[:end]
            yield Frame(header, payload)


def joined(frames: Iterable[Frame]) -> bytes:
    """Frames as one piece, which `split` takes apart."""
    return b"".join(frame.packed() for frame in frames)


def split(content: bytes) -> list[Frame]:
    """The frames of one piece."""
    return list(Frames().feed(content))


def table_bytes(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def table_of(content: bytes, schema: pa.Schema) -> pa.Table:
    """The table of an Arrow IPC stream.

    Raises
    ------
    PluginError
        It does not read, or has other columns than `schema`.
    """
    try:
        table = pa.ipc.open_stream(content).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise PluginError(f"expected an Arrow table, got {reason(error)}.") from error
    if not table.schema.remove_metadata().equals(schema):
        raise PluginError(f"expected columns {schema.names}, got {table.schema.names}.")
    return table.replace_schema_metadata(None)


def _header(content: bytes) -> dict[str, Any]:
    try:
        header = json.loads(content)
    except ValueError as error:
        raise PluginError(f"expected a message in JSON, got {error}.") from error
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise PluginError("expected a message that says its type, got another.")
    return header
