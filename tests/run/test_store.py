"""What goes into the store comes out of it, exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gxarena.data import Attribution, Spans
from gxarena.errors import StorageError
from gxarena.run.store import CHUNK, Predictions, Store, chunk_slice, n_chunks

RNG = np.random.default_rng(0)


def _attribution(length: int, *, rich: bool) -> Attribution:
    spans = Spans(np.array([0, *range(2, length, 3), length]))
    return Attribution(
        RNG.normal(size=len(spans)) * 1e-9,
        spans,
        special={"[CLS]": 0.1, "[SEP]": -1 / 3} if rich else {},
        hypothetical=RNG.normal(size=(length, 4)) if rich else None,
        diagnostics={"explained": 2 / 3} if rich else {},
    )


def test_attributions_round_trip_exactly(tmp_path: Path) -> None:
    n = CHUNK + 3
    written = [_attribution(10 + i % 4, rich=i % 2 == 0) for i in range(n)]
    ids = [f"s{i}" for i in range(n)]
    store = Store(tmp_path)
    for chunk in range(n_chunks(n)):
        part = chunk_slice(chunk)
        store.write_attributions("k", chunk, ids[part], written[part], seconds=0.5)
    assert store.holds("attributions", "k", n)
    for one, other in zip(written, store.read_attributions("k", ids), strict=True):
        assert np.array_equal(one.scores, other.scores)
        assert one.spans == other.spans
        assert (dict(one.special), dict(one.diagnostics)) == (other.special, other.diagnostics)
        assert (one.hypothetical is None) == (other.hypothetical is None)
        if one.hypothetical is not None and other.hypothetical is not None:
            assert np.array_equal(one.hypothetical, other.hypothetical)


def test_predictions_round_trip_exactly(tmp_path: Path) -> None:
    store = Store(tmp_path)
    outputs = RNG.normal(size=(3, 2)) / 3
    spans = tuple(Spans.nucleotides(n) for n in (4, 5, 6))
    store.write_predictions("k", 0, ["a", "b", "c"], Predictions(outputs, spans), 0.1)
    read = store.read_predictions("k", ["a", "b", "c"])
    assert np.array_equal(read.outputs, outputs)
    assert list(read.spans) == list(spans)


def test_of_what_is_stored_hypothetical_contributions_alone_may_be_absent(tmp_path: Path) -> None:
    store = Store(tmp_path)
    outputs = Predictions(np.zeros((1, 2)), (Spans.nucleotides(8),))
    store.write_predictions("k", 0, ["a"], outputs, 0.0)
    store.write_attributions("k", 0, ["a"], [_attribution(8, rich=False)], 0.0)
    for stage, columns, nullable in (
        ("predictions", ["sample_id", "outputs", "boundaries"], []),
        (
            "attributions",
            ["sample_id", "scores", "boundaries", "special", "hypothetical", "diagnostics"],
            ["hypothetical"],
        ),
    ):
        schema = pq.read_schema(tmp_path / stage / "k" / "000000.parquet")
        assert schema.names == columns
        assert [field.name for field in schema if field.nullable] == nullable


def test_a_chunk_counts_only_whole_and_under_its_own_key(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_attributions("k", 0, ["a"], [_attribution(8, rich=False)], 0.25)
    assert store.seconds("attributions", "k", 0) == 0.25
    (path,) = tmp_path.rglob("*.parquet")
    moved = tmp_path / "attributions" / "other" / path.name
    moved.parent.mkdir()
    moved.write_bytes(path.read_bytes())
    assert store.seconds("attributions", "other", 0) is None
    moved = path.with_name("000001.parquet")
    moved.write_bytes(path.read_bytes())
    assert store.seconds("attributions", "k", 1) is None
    path.write_bytes(path.read_bytes()[:-20])
    assert not store.holds("attributions", "k", 1)


def test_other_samples_than_asked_for_are_an_error(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_attributions("k", 0, ["a"], [_attribution(8, rich=False)], 0.0)
    with pytest.raises(StorageError, match="expected the samples of this data set"):
        store.read_attributions("k", ["b"])
