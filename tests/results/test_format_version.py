"""What another version wrote is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gxarena.errors import InputError
from gxarena.results.record import RUN_FILE, RunRecord

RECORD = RunRecord("mine", "0123", ("c0", "c1"), {"seed": 7})


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
