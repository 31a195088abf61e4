"""The only writer of a run folder (see `gxarena.results.reading` for what lies in it)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.errors import InputError
from gxarena.files import TEMPORARY
from gxarena.results.leaderboard import leaderboard
from gxarena.results.lock import locked
from gxarena.results.parquet import write_table
from gxarena.results.reading import RunResults, attempt_number, part_path
from gxarena.results.record import RunRecord
from gxarena.results.schemas import TABLES


@dataclass(frozen=True)
class RunFolder:
    """The folder a run writes to and resumes from."""

    path: Path

    def check(self, record: RunRecord) -> None:
        """Raise where the folder cannot be this suite's.

        Raises
        ------
        InputError
            The folder holds a run of another suite or of another version, or something else.
        """
        held = RunRecord.read(self.path)
        if held is not None and held.suite != record.suite:
            raise InputError(
                f"{self.path}: expected a new folder or an earlier run of suite "
                f"'{record.suite}', got a run of suite '{held.suite}'. Choose another --out."
            )
        # What a killed run may have left before it wrote anything is hidden files.
        foreign = self.path.is_dir() and any(p.name[0] != "." for p in self.path.iterdir())
        if self.path.is_file() or (held is None and foreign):
            raise InputError(
                f"{self.path}: expected a new or empty folder, got something that is no gxarena "
                "run. Choose another --out."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, made if need be (see `gxarena.results.lock.locked`)."""
        with locked(self.path):
            # What killed runs were writing; nobody else writes while the lock is held.
            for torn in self.path.rglob(f"{TEMPORARY}*"):
                torn.unlink(missing_ok=True)
            yield

    def claim(self, record: RunRecord) -> None:
        """Write down whose folder this is, and which cells count."""
        record.write(self.path)

    def write_cell(
        self,
        row: dict[str, Any],
        parts: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    ) -> None:
        """Write one attempt of a cell; its `cells` row last, which makes it done.

        Parameters
        ----------
        row : dict
            The `cells` row, without the attempt's number.
        parts : mapping of table to its rows
        """
        cell = row["cell_id"]
        identity = {"cell_id": cell, "status": row["status"]}
        parts = {name: rows for name, rows in (parts or {}).items() if rows}
        for name, rows in parts.items():
            self._write_part(name, cell, list(rows), identity)
        attempt = self._attempts_made(cell) + 1
        self._write_part(
            "cells",
            f"{cell}.{attempt:03d}",
            [row | {"attempt": attempt}],
            identity | {"parts": list(parts)},
        )

    def finish(self) -> pa.Table:
        """Join the parts of the plan's cells into the run's tables, and write them.

        Returns
        -------
        pyarrow.Table
            The leaderboard, which is written too.
        """
        results = RunResults.of(self.path)
        tables = {name: results.joined(name) for name in TABLES}
        record = results.record
        board = leaderboard(tables["cells"], tables["samples"], record.seed, record.groupings)
        for name, table in {**tables, "leaderboard": board}.items():
            write_table(self.path / f"{name}.parquet", table, results.footer(name))
        return board

    def _attempts_made(self, cell: str) -> int:
        folder = part_path(self.path, "cells", cell).parent
        return max((attempt_number(part) for part in folder.glob(f"{cell}.*.parquet")), default=0)

    def _write_part(
        self, table: str, name: str, rows: list[dict[str, Any]], identity: dict[str, Any]
    ) -> None:
        content = pa.Table.from_pylist(rows, schema=TABLES[table])
        write_table(part_path(self.path, table, name), content, identity)
