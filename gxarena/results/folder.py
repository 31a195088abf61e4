"""The result tables of a run: their schemas, and writing and reading them.

    <run>/run.json            the suite, its digest and the ids of its cells
    <run>/store/              predictions and attributions (see `gxarena.run.store`)
    <run>/parts/<table>/      one file per cell (per attempt, for `cells`), written as it ends
    <run>/<table>.parquet     the tables: cells, samples, curves, motifs, seqlets, leaderboard

A number of a whole set has a `samples` row whose sample_id is empty.

A cell is done when the part of its `cells` row reads, holds its id, and says ok, and the parts it
names read too; it is written last. A part that does not read counts as not there.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.errors import InputError, StorageError
from gxarena.files import TEMPORARY, write_text
from gxarena.results.parquet import read_identity, read_table, write_table
from gxarena.results.schemas import CELLS, DUE, TABLES
from gxarena.run.plan import Plan


@dataclass(frozen=True)
class RunFolder:
    """The folder a run writes to and resumes from."""

    path: Path

    def check(self, plan: Plan) -> None:
        """Raise where the folder cannot be this suite's.

        Raises
        ------
        InputError
            The folder holds a run of another suite, or something else.
        """
        held = self.identity()
        if held is not None and held["suite"] != plan.suite.name:
            raise InputError(
                f"{self.path}: expected a new folder or an earlier run of suite "
                f"'{plan.suite.name}', got a run of suite '{held['suite']}'. Choose another --out."
            )
        # What a killed run may have left before it wrote anything is hidden files.
        foreign = self.path.is_dir() and any(p.name[0] != "." for p in self.path.iterdir())
        if self.path.is_file() or (held is None and foreign):
            raise InputError(
                f"{self.path}: expected a new or empty folder, got something that is no gxarena "
                "run. Choose another --out."
            )

    def claim(self, plan: Plan) -> None:
        """Write down whose folder this is, and which cells count."""
        identity = {
            "suite": plan.suite.name,
            "digest": plan.digest,
            "cells": [cell.id for cell in plan.cells],
            "document": plan.suite.model_dump(mode="json"),
        }
        document = json.dumps(identity, indent=1, sort_keys=True)
        write_text(self.path / "run.json", document)

    @classmethod
    def existing(cls, path: Path) -> RunFolder:
        """An earlier run's folder; InputError where it is none."""
        folder = cls(path)
        if folder.identity() is None:
            raise InputError(
                f"{path}: expected the folder of a run (with run.json), got "
                f"{'another folder' if path.is_dir() else 'nothing there'}. "
                "Write one with `gxarena run SUITE --out DIR`."
            )
        return folder

    def identity(self) -> dict[str, Any] | None:
        """The run's identity document, or None where there is none that reads."""
        try:
            document: dict[str, Any] = json.loads((self.path / "run.json").read_text())
        except (OSError, ValueError):
            return None
        return document if {"suite", "cells"} <= document.keys() else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, made if need be; the system lets go of it even after kill -9."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            opened = (self.path / ".lock").open("w")
        except OSError as error:
            raise _unwritable(self.path, error) from error
        with opened as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"{self.path}: expected no other run at work here, got one that is. "
                    "Wait for it, or choose another --out."
                ) from None
            self._tidy()
            yield

    def _tidy(self) -> None:
        """Remove what killed runs were writing; nobody else writes while the lock is held."""
        for torn in self.path.rglob(f"{TEMPORARY}*"):
            torn.unlink(missing_ok=True)

    def statuses(self, ids: Iterable[str]) -> dict[str, str]:
        """The status of each cell's last attempt; ``due`` where there is none that reads."""
        return {cell: self._status(cell) for cell in ids}

    def _status(self, cell: str) -> str:
        attempts = self._attempts(cell)
        if not attempts:
            return DUE
        _, identity = attempts[-1]
        whole = all(self._is_of(self._part(name, cell), cell) for name in identity.get("parts", ()))
        return str(identity["status"]) if whole else DUE

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
        attempt = self._attempted(cell) + 1
        self._write_part(
            "cells",
            f"{cell}.{attempt:03d}",
            [row | {"attempt": attempt}],
            identity | {"parts": list(parts)},
        )

    def consolidate(self) -> dict[str, pa.Table]:
        """Join the parts of the current plan's cells into the run's tables and write them."""
        identity = self.identity() or {}
        attempts = {cell: self._attempts(cell) for cell in identity["cells"]}
        parts = [part for tried in attempts.values() for part, _ in tried]
        tables = {"cells": _concatenate(parts, CELLS)}
        done = [c for c, tried in attempts.items() if tried and tried[-1][1]["status"] == "ok"]
        for name in TABLES.keys() - {"cells"}:
            parts = [
                self._part(name, cell) for cell in done if self._is_of(self._part(name, cell), cell)
            ]
            tables[name] = _concatenate(parts, TABLES[name])
        for name, table in tables.items():
            write_table(self.path / f"{name}.parquet", table, self.footer(name))
        return tables

    def last_rows(self) -> list[dict[str, Any]]:
        """The `cells` row of each cell's last attempt."""
        identity = self.identity() or {}
        parts = [tried[-1][0] for c in identity["cells"] if (tried := self._attempts(c))]
        rows: list[dict[str, Any]] = _concatenate(parts, CELLS).to_pylist()
        return rows

    def footer(self, table: str) -> dict[str, Any]:
        """The identity document of a table of this run."""
        identity = self.identity() or {}
        return {"table": table, "suite": identity["suite"], "digest": identity["digest"]}

    def _attempts(self, cell: str) -> list[tuple[Path, dict[str, Any]]]:
        """The cell's attempts that read, each with its identity document, the last one last."""
        found = ((part, read_identity(part)) for part in self._attempt_files(cell))
        return [(part, held) for part, held in found if held and held.get("cell_id") == cell]

    def _attempted(self, cell: str) -> int:
        """Number of the cell's last attempt; also one that does not read keeps its number."""
        files = self._attempt_files(cell)
        return int(files[-1].name.split(".")[1]) if files else 0

    def _attempt_files(self, cell: str) -> list[Path]:
        return sorted(self._part("cells", cell).parent.glob(f"{cell}.[0-9]*.parquet"))

    def _is_of(self, part: Path, cell: str) -> bool:
        return (read_identity(part) or {}).get("cell_id") == cell

    def _part(self, table: str, name: str) -> Path:
        # Two letters of the id as a folder keep each one small for runs of many cells.
        return self.path / "parts" / table / name[:2] / f"{name}.parquet"

    def _write_part(
        self, table: str, name: str, rows: list[dict[str, Any]], identity: dict[str, Any]
    ) -> None:
        content = pa.Table.from_pylist(rows, schema=TABLES[table])
        write_table(self._part(table, name), content, identity)


def _concatenate(paths: Sequence[Path], schema: pa.Schema) -> pa.Table:
    tables = [read_table(path).replace_schema_metadata(None) for path in paths]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _unwritable(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{folder}: expected a folder to write to, got '{error.strerror or error}'. "
        "Choose another --out, or fix its permissions or free space."
    )
