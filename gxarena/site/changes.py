"""What changed since the last board: two boards of one suite, number by number.

A written board does not say when it was made, so that the boards stand in the order given: runs
and bundles before written ones, each beside those after it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gxarena.results.boards import Board
from gxarena.results.leaderboard import ORDER
from gxarena.results.terms import why_apart
from gxarena.site.rows import is_plain

Row = Mapping[str, Any]
Key = tuple[Any, ...]
MOST_SHOWN = 100


@dataclass(frozen=True)
class Moved:
    """A number that is not what it was."""

    here: Row
    there: Row

    @property
    def what(self) -> str:
        """What moved, in words."""
        found = {
            "estimate": _apart(self.here, self.there, "ci_low", "ci_high"),
            "rank": _apart(self.here, self.there, "rank_low", "rank_high"),
            "tier": _tier_moved(self.here, self.there),
        }
        return " and ".join(name for name, moved in found.items() if moved)

    @property
    def gap(self) -> float:
        """How far the intervals are apart, in the wider one's width; less than 0 if they meet."""
        rows = self.here, self.there
        if any(row[end] is None for row in rows for end in ("ci_low", "ci_high")):
            return -1.0
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
        Numbers that both have.
    moved : tuple of Moved
        Those whose intervals, of estimate or rank, do not meet, or whose tier is another; the
        furthest first.
    only_here, only_there : int
        Numbers that the other lacks.
    terms : str
        A sentence: the first term in which they differ, or that they do not say; empty where they
        may be compared.
    """

    here: int
    there: int
    both: int
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
            pairs = (Moved(rows[here][key], rows[there][key]) for key in shared)
            moved = sorted((one for one in pairs if one.what), key=lambda one: -one.gap)
            found.append(
                Change(
                    here,
                    there,
                    len(shared),
                    tuple(moved),
                    len(rows[here]) - len(shared),
                    len(rows[there]) - len(shared),
                    _terms(board, name, other, other_name),
                )
            )
    return found


def _terms(board: Board, name: str, other: Board, other_name: str) -> str:
    if not (board.terms and other.terms):
        return "Not both say what was measured on what."
    why = why_apart(name, board.terms, other_name, other.terms)
    return f"They are not on the same terms: {why}." if why else ""


def _by_key(board: Board) -> dict[Key, Row]:
    """What answers a question, by what it is of."""
    rows: Iterator[Row] = (row for row in board.shown.to_pylist() if row["question"])
    return {tuple(row[name] for name in ORDER): row for row in rows if is_plain(row)}


def _apart(here: Row, there: Row, low: str, high: str) -> bool:
    ends = here[low], here[high], there[low], there[high]
    return None not in ends and (ends[1] < ends[2] or ends[3] < ends[0])


def _tier_moved(here: Row, there: Row) -> bool:
    tiers = here["tier"], there["tier"]
    return None not in tiers and tiers[0] != tiers[1]
