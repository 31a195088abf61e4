"""Errors a user can act on: one sentence each, with place, expectation, finding and remedy."""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

LONGEST_REASON = 300
"""Characters of what a library says was wrong."""

NO_THREAD = "can't start new thread"
"""What Python says where there is no memory left for one."""

MOST_NAMED = 10
"""How many offenders an error names: whoever mends one wants to know of the others."""


class GxarenaError(Exception):
    """Base of every error raised on purpose; the command line prints it without a traceback."""


class InputError(GxarenaError):
    """The user's input (a file, a suite, an argument) is not what it must be."""


class ShapeError(InputError):
    """Arrays or units that do not fit each other: whoever made them is to blame."""


class PluginError(GxarenaError):
    """A plugin breaks the contract, or two plugins claim one name."""


class MissingExtra(GxarenaError):
    """An optional dependency is not installed; the message prints the pip command."""


class StorageError(GxarenaError):
    """The disk is full, read-only or holds something else; ends a run, harms no finished work."""


class Unsupported(GxarenaError):
    """A combination that cannot work; becomes a row with status ``unsupported``."""


def printable(text: str) -> str:
    """Somebody else's text as a terminal or a page may show it.

    What would move the cursor, rename the window or turn the writing round (control and format
    characters, but for line ends and tabs) stands as its escape, ``\\x1b``.
    """
    if text.isprintable():
        return text
    return "".join(c.encode("unicode_escape").decode() if _steers(c) else c for c in text)


def _steers(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character)[0] == "C"


def named(offenders: Iterable[object], most: int = MOST_NAMED) -> str:
    """Offenders as a sentence lists them: the first ones, and how many more there are."""
    all_of_them = list(map(str, offenders))
    more = f" and {len(all_of_them) - most} more" if len(all_of_them) > most else ""
    return ", ".join(all_of_them[:most]) + more


def suggest(name: str, choices: Iterable[str], listed: str = "Choices") -> str:
    """A sentence listing `choices`, led by the closest one to `name` where one is close."""
    known = sorted({*choices} - {name})  # an alias of this name is no answer
    close = closest(name, known)
    hint = f"Did you mean '{close}'? " if close else ""
    return f"{hint}{listed}: {', '.join(known) or 'none'}."


def closest(name: str, choices: Iterable[str]) -> str:
    """The choice that a misspelt name is close to; empty where none is."""
    return next(iter(difflib.get_close_matches(name, sorted(choices), n=1, cutoff=0.5)), "")


def unknown(
    where: str, got: object, choices: Iterable[str], *, what: str = "", listed: str = "Choices"
) -> InputError:
    """The error to raise for a name that is none of the choices.

    Parameters
    ----------
    where : str
        Where it was given; empty where that goes without saying.
    got : object
    choices : iterable of str
    what : str
        What it is the name of, e.g. "explainer".
    listed : str
        What the choices are called.
    """
    place = f"{where}: " if where else ""
    name = f"{what} '{got}'" if what else f"'{got}'"
    return InputError(f"{place}unknown {name}. {suggest(str(got), choices, listed)}")


def check_choice(where: str, got: str, choices: Collection[str]) -> None:
    """Raise InputError where what was given is none of the choices."""
    if got not in choices:
        raise unknown(where, got, choices)


def check_at_least(where: str, got: float, least: float = 1) -> None:
    """Raise InputError where a number is less than it may be, infinite or NaN."""
    if not least <= got < math.inf:
        raise InputError(f"{where}: expected {least} or more, got {got}.")


def check_positive(where: str, got: float) -> None:
    """Raise InputError where a number is not above 0, or infinite or NaN."""
    if not 0 < got < math.inf:
        raise InputError(f"{where}: expected a number above 0, got {got}.")


@contextmanager
def as_input_error(where: object, expected: str, remedy: str = "") -> Iterator[None]:
    """One sentence of whatever a library raises that reads what may be no file of its kind.

    On odd bytes parsers raise what they like, KeyError, OverflowError and MemoryError among them.
    Inside belongs the call of such a library, and nothing of which an error would be our own.

    Parameters
    ----------
    where : object
        The file.
    expected : str
        What it should have been.
    remedy : str
        A sentence that ends the error's.
    """
    try:
        yield
    except GxarenaError:
        raise
    except Exception as error:
        raise InputError(
            f"{where}: expected {expected}, got: {reason(error)}. {remedy}".rstrip()
        ) from error


def reason(error: Exception) -> str:
    """What a library says was wrong, as the end of a sentence: its first line, without the stop."""
    told = str(error).strip().splitlines()
    return told[0][:LONGEST_REASON].rstrip(".") if told else type(error).__name__
