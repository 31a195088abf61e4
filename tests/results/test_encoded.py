"""Text by its distinct values: the same as plain, whatever chunks it comes in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from written_runs import write_run

from gxarena.results.contestants import values_of_cells
from gxarena.results.encoded import as_arrow, encoded, in_encoding, positions
from gxarena.results.reading import RunResults
from gxarena.results.schemas import SAMPLES, VALUES

CHUNKS = [["a", "b", "a"], [], ["c", "b", None]]


@pytest.mark.parametrize("encode", [False, True])
def test_distinct_values_and_places_over_chunks(encode: bool) -> None:
    column = pa.chunked_array(
        [pa.array(c, pa.string()).dictionary_encode() if encode else c for c in CHUNKS],
        None if encode else pa.string(),
    )
    found = encoded(column)
    assert found.to_pylist() == ["a", "b", "a", "c", "b", None]
    assert sorted(found.dictionary.to_pylist()) == ["a", "b", "c"]
    assert positions(column, ["c", "z", "a"]).to_pylist() == [2, None, 2, 0, None, None]
    assert positions(column, set()).null_count == 6


def test_values_are_those_of_plain_text(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": [1.0, None, 3.0], "b": [4.0, 5.0, 6.0]})
    plain = RunResults.of(run).table("samples")
    read = RunResults.of(run).table("samples", VALUES, encode=True)
    assert read.column_names == list(VALUES)
    assert pa.types.is_dictionary(read.schema.field("sample_id").type)
    assert read.cast(plain.select(VALUES).schema).equals(plain.select(VALUES))
    here, there = values_of_cells(plain), values_of_cells(read)
    assert {key: list(map(str, v)) for key, v in here.items()} == {
        key: list(map(str, v)) for key, v in there.items()
    }
    assert [list(map(str, v)) for v in here.values()] == [
        ["1.0", "nan", "3.0"],
        ["4.0", "5.0", "6.0"],
    ]


def test_nothing_is_encoded_alike() -> None:
    empty = in_encoding(SAMPLES.empty_table().select(VALUES))
    some = pa.Table.from_pylist([dict.fromkeys(VALUES[:3], "x") | {"value": 1.0}], SAMPLES)
    together = pa.concat_tables([empty, in_encoding(some.select(VALUES))])
    assert together["cell_id"].to_pylist() == ["x"]
    assert values_of_cells(empty) == {}


@pytest.mark.parametrize("dtype", [np.bool_, np.int64, np.float64])
@pytest.mark.parametrize("n", [0, 1, 8, 19])
def test_numbers_are_as_pyarrow_has_them(dtype: type, n: int) -> None:
    values = (np.arange(2 * n)[::2] % 3).astype(dtype)  # not contiguous
    found = as_arrow(values)
    found.validate(full=True)
    assert found.equals(pa.array(values))
