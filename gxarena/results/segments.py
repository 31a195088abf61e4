"""Segments: where a run at work keeps its finished cells, until they are joined into the tables.

    <run>/segments/<digest>.parquet

A row of a segment is an attempt of a cell with all that it came to: the columns of `cells`, and the
rows of each other table as a list. So a cell is there with everything or not at all. A segment is
named by its content, written whole and never changed; each has one writer, and any number of
writers, in as many processes or on as many machines, may work at a time.

A writer puts what it is given on disk at once, in a segment of its own, and merges `MERGED` of its
segments into a larger one as soon as it has that many of a size: ten thousand cells are some dozens
of files. The larger one is written before the smaller ones are removed, so that a reader may find
an attempt twice, never not at all. Attempts are told apart by cell and number.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gxarena.errors import StorageError
from gxarena.files import writing_named_later
from gxarena.results.encoded import in_encoding
from gxarena.results.parquet import opened, write_sealed
from gxarena.results.schemas import CELLS, TABLES

SEGMENTS = "segments"
"""The folder of segments in that of a run."""
MERGED = 16
"""How many segments of a size become one."""
LARGEST = 64 << 20
"""Bytes of a segment that is merged no further."""
GROUP = 16 << 20
"""Bytes in memory that a row group is made of."""
_ID = "cell_id"
SIZE = "bytes"
"""The column of the memory that the rows of an attempt take."""

PARTS = tuple(name for name in TABLES if name != "cells")
"""The tables whose rows a segment holds as lists."""


def _of_part(schema: pa.Schema) -> pa.DataType:
    """A list of a table's rows but for the id of their cell, which is the row's."""
    return pa.list_(pa.struct([field for field in schema if field.name != _ID]))


SCHEMA = pa.schema(
    [
        *CELLS,
        pa.field(SIZE, pa.int64(), nullable=False),
        *(pa.field(name, _of_part(TABLES[name])) for name in PARTS),
    ]
)
Rows: TypeAlias = pa.Table | Sequence[Mapping[str, Any]]
Key = tuple[str, int]
"""An attempt: the id of its cell and its number."""


class Attempt(NamedTuple):
    """What a segment says first of a row of it."""

    cell: str
    number: int
    status: str
    size: int


class SegmentWriter:
    """Writes attempts of cells into a run folder; what was added is on disk.

    A process needs but one, which its threads may share: who takes a new one for each cell leaves
    as many files as there are cells until the run ends.

    Parameters
    ----------
    folder : Path
        The run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / SEGMENTS
        self._levels: defaultdict[int, list[Path]] = defaultdict(list)
        self._lock = threading.Lock()

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(self, *raised: object) -> None:
        """Nothing is held back that would have to be written now."""

    def add(self, row: Mapping[str, Any], parts: Mapping[str, Rows] | None = None) -> None:
        """Write one attempt of a cell with all that it came to; it is done when this returns.

        Parameters
        ----------
        row : mapping
            The `cells` row, with the attempt's number.
        parts : mapping of table to its rows of this cell
            As Arrow tables or as mappings; other tables have none.

        Raises
        ------
        StorageError
            The disk is full or read-only; what was added before is kept.
        """
        self.add_all([(row, parts or {})])

    def add_all(self, attempts: Iterable[tuple[Mapping[str, Any], Mapping[str, Rows]]]) -> None:
        """Write several attempts, which are done when this returns, as `add` does one."""
        written = write_segment(self._folder, (attempt_table(*one) for one in attempts))
        with self._lock:
            self._keep(0, written)

    def _keep(self, level: int, path: Path) -> None:
        """Remember a segment, and merge those of its level once they are many."""
        kept = self._levels[level]
        kept.append(path)
        if len(kept) < MERGED:
            return
        # One that was damaged since is left for readers to find; one that is gone was joined.
        whole = [one for one in kept if reads(one)]
        self._levels[level] = whole if len(whole) == 1 else []
        if len(whole) < 2:
            return
        merged = write_segment(self._folder, _content(whole))
        for one in whole:
            if one != merged:
                one.unlink(missing_ok=True)
        if merged.stat().st_size < LARGEST:
            self._keep(level + 1, merged)


def attempt_table(row: Mapping[str, Any], parts: Mapping[str, Rows]) -> pa.Table:
    """An attempt as the row of a segment.

    Raises
    ------
    ValueError
        Some rows are another cell's.
    """
    tables = {name: _as_table(name, rows) for name, rows in parts.items()}
    for name, table in tables.items():
        if len(table) and not pc.all(pc.equal(table[_ID], row[_ID])).as_py():
            raise ValueError(f"{name}: expected rows of cell {row[_ID]}, got another's.")
    one = pa.Table.from_pylist([dict(row)], CELLS)
    size = one.nbytes + sum(table.nbytes for table in tables.values())
    one = one.append_column(SCHEMA.field(SIZE), pa.array([size]))
    for name in PARTS:
        one = one.append_column(SCHEMA.field(name), _as_list(name, tables.get(name)))
    return one


def _as_table(name: str, rows: Rows) -> pa.Table:
    if isinstance(rows, pa.Table):
        return rows.cast(TABLES[name])
    return pa.Table.from_pylist([dict(row) for row in rows], TABLES[name])


def _as_list(name: str, table: pa.Table | None) -> pa.Array:
    """A table as one list; null where it has no rows."""
    wanted = SCHEMA.field(name).type
    if table is None or not len(table):
        return pa.nulls(1, wanted)
    fields = list(wanted.value_type)
    columns = [table[field.name].combine_chunks() for field in fields]
    rows = pa.StructArray.from_arrays(columns, fields=fields)
    return pa.ListArray.from_arrays(pa.array([0, len(table)], pa.int32()), rows, type=wanted)


def write_segment(folder: Path, tables: Iterable[pa.Table]) -> Path:
    """Write rows of `SCHEMA` as a segment into the folder of segments; returns its path."""
    named = "a segment"
    with writing_named_later(folder, lambda: named) as file:
        digest = write_sealed(file, SCHEMA, regrouped(tables), {"table": SEGMENTS}, lasts=False)
        named = f"{digest}.parquet"
    return folder / named


def regrouped(tables: Iterable[pa.Table], limit: int = GROUP) -> Iterator[pa.Table]:
    """The same rows in tables of about so many bytes, each in memory only while it is needed."""
    held: list[pa.Table] = []
    size = 0
    for table in tables:
        held.append(table)
        size += table.nbytes
        if size >= limit:
            yield pa.concat_tables(held).combine_chunks()
            held, size = [], 0
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _content(paths: Iterable[Path]) -> Iterator[pa.Table]:
    for path in paths:
        with opened(path) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, use_threads=False).replace_schema_metadata(None)


def reads(path: Path) -> bool:
    """Whether a segment is there and is what was written."""
    try:
        with opened(path) as file:
            return bool(file.schema_arrow.remove_metadata().equals(SCHEMA))
    except StorageError:
        return False


def listed(folder: Path) -> list[Path]:
    """The segments of a run, at one moment."""
    place, seen = folder / SEGMENTS, None
    # While a folder changes, what replaces a file may be missed together with it.
    while (now := _tables_in(place)) != seen:
        seen = now
    return now


def _tables_in(place: Path) -> list[Path]:
    """Parquet files in a folder; something else of such a name is none of ours."""
    try:
        with os.scandir(place) as entries:
            return sorted(
                Path(one) for one in entries if one.name.endswith(".parquet") and one.is_file()
            )
    except (FileNotFoundError, NotADirectoryError):
        return []


def attempts_in(path: Path) -> list[Attempt]:
    """What a segment holds.

    Raises
    ------
    StorageError
        It does not read.
    """
    with opened(path) as file:
        if not file.schema_arrow.remove_metadata().equals(SCHEMA):
            raise StorageError(f"{path}: expected the columns of a segment, got others.")
        found = file.read(columns=[_ID, "attempt", "status", SIZE], use_threads=False)
    return [Attempt(*row) for row in zip(*(c.to_pylist() for c in found.columns), strict=True)]


def suite_in(path: Path) -> str | None:
    """Of which suite a segment is; None where it does not read."""
    try:
        with opened(path) as file:
            return str(file.read_row_group(0, columns=["suite"])["suite"][0].as_py())
    except (StorageError, IndexError):
        return None


def pieces_of(
    path: Path,
    name: str,
    wanted: Collection[Key],
    columns: Sequence[str] | None = None,
    *,
    encode: bool = False,
) -> Iterator[tuple[Key, pa.Table]]:
    """A table's rows of each wanted attempt, by cell and number, that a segment holds.

    Parameters are as for `gxarena.results.reading.RunResults.table`.
    """
    names = TABLES[name].names if columns is None else list(columns)
    with opened(path) as file:
        for group in range(file.num_row_groups):
            at = _chosen(file, group, lambda cell, number: (cell, number) in wanted)
            if not at:
                continue
            keys = file.read_row_group(group, columns=[_ID, "attempt"], use_threads=False)
            keys = list(zip(*(column.to_pylist() for column in keys.columns), strict=True))
            if name == "cells":
                rows = file.read_row_group(group, columns=names, use_threads=False).select(names)
                bounds = [(i, i + 1) for i in range(len(keys))]
            else:
                rows, offsets = _flattened(file, group, name, names)
                bounds = list(itertools.pairwise(offsets))
            rows = rows.replace_schema_metadata(None)
            rows = in_encoding(rows) if encode else rows
            for i in at:
                start, stop = bounds[i]
                if stop > start:
                    yield keys[i], rows.slice(start, stop - start)


def _flattened(
    file: pq.ParquetFile, group: int, name: str, names: Sequence[str]
) -> tuple[pa.Table, list[int]]:
    """The rows of a table in a row group, and where those of each attempt begin and end."""
    inner = [column for column in names if column != _ID] or [TABLES[name].names[1]]
    leaves = [f"{name}.list.element.{column}" for column in inner]
    read = file.read_row_group(group, columns=[_ID, *leaves], use_threads=False)
    lists = read[name].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    offsets = [0, *pc.cumulative_sum(lengths.cast(pa.int64())).to_pylist()]
    flat = pa.Table.from_struct_array(lists.flatten())
    cells = read[_ID].combine_chunks().take(pc.list_parent_indices(lists))
    flat = flat.append_column(_ID, cells).select(names)
    return flat.cast(pa.schema([TABLES[name].field(column) for column in names])), offsets


def _chosen(file: pq.ParquetFile, group: int, keep: Callable[[str, int], bool]) -> list[int]:
    """The rows of a row group that are kept."""
    keys = file.read_row_group(group, columns=[_ID, "attempt"], use_threads=False)
    pairs = zip(*(column.to_pylist() for column in keys.columns), strict=True)
    return [i for i, (cell, number) in enumerate(pairs) if keep(cell, number)]
