"""Which attempts of cells a run folder holds at a moment, and which of its files do not read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from gxarena.errors import StorageError
from gxarena.results.parquet import identity_of, opened
from gxarena.results.schemas import TABLES
from gxarena.results.segments import attempts_in, listed

_MOST_TRIES = 1000


class Place(NamedTuple):
    """An attempt of a cell, and where it is.

    Attributes
    ----------
    number : int
    status : str
    segment : Path or None
        None where it is in the tables.
    size : int
        Bytes in memory of its rows; 0 where that is not known.
    """

    number: int
    status: str
    segment: Path | None = None
    size: int = 0


@dataclass(frozen=True)
class Attempts:
    """What a run folder holds.

    Attributes
    ----------
    of_cells : mapping of a cell's id to its attempts, the last one last
        Each once, also where it is in several files.
    torn : tuple of Path
        Files that do not read.
    joined : mapping
        The identity document of the table `cells`; empty where there is none.
    """

    of_cells: Mapping[str, tuple[Place, ...]]
    torn: tuple[Path, ...]
    joined: Mapping[str, Any]

    def place(self, cell: str, number: int) -> Place | None:
        """Where an attempt is; None where it is not."""
        return next((one for one in self.of_cells.get(cell, ()) if one.number == number), None)

    def matches(self, file: pq.ParquetFile, name: str) -> bool:
        """Whether a table was written with these `cells`, or when they were joined with more.

        Of what was joined since, each table holds all that it held before.
        """
        identity = identity_of(file.schema_arrow) or {}
        if identity.get("table", name) != name:
            return False
        return self.joined.get("snapshot") in (identity.get("snapshot"), identity.get("before"))

    @classmethod
    def found(cls, folder: Path, *, sealed: bool = True) -> Attempts:
        """Look into a folder, also while a run writes there.

        Parameters
        ----------
        folder : Path
        sealed : bool
            See `gxarena.results.parquet.opened`.
        """
        for _ in range(_MOST_TRIES):
            segments = listed(folder)
            found, torn = _in_segments(segments)
            # Tables come second: what was in a segment that was joined since is in them by now.
            cells = folder / "cells.parquet"
            joined: Mapping[str, Any] = {}
            if cells.exists():
                try:
                    joined = _add_joined(cells, found, sealed)
                except StorageError:
                    torn.append(cells)
            elif not found and any((folder / f"{name}.parquet").exists() for name in TABLES):
                torn.append(cells)
            if all(path.exists() for path in torn if path != cells):
                ordered = {cell: tuple(sorted(of.values())) for cell, of in found.items()}
                return cls(ordered, tuple(torn), joined)
        raise StorageError(f"{folder}: expected segments that stay a moment, got ever other ones.")


def _in_segments(
    segments: list[Path],
) -> tuple[defaultdict[str, dict[int, Place]], list[Path]]:
    """The attempts in segments by cell and number, and the segments that do not read."""
    found: defaultdict[str, dict[int, Place]] = defaultdict(dict)
    torn = []
    for path in segments:
        try:
            attempts = attempts_in(path)
        except StorageError:
            torn.append(path)
            continue
        for one in attempts:
            held = found[one.cell].get(one.number)
            # Of two with one number, by writers that did not know of each other, one that is ok.
            if held is None or (held.status != "ok" and one.status == "ok"):
                found[one.cell][one.number] = Place(one.number, one.status, path, one.size)
    return found, torn


def _add_joined(
    cells: Path, found: defaultdict[str, dict[int, Place]], sealed: bool
) -> Mapping[str, Any]:
    """Add the attempts in the tables that are in no segment; returns the identity document."""
    with opened(cells, sealed=sealed) as file:
        identity = identity_of(file.schema_arrow)
        foreign = sealed and identity is None
        if foreign or not {*TABLES["cells"].names} <= {*file.schema_arrow.names}:
            raise StorageError(f"{cells}: expected the cells of a run, got others.")
        rows = file.read(columns=["cell_id", "attempt", "status"], use_threads=False)
    for cell, number, status in zip(*(c.to_pylist() for c in rows.columns), strict=True):
        found[cell].setdefault(number, Place(number, status))
    return identity or {}
