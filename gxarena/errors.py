"""Errors a user can act on: one sentence each, with place, expectation, finding and remedy."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable


class GxarenaError(Exception):
    """Base of every error raised on purpose; the command line prints it without a traceback."""


class InputError(GxarenaError):
    """The user's input (a file, a suite, an argument) is not what it must be."""


class PluginError(GxarenaError):
    """A plugin breaks the contract, or two plugins claim one name."""


class MissingExtra(GxarenaError):
    """An optional dependency is not installed; the message prints the pip command."""


class StorageError(GxarenaError):
    """The disk is full, read-only or holds something else; ends a run, harms no finished work."""


class Unsupported(GxarenaError):
    """A combination that cannot work; becomes a row with status ``unsupported``."""


def suggest(name: str, choices: Iterable[str], listed: str = "Choices") -> str:
    """A sentence listing `choices`, led by the closest one to `name` where one is close."""
    known = sorted(choices)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}{listed}: {', '.join(known) or 'none'}."


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
