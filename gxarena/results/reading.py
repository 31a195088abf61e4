"""The only reader of a run folder: its tables as of one moment, in memory.

    <run>/run.json            the suite, its digest and the ids of its cells
    <run>/store/              predictions, attributions, shared answers (`gxarena.run.store`)
    <run>/segments/           what a run at work has finished (`gxarena.results.segments`)
    <run>/<table>.parquet     the tables: cells, samples, curves, motifs, seqlets, leaderboard

Segments are what a run at work writes; once it has ended, they are joined into the tables and
removed. A reader lists the attempts that are there when it opens the folder, in segments and tables
together, and answers with just these, wherever they are by the time they are asked for: whatever a
run does meanwhile, what is read belongs together. A copy of the tables alone reads too.

A number of a whole set has a `samples` row whose sample_id is empty.

A cell is done when its last attempt says ok and all its rows read. What does not read is due again;
no table is given without it: a sentence says so.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import InputError, StorageError, named
from gxarena.files import RUN_FILE
from gxarena.identity import digest
from gxarena.results.attempts import Attempts, Place
from gxarena.results.encoded import in_encoding
from gxarena.results.parquet import identity_of, opened
from gxarena.results.pieces import Moved, sizes_in_table, together
from gxarena.results.record import RunRecord
from gxarena.results.schemas import DUE, TABLES
from gxarena.results.segments import PARTS, Key, attempt_table

BATCH = 32 << 20
"""Bytes of rows that are put in order at a time when tables are joined."""
AT_A_TIME = 256
"""Attempts that are put into another segment at a time."""
_TRIES = 100
"""How often a run may move what is being read."""


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

    def __init__(self, path: Path, record: RunRecord, *, sealed: bool = True) -> None:
        self.path = path
        self.record = record
        self._sealed = sealed
        self._held = Attempts.found(path, sealed=sealed)

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
            raise _no_run(path)
        return cls(path, record)

    @classmethod
    def of_bundle(cls, path: Path) -> RunResults:
        """Open the folder of a bundle, whose files were compared with their digests.

        Raises
        ------
        InputError
            As for `of`.
        """
        record = RunRecord.of_bundle(path)
        if record is None:
            raise _no_run(path)
        return cls(path, record, sealed=False)

    @functools.cached_property
    def snapshot(self) -> str:
        """Which attempts of which cells there are: tables made of the same ones name it too."""
        found = [[one.number for one in self.attempts(cell)] for cell in self.record.cells]
        return digest([self.record.digest, found])

    @functools.cached_property
    def torn(self) -> tuple[Path, ...]:
        """Files that do not read, or not with the others; a table absent among others is one."""
        known = self._held.torn
        if self.path / "cells.parquet" in known or not self._held.joined:
            return known
        return (*known, *(path for path in map(self._path, PARTS) if not self._reads(path)))

    @property
    def warning(self) -> str:
        """What does not read and how to mend it, in a sentence; empty where all reads."""
        return self._sentence(self.torn) if self.torn else ""

    def statuses(self, cells: Iterable[str]) -> dict[str, str]:
        """The status of each cell's last attempt; ``due`` where there is none that reads."""
        last = {cell: self.attempts(cell)[-1:] for cell in cells}
        return {cell: held[0].status if held else DUE for cell, held in last.items()}

    def attempts(self, cell: str) -> list[Place]:
        """The attempts of a cell that read, with all that they came to; the last one last."""
        held = self._held.of_cells.get(cell, ())
        return [one for one in held if one.segment or one.status != "ok" or not self._lost]

    def attempts_made(self, cell: str) -> int:
        """The number of the cell's last attempt, also of one whose values do not read."""
        return max((one.number for one in self._held.of_cells.get(cell, ())), default=0)

    def others(self) -> list[Key]:
        """Attempts of cells that are of an earlier plan."""
        cells = self._held.of_cells.keys() - {*self.record.cells}
        return [(cell, one.number) for cell in sorted(cells) for one in self.attempts(cell)]

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
        columns : sequence of str, optional
            All where not given.
        encode : bool
            See `gxarena.results.parquet.opened`.

        Raises
        ------
        StorageError
            Some of what it is made of does not read, so that rows would be missing.
        """
        path, names = self._path(name), TABLES[name].names if columns is None else list(columns)
        if lost := [one for one in self._held.torn if one == path or one.parent != self.path]:
            raise StorageError(self._sentence(lost))
        if self.is_joined and (whole := self._whole(path, names, encode)) is not None:
            return whole
        if self._held.joined and not self._reads(path):
            raise StorageError(self._sentence([path]))
        if found := self._together(name, self._wanted(name), names, encode=encode):
            return pa.concat_tables(found)
        empty = TABLES[name].empty_table().select(names)
        return in_encoding(empty) if encode else empty

    def batches(self, name: str) -> Iterator[pa.Table]:
        """A table in the plan's order, some `BATCH` bytes at a time; without what does not read."""
        sizes = self._sizes(name)
        wanted: list[Key] = []
        size = 0
        for cell, number in self._wanted(name):
            wanted.append((cell, number))
            size += sizes.get(cell, 0)
            if size >= BATCH:
                yield from self._combined(name, wanted)
                wanted, size = [], 0
        yield from self._combined(name, wanted)

    def attempt_rows(self, keys: Sequence[Key]) -> Iterator[pa.Table]:
        """These attempts as rows of a segment."""
        for start in range(0, len(keys), AT_A_TIME):
            some = keys[start : start + AT_A_TIME]
            values: dict[str, dict[str, list[pa.Table]]] = {name: {} for name in PARTS}
            rows = [row for one in self._together("cells", some) for row in one.to_pylist()]
            ok = [(row["cell_id"], row["attempt"]) for row in rows if row["status"] == "ok"]
            for name, found in values.items():
                for piece in self._together(name, ok):
                    found.setdefault(piece["cell_id"][0].as_py(), []).append(piece)
            made = []
            for row in rows:
                parts = {
                    name: pa.concat_tables(found[row["cell_id"]])
                    for name, found in values.items()
                    if row["status"] == "ok" and row["cell_id"] in found
                }
                made.append(attempt_table(row, parts))
            # Ten thousand tables of a row each are a hundred times what is in them.
            yield pa.concat_tables(made).combine_chunks()

    @functools.cached_property
    def is_joined(self) -> bool:
        """Whether the tables hold just the plan's attempts, and no segment holds any."""
        places = (one for cell in self.record.cells for one in self._held.of_cells.get(cell, ()))
        return self._held.joined.get("digest") == self.record.digest and not any(
            one.segment for one in places
        )

    @property
    def joined_snapshot(self) -> str | None:
        """The snapshot that the table `cells` is of; None where there is none that reads."""
        return self._held.joined.get("snapshot")

    @property
    def segments(self) -> set[Path]:
        """The segments that there were, those that do not read too."""
        held = {one.segment for of in self._held.of_cells.values() for one in of if one.segment}
        return held | {path for path in self._held.torn if path.parent != self.path}

    def footer(self, table: str) -> dict[str, Any]:
        """The identity document of a table of this run, or of its leaderboard."""
        identity = {"table": table, "suite": self.record.suite, "digest": self.record.digest}
        return identity | {"snapshot": self.snapshot}

    @functools.cached_property
    def _lost(self) -> bool:
        """Whether values that are only in the tables do not read."""
        return any(path.parent == self.path for path in self.torn)

    def _wanted(self, name: str) -> list[Key]:
        """The attempts whose rows a table is of: of values, only a last one that is ok."""
        found = [(cell, one) for cell in self.record.cells for one in self.attempts(cell)]
        if name == "cells":
            return [(cell, one.number) for cell, one in found]
        last = dict(found)
        return [(cell, one.number) for cell, one in last.items() if one.status == "ok"]

    def _together(
        self,
        name: str,
        wanted: Sequence[Key],
        columns: Sequence[str] | None = None,
        *,
        encode: bool = False,
    ) -> list[pa.Table]:
        """Rows of these attempts, wherever a run at work has moved them."""
        held = self._held
        for _ in range(_TRIES):
            try:
                return together(self.path, name, wanted, held, columns, encode=encode)
            except Moved:
                held = Attempts.found(self.path, sealed=self._sealed)
        raise StorageError(
            f"{self.path}: expected what was there when it was opened, got that no longer. "
            "Run the same command again."
        )

    def _combined(self, name: str, wanted: Sequence[Key]) -> Iterator[pa.Table]:
        if found := self._together(name, wanted):
            yield pa.concat_tables(found).combine_chunks()

    def _sizes(self, name: str) -> dict[str, int]:
        """About how many bytes of rows each cell has."""
        sizes = {} if not self._held.joined or self._lost else sizes_in_table(self._path(name))
        for cell in self.record.cells:
            for one in self._held.of_cells.get(cell, ()):
                if one.segment:
                    sizes[cell] = one.size
        return sizes

    def _path(self, name: str) -> Path:
        return self.path / f"{name}.parquet"

    def _whole(self, path: Path, names: Sequence[str], encode: bool) -> pa.Table | None:
        """A table as it was written; None where it does not read or is of another moment."""
        try:
            with opened(path, sealed=self._sealed, encode=encode) as file:
                if self._of_this_moment(file, path.stem):
                    return file.read(columns=names).replace_schema_metadata(None)
        except StorageError:
            pass
        return None

    def _reads(self, path: Path) -> bool:
        """Whether a table reads, and was written with `cells` (see `Attempts.matches`)."""
        try:
            with opened(path, sealed=self._sealed) as file:
                if not self._sealed:
                    return self._of_this_moment(file, path.stem)
                # What does not match may have been joined since.
                known = self._held.matches(file, path.stem)
                return known or Attempts.found(self.path).matches(file, path.stem)
        except StorageError:
            return False

    def _of_this_moment(self, file: pq.ParquetFile, name: str) -> bool:
        identity = identity_of(file.schema_arrow) or {}
        if identity.get("table") != name:
            return False
        same = [identity.get(key) for key in ("digest", "snapshot")]
        return same == [self.record.digest, self.joined_snapshot]

    def _sentence(self, torn: Sequence[Path]) -> str:
        due = [cell for cell in self.record.cells if not self.attempts(cell)]
        names = named([path.relative_to(self.path) for path in torn], 3)
        return (
            f"{self.path}: expected files as gxarena wrote them, got another content in or no "
            f"{names}, so that {len(due)} of {len(self.record.cells)} cells are due again. "
            "Run the same `gxarena run` again to compute them."
        )


def last_attempts(cells: pa.Table) -> list[dict[str, Any]]:
    """The row of each cell's last attempt, of a `cells` table."""
    last: dict[str, dict[str, Any]] = {}
    for row in cells.to_pylist():
        if row["cell_id"] not in last or row["attempt"] > last[row["cell_id"]]["attempt"]:
            last[row["cell_id"]] = row
    return list(last.values())


def _no_run(path: Path) -> InputError:
    return InputError(
        f"{path}: expected the folder of a run (with run.json), got "
        f"{'another folder' if path.is_dir() else 'nothing there'}. "
        "Write one with `gxarena run SUITE --out DIR`."
    )
