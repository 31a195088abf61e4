"""One process at a time, and nobody else's file harmed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gxarena.errors import InputError, StorageError
from gxarena.results.lock import LOCK_FILE, locked

HOLD = """
import sys, time
from pathlib import Path
from gxarena.results.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_is_let_go(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    with locked(folder), pytest.raises(InputError, match="no other gxarena"), locked(folder):
        pass
    with locked(folder):
        pass


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="expected no other gxarena at work here"):
            locked(tmp_path).__enter__()
        other.kill()
        other.wait()
    with locked(tmp_path):
        pass


def test_a_link_is_refused_and_its_target_kept(tmp_path: Path) -> None:
    precious, folder = tmp_path / "precious.txt", tmp_path / "run"
    precious.write_text("years of work")
    folder.mkdir()
    (folder / LOCK_FILE).symlink_to(precious)
    with pytest.raises(InputError, match="got a link to"):
        locked(folder).__enter__()
    assert precious.read_text() == "years of work"
    (folder / LOCK_FILE).unlink()
    (folder / LOCK_FILE).symlink_to(tmp_path / "absent")
    with pytest.raises(InputError, match="got a link to"):
        locked(folder).__enter__()
    assert not (tmp_path / "absent").exists()


def test_what_lies_in_a_lock_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("years of work")
    (tmp_path / LOCK_FILE).hardlink_to(tmp_path / "precious.txt")
    with locked(tmp_path):
        pass
    assert (tmp_path / "precious.txt").read_text() == "years of work"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="expected a folder to write to, got 'Not a directory'"):
        locked(tmp_path / "file" / "run").__enter__()
