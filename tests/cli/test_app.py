"""What of this machine ends a command is one sentence, and what is our mistake a traceback."""

from __future__ import annotations

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


def test_another_error_of_importing_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ImportError("cannot import name 'nothing'")

    monkeypatch.setattr(module, "app", broken)
    with pytest.raises(ImportError):
        module.main()
