"""Writes what became of cells: the one place through which a run's rows go to disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gxarena.results.folder import RunFolder
from gxarena.results.reading import RunResults
from gxarena.results.segments import Rows
from gxarena.run.cells import Cell

AGAIN = "It is tried once more, alone and with smaller batches."
"""How the message of a cell ends that ran out of memory, until it was tried again."""


def owed(results: RunResults, cells: Iterable[str]) -> set[str]:
    """Cells that ran out of memory and were to be tried once more, when a run was killed."""
    keys = []
    for cell in cells:
        held = [one for one in results.attempts(cell) if one.status != "interrupted"]
        if held and held[-1].status == "oom":
            keys.append((cell, held[-1].number))
    rows = [row for table in results.attempt_rows(keys) for row in table.to_pylist()]
    return {row["cell_id"] for row in rows if str(row["error_message"]).endswith(AGAIN)}


class CellWriter:
    """Writes attempts of cells into a run folder, all that were added since the last time at once.

    Parameters
    ----------
    folder : RunFolder
    cells : iterable of Cell
        Those that are due; earlier attempts of theirs are counted on.

    Attributes
    ----------
    owed : set of str
        Those of whose attempt the first try is written, and the second was not made.
    """

    def __init__(self, folder: RunFolder, cells: Iterable[Cell]) -> None:
        results = RunResults.of(folder.path)
        self._made = {cell.id: results.attempts_made(cell.id) for cell in cells}
        self.owed = owed(results, self._made)
        self._added: list[tuple[Mapping[str, Any], Mapping[str, Rows]]] = []
        self._segments = folder.writer()

    def add(self, row: Mapping[str, Any], parts: Mapping[str, Rows] | None = None) -> None:
        """Take up one attempt, which is on disk once it is written.

        Parameters
        ----------
        row : mapping
            The `cells` row, without the attempt's number.
        parts : mapping of table to its rows of this cell
        """
        self._made[row["cell_id"]] += 1
        self._added.append(({**row, "attempt": self._made[row["cell_id"]]}, parts or {}))

    def write(self) -> None:
        """Put what was added on disk.

        Raises
        ------
        StorageError
            The disk is full or read-only; what was written before is kept.
        """
        if self._added:
            self._segments.add_all(self._added)
            self._added = []
