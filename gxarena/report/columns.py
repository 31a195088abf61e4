"""A cell's values and curves as arrays, over the replicates of its model."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gxarena.data import Floats, Ints


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity of one cell: a value per replicate of the model and sample.

    Parameters
    ----------
    ids : object array, shape (N,)
    replicates : float array, shape (R, N) or, of one set of weights, (N,)
        By their positions; NaN where undefined, and throughout where a replicate has no cell.
    """

    ids: np.ndarray
    replicates: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "replicates", np.atleast_2d(self.replicates))

    @functools.cached_property
    def values(self) -> Floats:
        """Each sample's mean over the replicates that define it, shape (N,)."""
        if len(self.replicates) == 1:
            return np.asarray(self.replicates[0])
        defined = np.isfinite(self.replicates)
        sums = np.where(defined, self.replicates, 0.0).sum(axis=0)
        undefined = np.full(len(self.ids), np.nan)
        counts = defined.sum(axis=0)
        return np.divide(sums, counts, out=undefined, where=counts > 0)  # type: ignore[no-any-return]

    @property
    def present(self) -> Floats:
        """The replicates that have any value, shape (up to R, N)."""
        return np.asarray(self.replicates[np.isfinite(self.replicates).any(axis=1)])

    @property
    def defined(self) -> Floats:
        """The samples' values that are defined."""
        return self.values[np.isfinite(self.values)]


@dataclass(frozen=True, eq=False)
class Curves:
    """One kind of curve of one cell, K + 1 points a sample.

    Parameters
    ----------
    x, y : float arrays, shape (N, K + 1)
        x is the fraction of nucleotides really replaced.
    """

    x: Floats
    y: Floats


def joined(columns: Sequence[Column | None]) -> Column | None:
    """Replicates' columns, each at its position, as one, over the samples that all have.

    One that is missing leaves its place empty: replicate i is only ever compared with replicate i.
    """
    found = [column for column in columns if column is not None]
    if not found:
        return None
    ids = found[0].ids
    if not all(np.array_equal(column.ids, ids) for column in found):
        ids = functools.reduce(np.intersect1d, [column.ids for column in found])
    rows = np.full((len(columns), len(ids)), np.nan)
    for row, column in zip(rows, columns, strict=True):
        if column is not None:
            order = np.argsort(column.ids)
            at = order[np.searchsorted(column.ids, ids, sorter=order)]
            row[:] = column.replicates[0, at]
    return Column(ids, rows)


def grouped(table: pa.Table, what: str) -> Iterator[tuple[tuple[str, str], Ints]]:
    """((cell, `what`), its rows in their order); a cell's curves come chunk by chunk."""
    if not len(table):
        return
    numbers, names = zip(*(codes(table, column) for column in ("cell_id", what)), strict=True)
    order = np.lexsort((numbers[1], numbers[0]))
    cells, kinds = numbers[0][order], numbers[1][order]
    edges = np.flatnonzero((np.diff(cells) != 0) | (np.diff(kinds) != 0)) + 1
    for rows in np.split(order, edges):
        yield (names[0][numbers[0][rows[0]]], names[1][numbers[1][rows[0]]]), rows


def codes(table: pa.Table, column: str) -> tuple[Ints, list[str]]:
    """A column of text as numbers, and what they stand for."""
    encoded = table[column].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # of an empty table
        return np.zeros(0, dtype=np.int64), []
    return np.asarray(encoded.indices, dtype=np.int64), encoded.dictionary.to_pylist()
