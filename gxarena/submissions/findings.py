"""What is wrong with a bundle: one sentence each, with where, what was expected and what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gxarena.errors import GxarenaError

MOST_LISTED = 20
"""Findings of one check that are listed; the rest are counted."""
_LONGEST = 300
"""Characters of a bundle's own text that a sentence shows."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        Which: structure, cells, values, digests, curves, motifs, attributions, constants, card,
        replay (which differs), installation (which lacks what is to be run again).
    sentence : str
    """

    check: str
    sentence: str


@dataclass
class Findings:
    """What all checks found.

    Attributes
    ----------
    listed : list of Finding
        At most `MOST_LISTED` of a check.
    counts : mapping of check to number
        Of all findings.
    notes : list of str
        What nobody can be blamed for, but should be known.
    """

    listed: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add(self, check: str, where: str, expected: str, got: str, remedy: str = "") -> None:
        """Note that something is not as it must be."""
        self.say(check, f"{where}: expected {expected}, got {got}.{remedy and f' {remedy}'}")

    def say(self, check: str, sentence: str) -> None:
        """Note a sentence that some other part of gxarena found."""
        self.counts[check] += 1
        if self.counts[check] <= MOST_LISTED:
            self.listed.append(Finding(check, sentence))

    @contextmanager
    def guarding(self, check: str) -> Iterator[None]:
        """A check of what anybody may have written: whatever stops it speaks against the bundle."""
        try:
            yield
        except GxarenaError as error:
            self.say(check, plain(str(error), 3 * _LONGEST))
        except Exception as error:
            got = f"what ends in {type(error).__name__}: {plain(str(error))}"
            self.add(check, "the bundle", "content that gxarena wrote", got)

    def __bool__(self) -> bool:
        return bool(self.counts)


def plain(text: object, longest: int = _LONGEST) -> str:
    """Somebody else's text, to be shown: no control characters, not longer than can be read."""
    shown = "".join(c if c.isprintable() else " " for c in str(text))
    return shown if len(shown) <= longest else f"{shown[:longest]}…"


def quoted(text: object) -> str:
    """The same in quotes."""
    return f"'{plain(text)}'"
