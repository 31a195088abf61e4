"""A cell's values and curves as arrays, over the replicates of its model."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from gxarena.data import Floats, Ints

UNSAID = -1
"""Of weights: as many as there are rows."""


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity of one cell: a value per replicate of the model and sample.

    Parameters
    ----------
    ids : object array, shape (N,)
    replicates : float array, shape (R, N) or, of one set of weights, (N,)
        NaN where undefined.
    positions : tuple of int or None
        Which of its model's replicates each row is; None where the model has none. Unsaid, several
        rows are the first so many.
    weights : int
        Independent trainings behind the rows, of the model that has fewest where it is about two:
        1 where one model has a single training that is repeated for each of the other's. Unsaid,
        as many as rows.
    groups : array, shape (N,), optional
        Samples with the same entry are no independent evidence (see
        `gxarena.results.sample_groups`).

    Raises
    ------
    ValueError
        Not a position for each row.
    """

    ids: np.ndarray
    replicates: Floats
    positions: tuple[int, ...] | None = None
    weights: int = UNSAID
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        rows = np.atleast_2d(self.replicates)
        positions = self.positions
        if positions is None and len(rows) > 1:
            positions = tuple(range(len(rows)))
        if positions is not None and len(positions) != len(rows):
            raise ValueError(f"columns: expected {len(rows)} positions, got {len(positions)}.")
        object.__setattr__(self, "replicates", rows)
        object.__setattr__(self, "positions", positions)
        weights = len(rows) if self.weights == UNSAID else min(self.weights, len(rows))
        object.__setattr__(self, "weights", weights)

    def of(self, positions: Sequence[int]) -> Column:
        """Only the replicates of these positions; a model without any is the same at each."""
        if self.positions is None:
            rows = np.repeat(self.replicates, len(positions), axis=0)
        else:
            rows = self.replicates[[self.positions.index(one) for one in positions]]
        return replace(self, replicates=rows, positions=tuple(positions))

    def beside(self, other: Column) -> Column:
        """The same rows, resting on no more trainings than `other` does."""
        return replace(self, weights=min(self.weights, other.weights))

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
    def defined(self) -> Floats:
        """The samples' values that are defined."""
        return self.values[np.isfinite(self.values)]

    @property
    def evidence(self) -> int:
        """How many groups of samples have a value; samples, where they are not grouped."""
        seen = np.isfinite(self.values)
        return int(seen.sum() if self.groups is None else len(np.unique(self.groups[seen])))

    def at(self, samples: Ints) -> Column:
        """The samples at these places, or where a mask says so."""
        return replace(
            self,
            ids=self.ids[samples],
            replicates=self.replicates[:, samples],
            groups=None if self.groups is None else self.groups[samples],
        )


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


def joined(columns: Sequence[Column]) -> Column | None:
    """Replicates' columns as one, over the samples that all have."""
    if len(columns) < 2:
        return columns[0] if columns else None
    ids = columns[0].ids
    if not all(np.array_equal(column.ids, ids) for column in columns):
        ids = functools.reduce(np.intersect1d, [column.ids for column in columns])
    parts = []
    for column in columns:
        order = np.argsort(column.ids)
        parts.append(column.at(order[np.searchsorted(column.ids, ids, sorter=order)]))
    positions = tuple(one for column in columns for one in column.positions or ())
    rows = np.concatenate([part.replicates for part in parts])
    return Column(ids, rows, positions or None, groups=parts[0].groups)


def matched(columns: Sequence[Column]) -> list[Column]:
    """The columns with only those replicates that all of them have, position by position.

    One whose model has no replicates is repeated for each of the others'.
    """
    several = [column.positions for column in columns if column.positions is not None]
    if not several:
        return list(columns)
    shared = sorted(set.intersection(*map(set, several)))
    return [column.of(shared) for column in columns]


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
