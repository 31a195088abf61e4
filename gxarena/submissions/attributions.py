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
import pyarrow.parquet as pq

from gxarena.data import Attribution, Spans
from gxarena.errors import InputError, StorageError
from gxarena.files import writing
from gxarena.results.reading import RunResults
from gxarena.run import keys
from gxarena.run.store import Store

FILE = "attributions.parquet"
DEFAULT = 8
"""Samples of each explanation."""

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
        The run's store does not hold them.
    """
    store = Store(run.path / "store")
    n = min(n, max((row["n_samples"] for row in run.last_rows()), default=0))
    rows = [row for row in run.last_rows() if row["status"] == "ok"]
    explained = {row["attributions_key"]: row for row in rows}
    with (
        writing(path) as file,
        pq.ParquetWriter(file, SCHEMA, compression="zstd", write_page_checksum=True) as writer,
    ):
        for key, row in sorted(explained.items()):
            writer.write_table(_of_explanation(store, key, row, n))
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


def _json(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([json.dumps(dict(one)) for one in column.to_pylist()], pa.string())


class Attributions:
    """Those of a bundle, read one explanation at a time.

    Attributes
    ----------
    ids : mapping of key to list of str
        Of which samples each explanation is there.

    Raises
    ------
    InputError
        The file is not as gxarena writes it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = (folder / FILE).absolute()
        if not pq.read_schema(self._path).remove_metadata().equals(SCHEMA):
            raise InputError(f"{FILE}: expected the columns {', '.join(SCHEMA.names)}, got others.")
        index = pq.read_table(self._path, columns=["attributions_key", "sample_id"])
        self.ids: dict[str, list[str]] = defaultdict(list)
        for key, sample in zip(*(column.to_pylist() for column in index.columns), strict=True):
            self.ids[key].append(sample)

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The rows of an explanation."""
        found: list[dict[str, Any]] = pq.read_table(
            self._path,
            filters=[("attributions_key", "==", key)],
            page_checksum_verification=True,
        ).to_pylist()
        return found


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
