"""Columns of text by their distinct values: ten million rows name a thousand cells."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc


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
