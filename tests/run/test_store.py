"""What goes into the store comes out of it, exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gxarena.data import Attribution, Spans
from gxarena.errors import StorageError
from gxarena.run.store import (
    CHUNK,
    Predictions,
    Store,
    chunk_slice,
    n_chunks,
)

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
    assert store.total_seconds("attributions", "k", n) == 0.5 * n_chunks(n)
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
    assert store.seconds("attributions", "k", 0) is None


def test_other_samples_than_asked_for_are_an_error(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_attributions("k", 0, ["a"], [_attribution(8, rich=False)], 0.0)
    with pytest.raises(StorageError, match="expected the samples of this data set"):
        store.read_attributions("k", ["b"])


@pytest.mark.parametrize("shape", [(3, 4, 2), (6,), (2, 0), (0,), (1, 1), ()])
def test_shared_answers_round_trip_bit_by_bit(tmp_path: Path, shape: tuple[int, ...]) -> None:
    store = Store(tmp_path)
    answers = RNG.normal(size=shape) / 3
    if answers.size > 3:
        answers.flat[:4] = [np.nan, -0.0, np.inf, 5e-324]
    assert store.read_shared("k") is None
    store.write_shared("k", answers, 0.25)
    read = store.read_shared("k")
    assert read is not None
    assert (read.shape, read.dtype, read.tobytes()) == (shape, answers.dtype, answers.tobytes())
    assert store.seconds("shared", "k", 0) == 0.25
    if shape:
        read[...] = 0.0  # a metric may write in what it is given
    assert store.read_shared("other") is None


def test_shared_answers_are_those_of_a_turned_array(tmp_path: Path) -> None:
    store, answers = Store(tmp_path), RNG.normal(size=(3, 5)).T
    store.write_shared("k", answers, 0.0)
    assert np.array_equal(store.read_shared("k"), answers)  # type: ignore[arg-type]


def test_shared_answers_that_are_damaged_or_anothers_are_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_shared("k", RNG.normal(size=500), 0.0)
    (path,) = tmp_path.rglob("*.parquet")
    whole = path.read_bytes()
    moved = tmp_path / "shared" / "other" / path.name
    moved.parent.mkdir()
    moved.write_bytes(whole)
    assert store.read_shared("other") is None
    for length in (0, 1, len(whole) // 2, len(whole) - 1):  # as a kill would leave it, were it so
        path.write_bytes(whole[:length])
        assert store.read_shared("k") is None
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    assert store.seconds("shared", "k", 0) is None
    assert store.read_shared("k") is None
    path.write_bytes(whole)
    assert store.read_shared("k") is not None
    # Predictions under the same name are no answers.
    store.write_predictions(
        "p", 0, ["a"], Predictions(np.zeros((1, 2)), (Spans.nucleotides(4),)), 0
    )
    (path.parent.parent / "p").mkdir()
    (tmp_path / "predictions" / "p" / path.name).rename(path.parent.parent / "p" / path.name)
    assert store.read_shared("p") is None


def test_a_part_is_read_alone(tmp_path: Path) -> None:
    """Its chunks, wherever others are; partitions that are the same are one object."""
    n = 2 * CHUNK + 3
    written = [_attribution(10 + i % 2, rich=i % 3 == 0) for i in range(n)]
    ids, store = [f"s{i}" for i in range(n)], Store(tmp_path)
    for chunk in range(n_chunks(n)):
        part = chunk_slice(chunk)
        store.write_attributions("k", chunk, ids[part], written[part], 0.0)
        outputs = np.arange(n, dtype=np.float64)[part, None]
        spans = tuple(one.spans for one in written[part])
        store.write_predictions("k", chunk, ids[part], Predictions(outputs, spans), 0.0)
    (tmp_path / "attributions" / "k" / "000000.parquet").unlink()
    read = store.read_attributions("k", ids[CHUNK:], CHUNK)
    for one, other in zip(read, written[CHUNK:], strict=True):
        assert np.array_equal(one.scores, other.scores)
        assert one.spans == other.spans
        assert (one.hypothetical is None) == (other.hypothetical is None)
        assert dict(one.diagnostics) == dict(other.diagnostics)
    assert len({id(one.spans) for one in read}) == 2
    predictions = store.read_predictions("k", ids[CHUNK : CHUNK + 5], CHUNK)
    assert predictions.outputs.tolist() == [[float(i)] for i in range(CHUNK, CHUNK + 5)]
    with pytest.raises(StorageError, match="expected the samples of this data set"):
        store.read_attributions("k", ids[:3], CHUNK)


SIZES = (64, 16, 4, 1)


@pytest.mark.parametrize("size", SIZES)
def test_chunks_of_any_size_round_trip(tmp_path: Path, size: int) -> None:
    written = [_attribution(10, rich=True) for _ in range(21)]
    ids = [f"s{i}" for i in range(21)]
    store = Store(tmp_path)
    for chunk in range(n_chunks(21, size)):
        part = chunk_slice(chunk, size)
        store.write_attributions("k", chunk, ids[part], written[part], 0.25, size=size)
        assert store.seconds("attributions", "k", chunk, size) == 0.25
        assert all(store.seconds("attributions", "k", chunk, s) is None for s in {*SIZES} - {size})
    read = store.read_attributions("k", ids)
    assert [one.scores.tolist() for one in read] == [one.scores.tolist() for one in written]
    assert store.total_seconds("attributions", "k", 21) == 0.25 * n_chunks(21, size)
    assert store.first("attributions", "k", 5)["sample_id"].to_pylist() == ids[:5]


def test_chunks_of_two_sizes_are_not_taken_for_neighbours(tmp_path: Path) -> None:
    ids, store = [f"s{i}" for i in range(32)], Store(tmp_path)
    one = [_attribution(8, rich=False)]
    for chunk in range(2):
        store.write_attributions("k", chunk, ids[chunk_slice(chunk, 16)], one * 16, 0.0, size=16)
    store.write_attributions("k", 0, ids[:4], one * 4, 0.0, size=4)
    assert store.first("attributions", "k", 6)["sample_id"].to_pylist() == ids[:4]
    with pytest.raises(StorageError, match="expected the samples of this data set"):
        store.read_attributions("k", ids)


def test_what_is_said_of_a_damaged_chunk_is_no_none(tmp_path: Path) -> None:
    """Else a cell that was read before would lose what it cost, and where, without a word."""
    store, spans = Store(tmp_path), Spans.nucleotides(4)
    found = Predictions(np.zeros((1, 2)), (spans,))
    store.write_predictions("k", 0, ["a"], found, 0.0, {"device": "cpu", "dtype": "float64"})
    store.write_attributions("k", 0, ["a"], [Attribution(np.ones(4), spans)], 0.0, (2.0, 1.0))
    assert store.hardware("k") == {"device": "cpu", "dtype": "float64"}
    assert store.cost("k") == (2.0, 1.0)
    for path in tmp_path.rglob("*.parquet"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    for ask in (store.hardware, store.cost):
        with pytest.raises(StorageError, match="Run the same command again"):
            ask("k")
