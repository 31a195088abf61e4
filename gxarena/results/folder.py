"""The only writer of a run folder (see `gxarena.results.reading` for what lies in it)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

import gxarena
from gxarena.errors import InputError
from gxarena.files import RUN_FILE, TEMPORARY, writing
from gxarena.identity import digest, path_digest
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.lock import locked
from gxarena.results.parquet import read_identity, read_table, write_sealed, write_table
from gxarena.results.provenance import package_versions
from gxarena.results.reading import RunResults
from gxarena.results.record import RECORD, RunRecord
from gxarena.results.schemas import TABLES
from gxarena.results.segments import (
    PARTS,
    SEGMENTS,
    SegmentWriter,
    listed,
    reads,
    suite_in,
    write_segment,
)

BOARD = "leaderboard"


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
        held = self._suite()
        if held is not None and held != record.suite:
            raise InputError(
                f"{self.path}: expected a new folder or an earlier run of suite "
                f"'{record.suite}', got a run of suite '{held}'. Choose another --out."
            )
        # What a killed run may have left before it wrote anything is hidden files.
        foreign = self.path.is_dir() and any(p.name[0] != "." for p in self.path.iterdir())
        if self.path.is_file() or (held is None and foreign):
            raise InputError(
                f"{self.path}: expected a new or empty folder, got something that is no gxarena "
                "run. Choose another --out."
            )

    def _suite(self) -> str | None:
        """Whose run it is, by whatever of it still reads; None where nothing says so."""
        if record := RunRecord.read(self.path):
            return record.suite
        for name in TABLES:
            if suite := (read_identity(self.path / f"{name}.parquet") or {}).get("suite"):
                return str(suite)
        return next(filter(None, map(suite_in, listed(self.path))), None)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, made if need be (see `gxarena.results.lock.locked`)."""
        with locked(self.path):
            # What killed runs were writing; nobody else writes while the lock is held.
            for pattern in (f"{TEMPORARY}*", f"{SEGMENTS}/{TEMPORARY}*"):
                self._remove(pattern)
            yield

    def claim(self, record: RunRecord) -> None:
        """Write down whose folder this is, and which cells count."""
        record.write(self.path)

    def writer(self) -> SegmentWriter:
        """Who writes attempts here; what does not read, and is due again, goes before.

        Other processes that write into this folder meanwhile take a `SegmentWriter` of their own.
        """
        record = RunRecord.read(self.path)
        if record is not None:
            record.write(self.path / SEGMENTS)
        self._remove(f"store/**/{TEMPORARY}*")
        for path in listed(self.path):
            if not reads(path):
                path.unlink(missing_ok=True)
        return SegmentWriter(self.path)

    def finish(self) -> pa.Table:
        """Join what was written into the run's tables, unless they are of just this.

        Returns
        -------
        pyarrow.Table
            The leaderboard, which is written too.
        """
        results = RunResults.of(self.path)
        if not results.is_joined or results.torn:
            self._join(results)
            results = RunResults.of(self.path)
        path = self.path / f"{BOARD}.parquet"
        # A board is made anew by other code.
        code = digest([path_digest(Path(gxarena.__file__).parent), package_versions()])
        identity = results.footer(BOARD) | {"code": code}
        if read_identity(path) == identity:
            return read_table(path, sealed=True).replace_schema_metadata(None)
        board = leaderboard_of(results)
        write_table(path, board, identity)
        return board

    def _join(self, results: RunResults) -> None:
        """Write the tables anew, `cells` last; then what they were joined of is not needed.

        Wherever this ends early, each new table holds all that the old one held, and the segments
        are still there (see `gxarena.results.attempts.Attempts.matches`).
        """
        others = self._write_others(results)
        for name in (*PARTS, "cells"):
            identity = results.footer(name) | {"before": results.joined_snapshot}
            if name == "cells":
                identity[RECORD] = results.record.as_document()
            with writing(self.path / f"{name}.parquet") as file:
                write_sealed(file, TABLES[name], results.batches(name), identity)
        for path in results.segments - others:
            path.unlink(missing_ok=True)
        folder = self.path / SEGMENTS
        (folder / RUN_FILE).unlink(missing_ok=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    def _write_others(self, results: RunResults) -> set[Path]:
        """Keep what belongs to an earlier plan, which may be the next one's again."""
        keys = results.others()
        if not keys:
            return set()
        return {write_segment(self.path / SEGMENTS, results.attempt_rows(keys))}

    def _remove(self, pattern: str) -> None:
        for path in self.path.glob(pattern):
            path.unlink(missing_ok=True)
