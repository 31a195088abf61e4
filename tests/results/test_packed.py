"""Tables in little room: the same table, bit for bit, with its identity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gxarena.results.packed import write_packed
from gxarena.results.parquet import read_with_identity, write_table
from gxarena.results.schemas import CURVES, SAMPLES
from gxarena.submissions.attributions import SCHEMA

ODD = (0.0, -0.0, np.inf, -np.inf, 5e-324, 1.7976931348623157e308, 0.1, 1 / 3)


def _bits(column: pa.ChunkedArray) -> bytes:
    return np.asarray(column.drop_null().to_numpy(), dtype=np.float64).tobytes()


@pytest.mark.parametrize(("schema", "name", "few"), [(SAMPLES, "value", ()), (CURVES, "x", ("x",))])
def test_numbers_are_the_same_bit_for_bit(
    schema: pa.Schema, name: str, few: tuple[str, ...], tmp_path: Path
) -> None:
    numbers = [*ODD, *np.random.default_rng(0).normal(size=1000).tolist()]
    rows = [
        dict.fromkeys(schema.names, "t") | ({"y": None} if "y" in schema.names else {}) | {name: v}
        for v in numbers
    ]
    table = pa.Table.from_pylist(rows, schema)
    write_packed(tmp_path / "t.parquet", table, {"a": 1}, few)
    read, identity = read_with_identity(tmp_path / "t.parquet")
    assert read.equals(table)
    assert read.schema.equals(schema)
    assert _bits(read[name]) == _bits(table[name])
    assert identity == {"a": 1}


def test_nan_and_none_stay_what_they_are(tmp_path: Path) -> None:
    payload = np.array([0x7FF8DEADBEEF0001], dtype=np.uint64).view(np.float64)
    column = pa.chunked_array([pa.array(payload), pa.array([None], pa.float64())])
    write_packed(tmp_path / "t.parquet", pa.table({"value": column}), {})
    read, _ = read_with_identity(tmp_path / "t.parquet")
    assert _bits(read["value"]) == payload.tobytes()
    assert read["value"].null_count == 1


def test_lists_are_the_same(tmp_path: Path) -> None:
    row = {
        "attributions_key": "k", "sample_id": "s", "outputs": [0.1], "scores": list(ODD),
        "boundaries": [0, 3, 9, 2**40], "model_boundaries": None, "special": "{}",
        "diagnostics": "{}", "hypothetical": [],
    }  # fmt: skip
    table = pa.Table.from_pylist([row, row | {"boundaries": [0]}], SCHEMA)
    write_packed(tmp_path / "t.parquet", table, {})
    assert read_with_identity(tmp_path / "t.parquet")[0].equals(table)


def test_what_recurs_a_cell_further_on_takes_little_room(tmp_path: Path) -> None:
    """The random order's drops are those of every explainer of a model."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=20_000)
    values = np.concatenate([shared, rng.normal(size=20_000), shared])
    table = pa.table({"cell_id": np.repeat(["a", "b", "c"], 20_000), "value": values})
    write_packed(tmp_path / "packed.parquet", table, {})
    write_table(tmp_path / "plain.parquet", table, {})
    packed, plain = ((tmp_path / f"{n}.parquet").stat().st_size for n in ("packed", "plain"))
    assert packed < 0.72 * plain
    for at in range(2):
        column = pq.read_metadata(tmp_path / "packed.parquet").row_group(0).column(at)
        assert column.compression == "ZSTD"
