"""What changed since the last board: two boards of one suite, number by number.

A written board does not say when it was made, so that the boards stand in the order given: runs
and bundles before written ones, each beside those after it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gxarena.results.boards import Board
from gxarena.results.leaderboard import ORDER
from gxarena.results.terms import why_apart
from gxarena.site.numbers import listed
from gxarena.site.pages import without_settings
from gxarena.site.rows import is_plain

Row = Mapping[str, Any]
Key = tuple[Any, ...]
MOST_SHOWN = 100
RELATIVE, ABSOLUTE = 1e-4, 1e-6
"""Numbers that differ by less are one: two machines round differently."""
_UNANSWERED = {"n_failed": "failed", "n_undefined": "undefined"}
"""Counts of what has no value, in words."""


@dataclass(frozen=True)
class Moved:
    """A number that is not what it was."""

    here: Row
    there: Row

    @property
    def what(self) -> str:
        """What moved, in words; empty where nothing did."""
        found = {
            "estimate": self._of_estimate(),
            "rank": self._of_rank(),
            "tier": _came_or_went(self.here, self.there, "tier")
            or _if(self.here["tier"] != self.there["tier"]),
        }
        said = [
            f"{listed(names)}{ending}"
            for ending in ("", " lost", " new")
            if (names := [name for name, moved in found.items() if moved == ending])
        ]
        return ", ".join((*said, *self._unanswered()))

    def _of_estimate(self) -> str | None:
        here, there = self.here["estimate"], self.there["estimate"]
        if here is None or there is None:
            return _came_or_went(self.here, self.there, "estimate")
        rounded = math.isclose(here, there, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        apart = _apart(self.here, self.there, "ci_low", "ci_high")
        return _if(not rounded and apart is not False)

    def _of_rank(self) -> str | None:
        if gone := _came_or_went(self.here, self.there, "rank"):
            return gone
        differ = self.here["rank"] != self.there["rank"]
        return _if(differ and _apart(self.here, self.there, "rank_low", "rank_high") is not False)

    def _unanswered(self) -> list[str]:
        """Whether more or fewer values failed or are undefined."""
        return [
            f"{'more' if self.here[name] > self.there[name] else 'fewer'} {word}"
            for name, word in _UNANSWERED.items()
            if self.here[name] != self.there[name]
        ]

    @property
    def gap(self) -> float:
        """How far the estimates are apart, in the wider interval's width; less than 0 if they meet.

        Infinite where there is but one; 1 where they differ and have no width.
        """
        rows = self.here, self.there
        if None in (found := [row["estimate"] for row in rows]):
            return math.inf if found[0] != found[1] else -1.0
        if any(row[end] is None for row in rows for end in ("ci_low", "ci_high")):
            return 1.0 if self._of_estimate() is not None else -1.0
        width = max(row["ci_high"] - row["ci_low"] for row in rows)
        low, high = max(row["ci_low"] for row in rows), min(row["ci_high"] for row in rows)
        return float((low - high) / width) if width else float(low > high)


@dataclass(frozen=True)
class Change:
    """One board beside another.

    Attributes
    ----------
    here, there : int
        Numbers of the boards.
    both : int
        Numbers that both ask for.
    compared : int
        Those of which both have an estimate.
    with_intervals : int
        Those of which both have an interval too.
    moved : tuple of Moved
        Those whose intervals, of estimate or rank, do not meet; which differ beyond rounding where
        there is none; whose tier is another; whose estimate, rank or tier only one has; of which
        more or fewer values failed or are undefined. The furthest first.
    only_here, only_there : int
        Numbers that the other lacks.
    terms : str
        A sentence: the first term in which they differ, or that they do not say; empty where they
        may be compared.
    """

    here: int
    there: int
    both: int
    compared: int
    with_intervals: int
    moved: tuple[Moved, ...]
    only_here: int
    only_there: int
    terms: str


def changes_of(boards: tuple[Board, ...], names: tuple[str, ...]) -> list[Change]:
    """Every pair of boards that share a suite and a number; `names` are what they are called."""
    numbered = list(enumerate(zip(boards, names, strict=True), 1))
    rows = {number: _by_key(board) for number, (board, _) in numbered}
    found = []
    for (here, (board, name)), (there, (other, other_name)) in itertools.combinations(numbered, 2):
        shared = [key for key in rows[here] if key in rows[there]]
        if shared:
            pairs = [Moved(rows[here][key], rows[there][key]) for key in shared]
            moved = sorted((one for one in pairs if one.what), key=lambda one: -one.gap)
            found.append(
                Change(
                    here,
                    there,
                    len(shared),
                    sum(_both_have(one, "estimate") for one in pairs),
                    sum(_both_have(one, "ci_low") and _both_have(one, "ci_high") for one in pairs),
                    tuple(moved),
                    len(rows[here]) - len(shared),
                    len(rows[there]) - len(shared),
                    _terms(board, name, other, other_name),
                )
            )
    return found


def _terms(board: Board, name: str, other: Board, other_name: str) -> str:
    if not (board.terms and other.terms):
        return (
            "One of them does not say what was measured on what, so that this may be what changed."
        )
    why = why_apart(name, board.terms, other_name, other.terms)
    return f"They are not on the same terms: {without_settings(why)}." if why else ""


def _by_key(board: Board) -> dict[Key, Row]:
    """Rows by what they are of."""
    rows: list[Row] = board.shown.to_pylist()
    return {tuple(row[name] for name in ORDER): row for row in rows if is_plain(row)}


def _both_have(one: Moved, column: str) -> bool:
    return one.here[column] is not None and one.there[column] is not None


def _if(moved: bool) -> str | None:
    return "" if moved else None


def _came_or_went(here: Row, there: Row, column: str) -> str | None:
    if (here[column] is None) == (there[column] is None):
        return None
    return " lost" if here[column] is None else " new"


def _apart(here: Row, there: Row, low: str, high: str) -> bool | None:
    """Whether intervals do not meet; None where one is missing."""
    ends = here[low], here[high], there[low], there[high]
    return None if None in ends else ends[1] < ends[2] or ends[3] < ends[0]
