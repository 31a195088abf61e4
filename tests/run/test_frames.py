"""Frames: what a supervisor and its child say to each other."""

from __future__ import annotations

import pyarrow as pa
import pytest

from gxarena.errors import PluginError
from gxarena.run.frames import LARGEST, Frame, Frames, joined, split, table_bytes, table_of

SCHEMA = pa.schema([pa.field("value", pa.float64(), nullable=False)])


def test_frames_come_back_however_they_are_cut() -> None:
    first = Frame({"type": "a", "n": [1, None]}, b"\x00gxa1")
    sent = [first, Frame({"type": "ü"}), Frame({"type": "c"})]
    content = joined(sent)
    assert split(content) == sent
    for size in (1, 7, len(content)):
        reader = Frames()
        pieces = (content[i : i + size] for i in range(0, len(content), size))
        assert [frame for piece in pieces for frame in reader.feed(piece)] == sent


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"what a plugin printed into the pipe", "got other bytes"),
        (b"gxa1" + (LARGEST + 1).to_bytes(8, "little") + bytes(8), "got other bytes"),
        (b"gxa1" + (2).to_bytes(8, "little") + bytes(8) + b"{]", "expected a message in JSON"),
        (b"gxa1" + (2).to_bytes(8, "little") + bytes(8) + b"[]", "that says its type"),
        (Frame({"kind": "x"}).packed(), "that says its type"),
    ],
)
def test_other_bytes_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        split(content)


def test_tables_come_back_and_others_are_refused() -> None:
    table = pa.table({"value": [1.0, 2.0]}, schema=SCHEMA)
    assert table_of(table_bytes(table), SCHEMA).equals(table)
    with pytest.raises(PluginError, match="expected an Arrow table"):
        table_of(table_bytes(table)[:-30], SCHEMA)
    with pytest.raises(PluginError, match="expected an Arrow table"):
        table_of(b"no table", SCHEMA)
    other = pa.table({"value": ["1"]})
    with pytest.raises(PluginError, match=r"expected columns \['value'\]"):
        table_of(table_bytes(other), SCHEMA)
