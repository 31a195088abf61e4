"""The only reader of a run folder: its tables as of one moment, in memory.

    <run>/run.json            the suite, its digest and the ids of its cells
    <run>/store/              predictions, attributions, shared answers (`gxarena.run.store`)
    <run>/parts/<table>/      one file per cell (per attempt, for `cells`), written as it ends
    <run>/<table>.parquet     the tables: cells, samples, curves, motifs, seqlets, leaderboard

Parts are what a run at work writes; the tables are those parts joined. A reader lists the
attempts that are there when it opens the folder, and answers from the tables where they were
made of just these, from the parts otherwise: whatever a run does meanwhile, what is read belongs
together. A copy of the tables alone reads too.

A number of a whole set has a `samples` row whose sample_id is empty.

A cell is done when the part of its `cells` row reads, holds its id, and says ok, and the parts it
names read too; it is written last. A part that does not read counts as not there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.errors import InputError, StorageError
from gxarena.files import RUN_FILE
from gxarena.identity import digest
from gxarena.results.encoded import in_encoding
from gxarena.results.parquet import read_identity, read_table, read_with_identity
from gxarena.results.record import RunRecord
from gxarena.results.schemas import CELLS, DUE, TABLES


def check_outside_runs(out: Path) -> None:
    """Raise InputError where what a reader writes would lie in a run: only the run writes there."""
    place = out.resolve()
    for folder in (place, *place.parents):
        if (folder / RUN_FILE).exists():
            raise InputError(
                f"{out}: expected a place outside of runs, got one in {folder}, where only "
                "`gxarena run` writes. Choose another."
            )


class RunResults:
    """What a run folder holds at the moment it is opened.

    Attributes
    ----------
    path : Path
    record : RunRecord
    """

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path = path
        self.record = record
        self._attempts = _attempts(path)
        self._identities: dict[Path, dict[str, Any] | None] = {}

    @classmethod
    def of(cls, path: Path) -> RunResults:
        """Open a run's folder.

        Raises
        ------
        InputError
            It is none, or one that another version of gxarena wrote.
        """
        record = RunRecord.read(path)
        if record is None:
            raise InputError(
                f"{path}: expected the folder of a run (with run.json), got "
                f"{'another folder' if path.is_dir() else 'nothing there'}. "
                "Write one with `gxarena run SUITE --out DIR`."
            )
        return cls(path, record)

    @functools.cached_property
    def snapshot(self) -> str:
        """Which attempts of which cells there are: tables made of the same ones name it too."""
        found = [[part.name for part in self._attempts.get(c, ())] for c in self.record.cells]
        return digest([self.record.digest, found])

    def statuses(self, cells: Iterable[str]) -> dict[str, str]:
        """The status of each cell's last attempt; ``due`` where there is none that reads."""
        if self._attempts:
            return self.resumable(cells)
        known = {row["cell_id"]: row["status"] for row in self.last_rows()}
        return {cell: known.get(cell, DUE) for cell in cells}

    def resumable(self, cells: Iterable[str]) -> dict[str, str]:
        """The same by the parts alone, which a run that is taken up joins into its tables."""
        return {cell: self._status(cell) for cell in cells}

    def last_rows(self) -> list[dict[str, Any]]:
        """The `cells` row of each cell's last attempt."""
        return last_attempts(self.table("cells"))

    def table(
        self, name: str, columns: Sequence[str] | None = None, *, encode: bool = False
    ) -> pa.Table:
        """One of the tables, as if the run had ended when it was opened.

        Parameters
        ----------
        name : str
        columns, encode
            As for `gxarena.results.parquet.read_table`.

        Raises
        ------
        InputError
            Some tables are there without the others, or they were not written together.
        StorageError
            A table does not read, and there are no parts to make it of.
        """
        if not self._attempts:
            return self._without_parts(name, columns, encode)
        try:
            path = self.path / f"{name}.parquet"
            table, identity = read_with_identity(path, columns, encode=encode)
        except StorageError:
            return self.joined(name, columns, encode=encode)
        if identity.get("snapshot") == self.snapshot:
            return table
        return self.joined(name, columns, encode=encode)

    def joined(
        self, name: str, columns: Sequence[str] | None = None, *, encode: bool = False
    ) -> pa.Table:
        """One of the tables, made of the parts of the plan's cells."""
        tried = [(cell, self._reading_attempts(cell)) for cell in self.record.cells]
        if name == "cells":
            parts = [part for _, attempts in tried for part, _ in attempts]
            return _concatenate(parts, CELLS, columns, encode)
        done = [cell for cell, attempts in tried if attempts and attempts[-1][1]["status"] == "ok"]
        parts = [part_path(self.path, name, cell) for cell in done]
        whole = [part for part in parts if _is_whole(part)]
        return _concatenate(whole, TABLES[name], columns, encode)

    def footer(self, table: str) -> dict[str, Any]:
        """The identity document of a table of this run, or of its leaderboard."""
        identity = {"table": table, "suite": self.record.suite, "digest": self.record.digest}
        # Nobody takes a leaderboard for what it was made of: it need not name the attempts.
        return identity | ({"snapshot": self.snapshot} if table in TABLES else {})

    def _without_parts(self, name: str, columns: Sequence[str] | None, encode: bool) -> pa.Table:
        missing = [one for one in TABLES if not (self.path / f"{one}.parquet").is_file()]
        if len(missing) == len(TABLES):
            return _concatenate([], TABLES[name], columns, encode)
        if missing:
            raise InputError(
                f"{self.path}: expected the tables of a run, got no {missing[0]}.parquet. "
                "Run the same `gxarena run` again to finish it."
            )
        first = read_identity(self.path / "cells.parquet") or {}
        path = self.path / f"{name}.parquet"
        table, identity = read_with_identity(path, columns, encode=encode)
        same = ("digest", "snapshot")
        if [identity.get(key) for key in same] != [self.record.digest, first.get("snapshot")]:
            raise InputError(
                f"{self.path}: expected tables that were written together, got {name}.parquet of "
                "another moment or version. Run the same `gxarena run` again."
            )
        return table

    def _status(self, cell: str) -> str:
        attempts = self._reading_attempts(cell)
        if not attempts:
            return DUE
        _, identity = attempts[-1]
        parts = [part_path(self.path, name, cell) for name in identity.get("parts", ())]
        return str(identity["status"]) if all(_is_whole(part) for part in parts) else DUE

    def _reading_attempts(self, cell: str) -> list[tuple[Path, dict[str, Any]]]:
        """The cell's attempts that read, each with its identity document, the last one last."""
        found = [(part, self._identity(part)) for part in self._attempts.get(cell, ())]
        return [(part, held) for part, held in found if held and held.get("cell_id") == cell]

    def _identity(self, part: Path) -> dict[str, Any] | None:
        """Each is read once: every table asks which attempts read."""
        if part not in self._identities:
            self._identities[part] = read_identity(part)
        return self._identities[part]


def last_attempts(cells: pa.Table) -> list[dict[str, Any]]:
    """The row of each cell's last attempt, of a `cells` table."""
    last: dict[str, dict[str, Any]] = {}
    for row in cells.to_pylist():
        if row["cell_id"] not in last or row["attempt"] > last[row["cell_id"]]["attempt"]:
            last[row["cell_id"]] = row
    return list(last.values())


def part_path(folder: Path, table: str, name: str) -> Path:
    """Where a part lies; its name begins with its cell's id."""
    # Two letters of the id as a folder keep each one small for runs of many cells.
    return folder / "parts" / table / name[:2] / f"{name}.parquet"


def _attempts(folder: Path) -> dict[str, list[Path]]:
    """The `cells` parts of each cell, in the order of the attempts."""
    found: dict[str, list[Path]] = {}
    for part in (folder / "parts" / "cells").glob("*/*.parquet"):
        found.setdefault(part.name.partition(".")[0], []).append(part)
    for parts in found.values():
        parts.sort(key=attempt_number)
    return found


def attempt_number(part: Path) -> int:
    """Which attempt of its cell a `cells` part is; also one that does not read has its number."""
    return int(part.name.split(".")[1])


def _is_whole(part: Path) -> bool:
    """Whether a part reads and is of the cell that its name says."""
    return (read_identity(part) or {}).get("cell_id") == part.stem


def _concatenate(
    paths: Sequence[Path], schema: pa.Schema, columns: Sequence[str] | None, encode: bool
) -> pa.Table:
    tables = [
        read_table(path, columns, encode=encode).replace_schema_metadata(None) for path in paths
    ]
    if tables:
        return pa.concat_tables(tables)
    empty = schema.empty_table().select(list(columns or schema.names))
    return in_encoding(empty) if encode else empty
