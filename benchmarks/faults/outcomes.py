"""How a fault may end."""

from __future__ import annotations

from typing import NamedTuple

EQUAL = "equal board"
SENTENCE = "one sentence"
TRACEBACK = "traceback"
HANG = "hang"
DIFFERENT = "silently different"
FINE = (EQUAL, SENTENCE)


class Outcome(NamedTuple):
    """One of those, and what was said."""

    outcome: str
    message: str = ""


def is_sentence(text: str) -> bool:
    """Whether it is one line that says something."""
    return bool(text.strip()) and len(text.splitlines()) == 1
