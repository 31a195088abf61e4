"""What became of a cell whose component raised: its status, and what the tables say of it."""

from __future__ import annotations

import traceback
from typing import Any

from gxarena.errors import InputError, Unsupported

TRACEBACK_TAIL = 2000
"""Characters of a traceback that are kept."""
MESSAGE_HEAD = 4000
"""Characters of a message that are kept: it is printed, and stands in the row of every cell."""


def failure(error: BaseException) -> dict[str, Any]:
    """What a `cells` row says of a cell that raised."""
    # Whose exit is known has a class of its own (`gxarena.run.blame`).
    name = "SystemExit" if isinstance(error, SystemExit) else type(error).__name__
    status = "error"
    if isinstance(error, Unsupported):
        status = "unsupported"
    elif isinstance(error, MemoryError) or name == "OutOfMemoryError":
        status = "oom"
    elif not isinstance(error, Exception):
        status = "crashed"
    tail = writable("".join(traceback.format_exception(error)))[-TRACEBACK_TAIL:]
    return {
        "status": status,
        "error_type": name,
        "error_message": _shortened(_message(error)) or name,
        "error_traceback": None if isinstance(error, Unsupported | InputError) else tail,
    }


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit) and not isinstance(error.code, str):
        return f"expected an answer, got the end of the program (exit status {error.code})"
    try:
        return writable(str(error))
    except Exception:
        return ""  # an error that fails when asked what it is still has a name


def _shortened(message: str) -> str:
    left_out = len(message) - MESSAGE_HEAD
    if left_out <= 0:
        return message
    return f"{message[:MESSAGE_HEAD]} … ({left_out} more characters)"


def writable(text: str) -> str:
    """Text as UTF-8 can hold it: file names may carry bytes that are none."""
    return text.encode("utf-8", "backslashreplace").decode()
