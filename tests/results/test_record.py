"""What a run folder says of its plan."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gxarena.errors import InputError
from gxarena.results.parquet import write_table
from gxarena.results.record import RUN_FILE, RunRecord
from gxarena.results.schemas import TABLES
from gxarena.results.segments import SEGMENTS

RECORD = RunRecord("mine", "0123", ("c0", "c1"), {"seed": 7, "headline": ["gini*"]})


def test_a_record_reads_as_it_was_written(tmp_path: Path) -> None:
    RECORD.write(tmp_path)
    assert RunRecord.read(tmp_path) == RECORD
    assert (RECORD.seed, RECORD.headline) == (7, ["gini*"])
    assert RunRecord("mine", "0123", (), {"seed": 0}).headline == []


def test_a_record_can_be_read_by_people_and_compared(tmp_path: Path) -> None:
    RECORD.write(tmp_path)
    lines = (tmp_path / RUN_FILE).read_text().splitlines()
    keys = [line.split('"')[1] for line in lines if line.startswith(' "')]
    assert keys == sorted(keys) == ["cells", "checksum", "digest", "document", "format", "suite"]


@pytest.mark.parametrize(
    "text", [None, '{"suite": "mi', "[]", "{}", '{"suite": "mine"}', '{"cells": []}', "[" * 100_000]
)
def test_what_is_no_record_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / RUN_FILE).write_text(text)
    assert RunRecord.read(tmp_path) is None


def _changed(text: bytes) -> Iterator[bytes]:
    """Every byte of a file with one of its bits turned."""
    for at in range(len(text)):
        yield text[:at] + bytes([text[at] ^ 1 << at % 8]) + text[at + 1 :]


def test_no_change_of_a_record_is_taken_for_what_was_written(tmp_path: Path) -> None:
    RECORD.write(tmp_path)
    whole = (tmp_path / RUN_FILE).read_bytes()
    for text in _changed(whole):
        (tmp_path / RUN_FILE).write_bytes(text)
        with contextlib.suppress(InputError):  # what says another format may be another version's
            assert RunRecord.read(tmp_path) in (None, RECORD)


def test_while_a_run_works_and_once_it_has_ended_its_record_is_there_twice(tmp_path: Path) -> None:
    RECORD.write(tmp_path)
    RECORD.write(tmp_path / SEGMENTS)
    for text in (None, b"", b"[]", b"\xff\xfe", b'{"suite": "mine", "cells": []}'):
        if text is None:
            (tmp_path / RUN_FILE).unlink()
        else:
            (tmp_path / RUN_FILE).write_bytes(text)
        assert RunRecord.read(tmp_path) == RECORD
    (tmp_path / SEGMENTS / RUN_FILE).unlink()
    cells = TABLES["cells"].empty_table()
    write_table(tmp_path / "cells.parquet", cells, {"record": RECORD.as_document()})
    assert RunRecord.read(tmp_path) == RECORD
