"""What a run folder says of its plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gxarena.errors import InputError
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


@pytest.mark.parametrize(("change", "got"), [({"format": 99}, 99), ({}, 1)])
def test_another_format_is_refused_and_none_is_the_first(
    tmp_path: Path, change: dict[str, int], got: int
) -> None:
    RECORD.write(tmp_path)
    document = json.loads((tmp_path / RUN_FILE).read_text())
    del document["format"]
    (tmp_path / RUN_FILE).write_text(json.dumps(document | change))
    with pytest.raises(InputError, match=f"got one in format {got}, which another version"):
        RunRecord.read(tmp_path)


def test_what_a_version_long_ago_wrote_is_refused_whatever_else_it_lacks(tmp_path: Path) -> None:
    (tmp_path / RUN_FILE).write_text('{"suite": "mine", "cells": []}')
    with pytest.raises(InputError, match="expected a run in format"):
        RunRecord.read(tmp_path)
