"""Scratch folders: gone when closed, removed later where their process was killed, never before."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from gxarena.scratch import _NEW, PREFIX, UNNAMED, Scratch, remove_abandoned

PROGRAM = """
import sys, time
from gxarena.scratch import Scratch
scratch = Scratch()
(scratch.path / "left").write_text("here")
print(scratch.path, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, for this process and those it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_it_is_there_while_it_is_used(place: Path) -> None:
    with Scratch() as scratch, Scratch() as other:
        assert scratch.path != other.path
        (scratch.path / "file").write_text("x")
        remove_abandoned()
        assert (scratch.path / "file").exists()
        assert other.path.is_dir()
    assert not list(place.iterdir())


def test_what_a_killed_process_left_is_removed_and_nothing_of_a_live_one(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        remove_abandoned()
        assert (left / "left").read_text() == "here"
        process.kill()
        process.wait()
        assert left.is_dir()
        remove_abandoned()
    assert not list(place.iterdir())


def test_one_that_is_interrupted_before_it_has_its_name_leaves_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for within in ("filelock.FileLock", "pathlib.Path.rename"):
        with monkeypatch.context() as patched:
            patched.setattr(within, interrupted)
            with pytest.raises(KeyboardInterrupt):
                Scratch()
        assert not list(place.iterdir())


def test_one_that_was_killed_before_it_had_its_name_is_removed_once_it_is_old(place: Path) -> None:
    old, new = place / f"{_NEW}old", place / f"{_NEW}new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, time.time() - UNNAMED - 1))
    remove_abandoned()
    assert list(place.iterdir()) == [new]


def test_nothing_else_is_touched(place: Path) -> None:
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / "file").write_text("mine")
    (place / f"{PREFIX}link").symlink_to(place / "elsewhere")
    (place / f"{PREFIX}file").write_text("no folder")
    remove_abandoned()
    assert sorted(p.name for p in place.rglob("*")) == [
        "elsewhere", "file", f"{PREFIX}file", f"{PREFIX}link",
    ]  # fmt: skip
