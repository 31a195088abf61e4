"""What became of a cell whose component raised."""

from __future__ import annotations

import os

import pytest

from gxarena.errors import InputError, Unsupported
from gxarena.run.failures import failure


class OutOfMemoryError(RuntimeError):
    """Called as torch calls its own."""


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (Unsupported("needs more"), "unsupported", "needs more"),
        (InputError("no such file"), "error", "no such file"),
        (ValueError("wrong"), "error", "wrong"),
        (ValueError(), "error", "ValueError"),
        (MemoryError(), "oom", "MemoryError"),
        (OutOfMemoryError("CUDA"), "oom", "CUDA"),
        (SystemExit("gone"), "crashed", "gone"),
        (
            SystemExit(1),
            "crashed",
            "expected an answer, got the end of the program (exit status 1)",
        ),
    ],
)
def test_what_went_wrong(error: BaseException, status: str, message: str) -> None:
    row = failure(error)
    assert (row["status"], row["error_message"]) == (status, message)
    assert row["error_type"] == type(error).__name__
    # What the user can mend needs no traceback.
    told = isinstance(error, Unsupported | InputError)
    assert (row["error_traceback"] is None) == told


def test_of_a_long_traceback_the_end_is_kept() -> None:
    error = ValueError("x" * 5000 + "the end")
    tail = failure(error)["error_traceback"]
    assert len(tail) == 2000
    assert tail.endswith("xthe end\n")
    assert failure(ValueError(os.fsdecode(b"\xff")))["error_message"] == r"\udcff"


def test_of_a_long_message_the_beginning_is_kept() -> None:
    """It is printed and kept with every cell of the task: one of 50 MB took minutes to print."""
    said = failure(ValueError("wrong: " + "x" * 50_000))["error_message"]
    assert said == "wrong: " + "x" * 3993 + " … (46007 more characters)"
    assert failure(SystemExit("y" * 5000))["error_message"].endswith("y … (1000 more characters)")
    assert failure(ValueError("x" * 4000))["error_message"] == "x" * 4000
