"""What of this machine ends a command is one sentence, and what is our mistake a traceback."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gxarena.cli import app as module

LITTLE = "mmap.so: failed to map segment from shared object"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "expected more memory, got all of it filled."),
        (ImportError(LITTLE), "expected more memory, got all of it filled."),
        (RuntimeError("can't start new thread"), "expected more memory, got all of it filled."),
        (OSError(28, "No space left on device", "f"), "f: expected to use it, got 'No space left"),
    ],
)
def test_what_the_machine_lacks_is_a_sentence(
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def lacking() -> None:
        raise error

    monkeypatch.setattr(module, "app", lacking)
    with pytest.raises(SystemExit) as left:
        module.main()
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {said}")
    assert "Traceback" not in told


def test_too_little_room_for_addresses_is_said_before_anything_is_done(tmp_path: Path) -> None:
    """Under such a limit the start of a thread may wait for ever."""
    command = [sys.executable, "-m", "gxarena", "run", "quickstart", "--out", str(tmp_path / "run")]
    limited = f"ulimit -v {900 << 10}; exec " + shlex.join(command)
    ended = subprocess.run(["/bin/sh", "-c", limited], check=False, capture_output=True, text=True)
    assert ended.returncode == 2, ended.stderr
    assert "expected room for 1 GiB of addresses, got 0.88. Raise the limit" in ended.stderr
    assert not (tmp_path / "run").exists()


def test_another_error_of_importing_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ImportError("cannot import name 'nothing'")

    monkeypatch.setattr(module, "app", broken)
    with pytest.raises(ImportError):
        module.main()
