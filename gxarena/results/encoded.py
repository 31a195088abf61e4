"""Columns of text by their distinct values: ten million rows name a thousand cells."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def as_arrow(values: NDArray[Any]) -> pa.Array:
    """Numbers or booleans, none of them missing, as Arrow holds them.

    `pyarrow.array` imports pandas wherever it is installed: forty megabytes for who but looks.
    """
    packed = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else values
    buffers = [None, pa.py_buffer(np.ascontiguousarray(packed))]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)


def encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A column as the position of each value among the distinct ones, and these."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return column.unify_dictionaries().combine_chunks()


def positions(column: pa.ChunkedArray, wanted: Collection[str]) -> pa.Array:
    """Where each value of a column stands among those wanted; null where it does not."""
    found = encoded(column)
    places = pc.index_in(found.dictionary, pa.array(list(wanted), found.dictionary.type))
    return places.take(found.indices)


def in_encoding(table: pa.Table) -> pa.Table:
    """A table whose columns of text are encoded."""
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(at, field.name, table[field.name].dictionary_encode())
    return table
