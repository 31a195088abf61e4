"""Content-addressed cache of predictions, attributions and shared answers, as Parquet chunks.

``<root>/<stage>/<key>/<chunk>.parquet``: the key digests everything the stage depends on, a
chunk holds a fixed run of samples, so that a killed run loses one chunk at most and a resumed
one computes with exactly the batches of an undisturbed one. A chunk says how many samples a
chunk of its result has, and counts only where that is as asked for. One that does not read, or is
not what was written, counts as not there and is computed anew. Shared answers, which metrics ask
for in runs of samples of their own, have a key each and are one chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gxarena.data import Attribution, Floats, Spans
from gxarena.errors import StorageError
from gxarena.results.parquet import (
    read_identity,
    read_with_identity,
    write_table,
)

CHUNK = 64
"""Samples per chunk."""

PREDICTIONS = pa.schema(
    [
        pa.field("sample_id", pa.string(), nullable=False),
        pa.field("outputs", pa.list_(pa.float64()), nullable=False),
        pa.field("boundaries", pa.list_(pa.int64()), nullable=False),
    ]
)
ATTRIBUTIONS = pa.schema(
    [
        pa.field("sample_id", pa.string(), nullable=False),
        pa.field("scores", pa.list_(pa.float64()), nullable=False),
        pa.field("boundaries", pa.list_(pa.int64()), nullable=False),
        pa.field("special", pa.map_(pa.string(), pa.float64()), nullable=False),
        pa.field("hypothetical", pa.list_(pa.float64())),
        pa.field("diagnostics", pa.map_(pa.string(), pa.float64()), nullable=False),
    ]
)
HARDWARE = ("device", "dtype")
"""What is kept of that with which predictions were computed."""
Hardware = dict[str, str | None]
SHARED = pa.schema([pa.field("value", pa.float64(), nullable=False)])


@dataclass(frozen=True, eq=False)
class Predictions:
    """Raw outputs and units of N samples.

    Parameters
    ----------
    outputs : float array, shape (N, C)
    spans : tuple of N Spans
    """

    outputs: Floats
    spans: tuple[Spans, ...]


@dataclass(frozen=True)
class Store:
    """The cache below one folder."""

    root: Path

    def seconds(self, stage: str, key: str, chunk: int, size: int = CHUNK) -> float | None:
        """Seconds the chunk took to compute, or None where it is not there, whole, of this size."""
        identity = self._identity(stage, key, chunk)
        if identity is None or identity["size"] != size:
            return None
        return float(identity["seconds"])

    def total_seconds(self, stage: str, key: str, n_samples: int) -> float:
        """Seconds that the chunks of a stage's result took, of those that are there."""
        total, chunk, size = 0.0, 0, 0
        while chunk == 0 or chunk < n_chunks(n_samples, size):
            identity = self._identity(stage, key, chunk)
            if identity is None:
                break
            total, chunk, size = total + float(identity["seconds"]), chunk + 1, identity["size"]
        return total

    def write_predictions(
        self,
        key: str,
        chunk: int,
        ids: Sequence[str],
        predictions: Predictions,
        seconds: float,
        hardware: Hardware | None = None,
        size: int = CHUNK,
    ) -> None:
        """Keep a chunk, with on what and in which precision it was computed."""
        columns = [
            pa.array(list(ids)),
            pa.array(list(np.asarray(predictions.outputs, dtype=np.float64))),
            pa.array([spans.boundaries for spans in predictions.spans]),
        ]
        table = pa.table(columns, schema=PREDICTIONS)
        self._write("predictions", key, chunk, table, seconds, size=size, **(hardware or {}))

    def hardware(self, key: str) -> Hardware:
        """On what device and in which precision predictions were computed, as they were kept.

        Raises
        ------
        StorageError
            They are not there, or no longer what was kept.
        """
        identity = self._kept("predictions", key)
        return {name: identity.get(name) for name in HARDWARE}

    def read_predictions(self, key: str, ids: Sequence[str], start: int = 0) -> Predictions:
        """Predictions of these samples, of which the first is that at `start`, in their order."""
        return predictions_of(self._read("predictions", key, ids, start))

    def write_attributions(
        self,
        key: str,
        chunk: int,
        ids: Sequence[str],
        attributions: Sequence[Attribution],
        seconds: float,
        cost: tuple[float, float] | None = None,
        size: int = CHUNK,
    ) -> None:
        """Keep a chunk, with the forwards and backwards that a sequence is said to cost."""
        columns = [
            pa.array(list(ids)),
            pa.array([a.scores for a in attributions], pa.list_(pa.float64())),
            pa.array([a.spans.boundaries for a in attributions], pa.list_(pa.int64())),
            pa.array([list(a.special.items()) for a in attributions], ATTRIBUTIONS.field(3).type),
            pa.array(
                [None if a.hypothetical is None else a.hypothetical.ravel() for a in attributions],
                pa.list_(pa.float64()),
            ),
            pa.array(
                [list(a.diagnostics.items()) for a in attributions], ATTRIBUTIONS.field(5).type
            ),
        ]
        table = pa.table(columns, schema=ATTRIBUTIONS)
        self._write("attributions", key, chunk, table, seconds, cost=cost, size=size)

    def cost(self, key: str) -> tuple[float, float] | None:
        """The forwards and backwards of a sequence that attributions were kept with.

        Raises
        ------
        StorageError
            They are not there, or no longer what was kept.
        """
        cost = self._kept("attributions", key).get("cost")
        return None if cost is None else (cost[0], cost[1])

    def read_attributions(
        self, key: str, ids: Sequence[str], start: int = 0
    ) -> tuple[Attribution, ...]:
        """Attributions of these samples, of which the first is that at `start`, in their order."""
        return attributions_of(self._read("attributions", key, ids, start))

    def first(self, stage: str, key: str, n: int, chunk: int = 0) -> pa.Table:
        """The rows of `n` samples of a stage's result from that chunk on, fewer where there are.

        Raises
        ------
        StorageError
            They are not there, or are another result's.
        """
        found: list[pa.Table] = []
        size = None
        while sum(map(len, found)) < n:
            path = self._path(stage, key, chunk + len(found))
            if found and not path.exists():
                break
            table, identity = read_with_identity(path, sealed=True)
            if found and identity.get("size") != size:  # of before the rule was another
                break
            found.append(table)
            size = identity.get("size")
        return pa.concat_tables(found).slice(0, n)

    def discard(self, stage: str, key: str) -> None:
        """Keep nothing of a stage's result."""
        for path in self._path(stage, key, 0).parent.glob("*.parquet"):
            path.unlink(missing_ok=True)

    def write_shared(self, key: str, answers: Floats, seconds: float) -> None:
        """Keep an array of any shape."""
        table = pa.table([pa.array(answers.ravel(), pa.float64())], schema=SHARED)
        self._write("shared", key, 0, table, seconds, shape=list(answers.shape))

    def read_shared(self, key: str) -> Floats | None:
        """The array that is kept, bit by bit; None where none is, or where it is damaged."""
        try:
            table, identity = read_with_identity(self._path("shared", key, 0))
        except StorageError:
            return None
        if identity.get("stage") != "shared" or identity.get("key") != key:
            return None
        answers: Floats = np.array(table["value"].to_numpy(), dtype=np.float64)
        return answers.reshape(identity["shape"])

    def _path(self, stage: str, key: str, chunk: int) -> Path:
        return self.root / stage / key / f"{chunk:06d}.parquet"

    def _kept(self, stage: str, key: str) -> dict[str, Any]:
        """What a stage's result says of itself, once it has been read."""
        if (identity := self._identity(stage, key, 0)) is None:
            raise StorageError(
                f"{self._path(stage, key, 0)}: expected what was kept there, got something else or "
                "nothing. Run the same command again to compute it."
            )
        return identity

    def _identity(self, stage: str, key: str, chunk: int) -> dict[str, Any] | None:
        """What a chunk says of itself; None where it is not there, whole and in its place."""
        identity = read_identity(self._path(stage, key, chunk))
        if identity is None or [identity.get(name) for name in ("key", "chunk")] != [key, chunk]:
            return None
        return identity

    def _write(
        self,
        stage: str,
        key: str,
        chunk: int,
        table: pa.Table,
        seconds: float,
        **more: Any,
    ) -> None:
        identity = {"stage": stage, "key": key, "chunk": chunk, "seconds": seconds, "size": CHUNK}
        write_table(self._path(stage, key, chunk), table, identity | more)

    def _read(self, stage: str, key: str, ids: Sequence[str], start: int) -> pa.Table:
        table = self.first(stage, key, len(ids), start // CHUNK)
        if table["sample_id"].to_pylist() != list(ids):
            raise StorageError(
                f"{self.root / stage / key}: expected the samples of this data set in their order, "
                "got others. Delete that folder and run the same command again."
            )
        return table


def n_chunks(n_samples: int, size: int = CHUNK) -> int:
    """Chunks that hold `n_samples`."""
    return -(-n_samples // size)


def chunk_slice(chunk: int, size: int = CHUNK) -> slice:
    """The samples of a chunk."""
    return slice(chunk * size, (chunk + 1) * size)


def predictions_of(table: pa.Table) -> Predictions:
    """The predictions of a table of `PREDICTIONS`."""
    return Predictions(
        np.array(table["outputs"].to_pylist(), dtype=np.float64), _spans(table["boundaries"])
    )


def attributions_of(table: pa.Table) -> tuple[Attribution, ...]:
    """The attributions of a table of `ATTRIBUTIONS`."""
    scores, hypothetical = map(_lists, (table["scores"], table["hypothetical"]))
    special, diagnostics = (table[name].to_pylist() for name in ("special", "diagnostics"))
    absent = table["hypothetical"].is_null().to_pylist()
    return tuple(
        Attribution(
            scores=scores[i],
            spans=spans,
            special=dict(special[i]),
            hypothetical=None if absent[i] else hypothetical[i].reshape(-1, 4),
            diagnostics=dict(diagnostics[i]),
        )
        for i, spans in enumerate(_spans(table["boundaries"]))
    )


def _spans(column: pa.ChunkedArray) -> tuple[Spans, ...]:
    """Partitions; those that are the same are one object, as all of nucleotides may be."""
    known: dict[bytes, Spans] = {}
    found = []
    for ends in _lists(column):
        key = ends.tobytes()
        if key not in known:
            known[key] = Spans(ends)
        found.append(known[key])
    return tuple(found)


def _lists(column: pa.ChunkedArray) -> list[NDArray[Any]]:
    """A column of lists as arrays, empty where it is null."""
    found = []
    for chunk in column.chunks:
        values = chunk.values.to_numpy(zero_copy_only=False)
        starts, lengths = (
            a.to_numpy() for a in (chunk.offsets, chunk.value_lengths().fill_null(0))
        )
        found += [values[a : a + n] for a, n in zip(starts, lengths, strict=False)]
    return found
