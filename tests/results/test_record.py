"""What a run folder says of its plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from gxarena.results.record import RUN_FILE, RunRecord

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
    assert keys == sorted(keys) == ["cells", "digest", "document", "format", "suite"]


@pytest.mark.parametrize(
    "text", [None, '{"suite": "mi', "[]", "{}", '{"suite": "mine"}', '{"cells": []}']
)
def test_what_is_no_record_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / RUN_FILE).write_text(text)
    assert RunRecord.read(tmp_path) is None
