"""The attributions in a bundle: of every explanation those of the data set's first samples.

They are few, so that a bundle stays small, and the first, so that nobody chooses them. Of the model
they hold what metrics without a model read: its outputs and its own units.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gxarena.data import Attribution, Spans
from gxarena.errors import InputError, StorageError
from gxarena.files import writing
from gxarena.results.packed import options
from gxarena.results.reading import RunResults
from gxarena.run import keys
from gxarena.run.store import Store

FILE = "attributions.parquet"
DEFAULT = 8
"""Samples of each explanation."""
MOST_VALUES = 1 << 22
"""Numbers of an explanation, of all its samples together: what is read at a time."""
MOST_ROWS = 1 << 20
"""Of all explanations together."""

# `model_boundaries` are the model's own units, null where the scores are on them. `special` and
# `diagnostics` are JSON. `hypothetical`, which metrics of whole sets read, is null unless the
# attributions of all samples are there.
SCHEMA = pa.schema(
    [
        pa.field("attributions_key", pa.string(), nullable=False),
        pa.field("sample_id", pa.string(), nullable=False),
        pa.field("outputs", pa.list_(pa.float64()), nullable=False),
        pa.field("scores", pa.list_(pa.float64()), nullable=False),
        pa.field("boundaries", pa.list_(pa.int64()), nullable=False),
        pa.field("model_boundaries", pa.list_(pa.int64())),
        pa.field("special", pa.string(), nullable=False),
        pa.field("diagnostics", pa.string(), nullable=False),
        pa.field("hypothetical", pa.list_(pa.float64())),
    ]
)


def write_attributions(run: RunResults, n: int, path: Path) -> int:
    """Write the attributions of the first `n` samples of every explanation that an ok cell is of.

    Returns
    -------
    int
        How many explanations there are.

    Raises
    ------
    InputError
        The run's store does not hold them, or one is larger than a bundle may hold.
    """
    store = Store(run.path / "store")
    n = min(n, max((row["n_samples"] for row in run.last_rows()), default=0))
    rows = [row for row in run.last_rows() if row["status"] == "ok"]
    explained = {row["attributions_key"]: row for row in rows}
    with (
        writing(path) as file,
        pq.ParquetWriter(file, SCHEMA, **options(SCHEMA)) as writer,
    ):
        for key, row in sorted(explained.items()):
            table = _of_explanation(store, key, row, n)
            if (values := _n_values(table)) > MOST_VALUES:
                raise InputError(
                    f"--attributions {n}: expected at most {MOST_VALUES} numbers of an "
                    f"explanation, got {values} of {row['explainer']} on {row['model']}. Submit "
                    "those of fewer samples."
                )
            writer.write_table(table)
    return len(explained)


def has_store(run: RunResults) -> bool:
    """Whether a run's attributions are still there."""
    return (run.path / "store").is_dir()


def _of_explanation(store: Store, key: str, row: Mapping[str, Any], n: int) -> pa.Table:
    predict = keys.predict_key(row["dataset_digest"], row["model_digest"])
    try:
        found = store.first("attributions", key, n)
        predicted = store.first("predictions", predict, n)
    except StorageError as error:
        raise InputError(
            f"{store.root}: expected the attributions of {row['explainer']} on {row['model']}, got "
            f"none ({error}) Run the same `gxarena run` again, or submit with --attributions 0."
        ) from error
    model = predicted["boundaries"].to_pylist()
    own = [
        None if a == b else b for a, b in zip(found["boundaries"].to_pylist(), model, strict=True)
    ]
    whole = n >= row["n_samples"]
    columns = {
        "attributions_key": pa.array([key] * len(found), pa.string()),
        "sample_id": found["sample_id"],
        "outputs": predicted["outputs"],
        "scores": found["scores"],
        "boundaries": found["boundaries"],
        "model_boundaries": pa.array(own, pa.list_(pa.int64())),
        "special": _json(found["special"]),
        "diagnostics": _json(found["diagnostics"]),
        "hypothetical": found["hypothetical"]
        if whole
        else pa.nulls(len(found), pa.list_(pa.float64())),
    }
    return pa.table(columns, schema=SCHEMA)


def _n_values(table: pa.Table) -> int:
    """Numbers in lists; none where there should be a list counts one, as Parquet does."""
    lists = [column for column in table.columns if pa.types.is_list(column.type)]
    numbers = sum(pc.sum(pc.list_value_length(column)).as_py() or 0 for column in lists)
    return int(numbers + sum(column.null_count for column in lists))


def _json(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([json.dumps(dict(one)) for one in column.to_pylist()], pa.string())


class Attributions:
    """Those of a bundle, read one explanation at a time.

    Attributes
    ----------
    ids : mapping of key to list of str
        Of which samples each explanation is there.
    largest : int
        Numbers that reading an explanation takes at most.

    Raises
    ------
    InputError
        The file is not as gxarena writes it, holds nothing, or more than is read at a time.
    """

    def __init__(self, folder: Path) -> None:
        path = (folder / FILE).absolute()
        self._file = pq.ParquetFile(path, page_checksum_verification=True)
        if not self._file.schema_arrow.remove_metadata().equals(SCHEMA):
            raise InputError(f"{FILE}: expected the columns {', '.join(SCHEMA.names)}, got others.")
        meta = self._file.metadata
        if not meta.num_rows:
            raise InputError(
                f"{FILE}: expected attributions of at least one sample, got none. Leave the file "
                "out by `gxarena submit --attributions 0`."
            )
        if meta.num_rows > MOST_ROWS:
            raise InputError(f"{FILE}: expected at most {MOST_ROWS} rows, got {meta.num_rows}.")
        self.ids: dict[str, list[str]] = defaultdict(list)
        self._groups: dict[str, list[int]] = defaultdict(list)
        sizes: dict[str, int] = defaultdict(int)
        for group in range(meta.num_row_groups):
            index = self._file.read_row_group(group, columns=["attributions_key", "sample_id"])
            for key, sample in zip(*(column.to_pylist() for column in index.columns), strict=True):
                self.ids[key].append(sample)
            columns = (meta.row_group(group).column(at) for at in range(meta.num_columns))
            values = sum(one.num_values for one in columns if "." in one.path_in_schema)
            for key in index["attributions_key"].unique().to_pylist():
                self._groups[key].append(group)
                sizes[key] += values
        self.largest = max(sizes.values(), default=0)
        if self.largest > MOST_VALUES:
            raise InputError(
                f"{FILE}: expected at most {MOST_VALUES} numbers of an explanation, got "
                f"{self.largest}."
            )

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The rows of an explanation; lists of numbers as arrays."""
        found: list[dict[str, Any]] = []
        for group in self._groups.get(key, ()):
            table = self._file.read_row_group(group)
            table = table.filter(pc.equal(table["attributions_key"], key))
            columns = [_cells_of(column) for column in table.columns]
            rows = zip(*columns, strict=True)
            found += (dict(zip(table.column_names, row, strict=True)) for row in rows)
        return found


def _cells_of(column: pa.ChunkedArray) -> list[Any]:
    """A column's values; a list as an array, which takes a fifth of the memory."""
    if not pa.types.is_list(column.type):
        return [*column.to_pylist()]
    return [one.values.to_numpy(zero_copy_only=False) if one.is_valid else None for one in column]


def attribution_of(row: Mapping[str, Any]) -> Attribution:
    """What a row says."""
    hypothetical = row["hypothetical"]
    return Attribution(
        scores=pa.array(row["scores"], pa.float64()).to_numpy(zero_copy_only=False),
        spans=Spans(row["boundaries"]),
        special=_numbers(row["special"]),
        hypothetical=None
        if hypothetical is None
        else pa.array(hypothetical, pa.float64()).to_numpy(zero_copy_only=False).reshape(-1, 4),
        diagnostics=_numbers(row["diagnostics"]),
    )


def own_spans(row: Mapping[str, Any]) -> Spans:
    """The model's own units of a row's sample."""
    own = row["model_boundaries"]
    return Spans(row["boundaries"] if own is None else own)


def _numbers(text: str) -> dict[str, float]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise InputError(f"{FILE}: expected numbers by name, got '{text[:80]}'.")
    return {str(name): float(value) for name, value in found.items()}
