"""Boards of what is given: runs and bundles ranked together where they may be, written boards.

Runs and bundles hold samples. They are joined where their terms agree (`gxarena.results.terms`),
in the order given, each with the first board that it can join; where it can join none it is a board
of its own, and a sentence says why. A written board (.parquet) holds no samples: nobody can be
ranked with its rows, so it stands beside.
"""

from __future__ import annotations

import functools
import reprlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from gxarena.errors import InputError, named
from gxarena.results.attestation import checked_by
from gxarena.results.bundle import is_bundle, opened
from gxarena.results.cautions import shows_seconds_of_several
from gxarena.results.joining import joined, relabelled, untimed_across_runs
from gxarena.results.leaderboard import leaderboard
from gxarena.results.measured import Measured, Origins
from gxarena.results.parquet import read_with_identity, write_table
from gxarena.results.places import without_ranks_of_the_lone
from gxarena.results.reading import RunResults, last_attempts
from gxarena.results.schemas import LEADERBOARD
from gxarena.results.terms import (
    METRIC,
    Terms,
    components_of,
    from_json,
    terms_of,
    to_json,
    why_apart,
)
from gxarena.results.verification import SELF_REPORTED, Levels

WRITTEN = ".parquet"
_UNVERIFIED = "unverified"
"""What boards called `SELF_REPORTED` at first."""


@dataclass(frozen=True)
class Board:
    """Rows that are ranked together, and what to know of them.

    Attributes
    ----------
    names : tuple of str
        The runs, bundles or the file that it is of, as they were given.
    table : pyarrow.Table
        With the schema `LEADERBOARD`.
    terms : Terms
        What was measured on what; empty for a board that was written without.
    headline : tuple of str
        Patterns of the metrics to show first.
    runs : tuple of str
        Digests of the runs' plans.
    notes : tuple of str
        Sentences: why it is apart, what joining found.
    written : bool
        Whether it was read as it is here, from a file.
    cells : mapping of (data set, model, explainer) to sequence
        What rows are of: each cell's runs, by name, with its id there. The first is the one whose
        values count, others hold the same. Empty where it was read from a file.
    """

    names: tuple[str, ...]
    table: pa.Table
    terms: Terms
    headline: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    written: bool = False
    cells: Mapping[tuple[str, str, str], Sequence[Origins]] = field(default_factory=dict)

    @functools.cached_property
    def shown(self) -> pa.Table:
        """The table as people read it: no rank where nobody competed."""
        return without_ranks_of_the_lone(self.table)

    @property
    def metrics(self) -> dict[str, str]:
        """Labels of metrics with their components, as far as the board says what they are."""
        return components_of(self.terms, METRIC)


@dataclass
class _Group:
    """What will be one board."""

    measured: Measured
    names: list[str]
    headline: list[str]
    runs: list[str]
    why: str = ""


def boards_of(paths: Sequence[Path]) -> list[Board]:
    """The boards of folders of runs, bundles and written boards; those of written ones last.

    Raises
    ------
    InputError
        Something else is among them.
    """
    if missing := [path for path in dict.fromkeys(paths) if not path.exists()]:
        raise InputError(
            f"{named(missing)}: expected a board, a bundle or a run, got nothing there."
        )
    written = [path for path in paths if path.suffix == WRITTEN and not path.is_dir()]
    groups: list[_Group] = []
    with ExitStack() as stack:
        for path in dict.fromkeys(paths):
            if path not in written:
                if is_bundle(path):
                    run = stack.enter_context(opened(path))
                    _place(groups, run, str(path), *checked_by(path, run))
                else:
                    _place(groups, RunResults.of(path), str(path))
    boards = [_ranked(group) for group in groups]
    return boards + [_beside(read_board(path), boards) for path in dict.fromkeys(written)]


def _place(
    groups: list[_Group],
    run: RunResults,
    name: str,
    levels: Levels = MappingProxyType({}),
    notes: Sequence[str] = (),
) -> None:
    """Join a run, of which so much is checked, with the first group that it can be joined with."""
    measured = Measured.of(run, name, terms_of(run), levels, notes)
    record, why = run.record, ""
    for group in groups:
        held = group.measured
        terms = relabelled(held, measured).terms
        found = why_apart(name, terms, group.names[0], held.terms)
        if not found:
            group.measured = joined(held, measured)
            group.names.append(name)
            group.headline += record.headline
            group.runs.append(record.digest)
            return
        why = why or f"Not ranked with {group.names[0]}: {found}."
    groups.append(_Group(measured, [name], list(record.headline), [record.digest], why))


def _ranked(group: _Group) -> Board:
    measured = untimed_across_runs(group.measured)
    table = leaderboard(
        measured.cells, measured.samples, measured.seed, measured.groupings, measured.levels
    )
    return Board(
        tuple(group.names),
        table,
        measured.terms,
        tuple(dict.fromkeys(group.headline)),
        tuple(dict.fromkeys(group.runs)),
        tuple(filter(None, (group.why, *measured.notes))),
        cells=_cells_by_labels(measured),
    )


def _cells_by_labels(measured: Measured) -> dict[tuple[str, str, str], list[Origins]]:
    found: dict[tuple[str, str, str], list[Origins]] = defaultdict(list)
    columns = ["cell_id", "attempt", "dataset", "model", "explainer"]
    for row in last_attempts(measured.cells.select(columns)):
        labels = row["dataset"], row["model"], row["explainer"]
        found[labels].append(measured.origins[row["cell_id"]])
    return dict(found)


def _beside(board: Board, others: Sequence[Board]) -> Board:
    """A written board among others, with the sentence why nobody is ranked with it."""
    if not others:
        return board
    (name,), other = board.names, others[0]
    why = f"{name} holds no samples: its ranks are its own, and nobody is ranked with it"
    apart = why_apart(name, board.terms, other.names[0], other.terms)
    if not board.terms:
        why += "; it does not say what was measured on what, so compare nothing across"
    elif apart:
        why += f"; its estimates compare with none of {other.names[0]}, since {apart}"
    else:
        why += f"; estimates may be set beside those of {other.names[0]}, on the same terms"
    return replace(board, notes=(*board.notes, f"{why}."))


def write_board(path: Path, board: Board) -> None:
    """Write a board as Parquet, with its terms in the footer.

    Raises
    ------
    StorageError
        The disk is full or read-only.
    """
    identity = {
        "table": "leaderboard",
        "runs": list(board.runs),
        "terms": to_json(board.terms),
        "headline": list(board.headline),
        "notes": list(board.notes),
    }
    write_table(path, board.table, identity)


def read_board(path: Path) -> Board:
    """A written board; columns that its version did not have yet are null.

    Whoever wrote it says what they like of how far it was checked, so that counts for nothing.

    Raises
    ------
    InputError
        It is no board, or lacks what every board says.
    StorageError
        It does not read.
    """
    table, identity = read_with_identity(path)
    for column in LEADERBOARD:
        if column.name in table.column_names:
            continue
        if not column.nullable:
            raise InputError(
                f"{path}: expected a board with the column {column.name}, got none. Make it again "
                "with `gxarena leaderboard`."
            )
        table = table.append_column(column, pa.nulls(len(table), column.type))
    table = table.select(LEADERBOARD.names).cast(LEADERBOARD)
    if shows_seconds_of_several(identity.get("notes", ())):
        table = _untimed(table)
    at = LEADERBOARD.get_field_index("verification")
    own = [f"{path} says of itself: {note}" for note in identity.get("notes", ())]
    levels = pa.array([SELF_REPORTED] * len(table), pa.string())
    return Board(
        (str(path),),
        table.set_column(at, LEADERBOARD.field(at), levels),
        from_json(identity.get("terms", [])),
        tuple(identity.get("headline", ())),
        tuple(identity.get("runs", ())),
        (*own, *_unattested(path, table[at])),
        written=True,
    )


def _untimed(table: pa.Table) -> pa.Table:
    at = LEADERBOARD.get_field_index("seconds_per_sequence")
    return table.set_column(at, LEADERBOARD.field(at), pa.nulls(len(table), pa.float64()))


def _unattested(path: Path, levels: pa.ChunkedArray) -> list[str]:
    """A sentence where a file says itself that somebody checked it: anybody can write that."""
    said = sorted({*levels.to_pylist()} - {SELF_REPORTED, _UNVERIFIED, None})
    if not said:
        return []
    rows = pc.sum(pc.is_in(levels, pa.array(said, pa.string()))).as_py()
    quoted = " and ".join(map(reprlib.repr, said[:2]))
    return [
        f"{path} says {quoted} of {rows} of {len(levels)} rows, which counts for "
        "nothing: no attestation is of a written board. Its bundle's board says what was checked."
    ]
