"""The rows of chosen attempts, put together from segments and tables, in the order asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import StorageError
from gxarena.results.attempts import Attempts
from gxarena.results.encoded import encoded, in_encoding
from gxarena.results.parquet import opened
from gxarena.results.schemas import TABLES
from gxarena.results.segments import Key, pieces_of


class Moved(Exception):
    """Files that were listed are gone or are others: what they held is elsewhere by now."""


def together(
    folder: Path,
    name: str,
    wanted: Sequence[Key],
    held: Attempts,
    columns: Sequence[str] | None = None,
    *,
    encode: bool = False,
) -> list[pa.Table]:
    """A table's rows of the wanted attempts, in their order.

    Parameters
    ----------
    folder : Path
        The run's.
    name : str
        Of the table.
    wanted : sequence of (cell, number)
    held : Attempts
        Where they are.
    columns, encode
        As for `gxarena.results.reading.RunResults.table`.

    Raises
    ------
    Moved
        They are there no longer.
    StorageError
        What they are in does not read.
    """
    places: defaultdict[Path | None, set[Key]] = defaultdict(set)
    for cell, number in wanted:
        place = held.place(cell, number)
        if place is None:
            raise Moved
        places[place.segment].add((cell, number))
    found: defaultdict[Key, list[pa.Table]] = defaultdict(list)
    for path, keys in places.items():
        source = path or folder / f"{name}.parquet"
        pieces = (
            pieces_of(path, name, keys, columns, encode=encode)
            if path
            else _pieces_of_table(source, name, keys, held, columns, encode=encode)
        )
        try:
            for key, piece in pieces:
                found[key].append(piece)
        except StorageError as error:
            if not source.exists():
                raise Moved from error
            raise
    return [piece for key in wanted for piece in found[key]]


def _pieces_of_table(
    path: Path,
    name: str,
    keys: Collection[Key],
    held: Attempts,
    columns: Sequence[str] | None,
    *,
    encode: bool,
) -> Iterator[tuple[Key, pa.Table]]:
    """What a table holds of the attempts; of all but `cells`, a cell's rows are its last one's."""
    names = TABLES[name].names if columns is None else list(columns)
    by_cell = dict(keys)
    with opened(path) as file:
        if not held.matches(file, name):
            raise Moved
        for group in range(file.num_row_groups):
            runs = [run for run in runs_of_cells(file, group) if run[0] in by_cell]
            if not runs:
                continue
            rows = file.read_row_group(group, columns=names).select(names)
            rows = rows.replace_schema_metadata(None)
            rows = in_encoding(rows) if encode else rows
            if name == "cells":
                numbers = file.read_row_group(group, columns=["attempt"])["attempt"].to_pylist()
                for cell, start, stop in runs:
                    for i in range(start, stop):
                        if (cell, numbers[i]) in keys:
                            yield (cell, numbers[i]), rows.slice(i, 1)
            else:
                for cell, start, stop in runs:
                    yield (cell, by_cell[cell]), rows.slice(start, stop - start)


def runs_of_cells(file: pq.ParquetFile, group: int) -> Iterator[tuple[str, int, int]]:
    """Each stretch of rows of one cell in a row group: the cell, where it begins and ends."""
    column = encoded(file.read_row_group(group, columns=["cell_id"])["cell_id"])
    numbers = column.indices.to_numpy()
    if not len(numbers):
        return
    starts = np.concatenate([[0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1])
    stops = [*starts[1:].tolist(), len(numbers)]
    names = column.dictionary.take(column.indices.take(pa.array(starts))).to_pylist()
    yield from zip(names, starts.tolist(), stops, strict=True)


def sizes_in_table(path: Path) -> dict[str, int]:
    """About how many bytes each cell's rows of a table take in memory."""
    sizes: defaultdict[str, int] = defaultdict(int)
    with opened(path) as file:
        for group in range(file.num_row_groups):
            metadata = file.metadata.row_group(group)
            if not group:
                row = file.read_row_group(0).nbytes / max(metadata.num_rows, 1)
            for cell, start, stop in runs_of_cells(file, group):
                sizes[cell] += round(row * (stop - start))
    return sizes
