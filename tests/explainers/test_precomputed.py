"""Explanations from files: every format and level, and what must not pass silently."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toys import Linear

from gxarena.data import Batch, Floats
from gxarena.errors import InputError
from gxarena.explainers.precomputed import Precomputed

SEQUENCES = ("ACGTNAC", "GGT")
IDS = ("chr1:5-12(+)", "b")
Write = Callable[[Path, Mapping[str, Floats]], Path]


def _parquet(folder: Path, arrays: Mapping[str, Floats]) -> Path:
    rows = [array.tolist() for array in arrays.values()]
    pq.write_table(pa.table({"id": list(arrays), "scores": rows}), folder / "made.parquet")
    return folder / "made.parquet"


def _npz(folder: Path, arrays: Mapping[str, Floats]) -> Path:
    np.savez(folder / "made.npz", **arrays)
    return folder / "made.npz"


def _hdf5(folder: Path, arrays: Mapping[str, Floats]) -> Path:
    with h5py.File(folder / "made.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return folder / "made.h5"


def _matrix(arrays: Mapping[str, Floats]) -> Floats:
    """Rows filled up with NaN."""
    longest = max(map(len, arrays.values()))
    return np.stack(
        [
            np.pad(
                array,
                [(0, longest - len(array))] + [(0, 0)] * (array.ndim - 1),
                constant_values=np.nan,
            )
            for array in arrays.values()
        ]
    )


def _npz_matrix(folder: Path, arrays: Mapping[str, Floats]) -> Path:
    np.savez(folder / "made.npz", id=np.array(list(arrays)), scores=_matrix(arrays))
    return folder / "made.npz"


def _hdf5_matrix(folder: Path, arrays: Mapping[str, Floats]) -> Path:
    with h5py.File(folder / "made.hdf5", "w") as file:
        file["id"] = list(arrays)
        file["scores"] = _matrix(arrays)
    return folder / "made.hdf5"


WRITERS = [_parquet, _npz, _hdf5, _npz_matrix, _hdf5_matrix]
EXPECTED = {name: np.arange(1.0, len(s) + 1) for name, s in zip(IDS, SEQUENCES, strict=True)}


def _batch(reverse: bool = False) -> Batch:
    order = slice(None, None, -1 if reverse else 1)
    return Batch(SEQUENCES[order], np.zeros(2, dtype=np.int64), ids=IDS[order])


@pytest.mark.parametrize("write", WRITERS)
def test_scores_of_nucleotides_come_back_by_id(tmp_path: Path, write: Write) -> None:
    explainer = Precomputed(str(write(tmp_path, EXPECTED)))
    for reverse in (False, True):
        batch = _batch(reverse)
        for name, found in zip(batch.ids, explainer.explain(Linear(), batch), strict=True):
            np.testing.assert_array_equal(found.scores, EXPECTED[name])
            assert found.hypothetical is None


@pytest.mark.parametrize("write", WRITERS)
def test_contributions_of_four_letters(tmp_path: Path, write: Write) -> None:
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=(len(s), 4)) for name, s in zip(IDS, SEQUENCES, strict=True)}
    found = Precomputed(str(write(tmp_path, arrays))).explain(Linear(), _batch())
    for attribution, sequence, array in zip(found, SEQUENCES, arrays.values(), strict=True):
        assert attribution.hypothetical is not None
        np.testing.assert_array_equal(attribution.hypothetical, array)
        observed = [
            0.0 if letter == "N" else array[place, "ACGT".index(letter)]
            for place, letter in enumerate(sequence)
        ]
        np.testing.assert_array_equal(attribution.scores, observed)


def test_tokens_take_their_own_scores_or_pool_those_of_nucleotides(tmp_path: Path) -> None:
    model = Linear(width=3)
    tokens = {IDS[0]: np.array([5.0, -1.0, 2.0]), IDS[1]: np.array([4.0])}
    own = Precomputed(str(_npz(tmp_path, tokens)), level="token").explain(model, _batch())
    assert [a.scores.tolist() for a in own] == [[5.0, -1.0, 2.0], [4.0]]
    path = str(_npz(tmp_path, EXPECTED))
    summed = Precomputed(path).explain(model, _batch())
    assert [a.scores.tolist() for a in summed] == [[6.0, 15.0, 7.0], [6.0]]
    means = Precomputed(path, level="nucleotide", pooling="mean").explain(model, _batch())
    assert [a.scores.tolist() for a in means] == [[2.0, 5.0, 7.0], [2.0]]
    assert [a.spans for a in means] == model.spans(SEQUENCES)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({IDS[1]: np.ones(3)}, r"expected scores of sample 'chr1:5-12\(\+\)', found none among 1"),
        (EXPECTED | {IDS[0]: np.ones(4)}, r"expected one score for each of 3 tokens or 7 nucl"),
        (EXPECTED | {IDS[0]: np.array([1, np.nan, 1.0])}, "expected finite scores, got nan at 1"),
        ({IDS[0]: np.ones((7, 4)), IDS[1]: np.ones((3, 3))}, r"got an array of shape \(3, 3\)"),
        (EXPECTED | {IDS[0]: np.full(3, np.nan)}, "expected finite scores, got nan at 0"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    tmp_path: Path, arrays: Mapping[str, Floats], message: str
) -> None:
    for write in (_parquet, _npz, _hdf5):
        explainer = Precomputed(str(write(tmp_path, arrays)))
        with pytest.raises(InputError, match=message):
            explainer.explain(Linear(width=3), _batch())


def test_a_level_that_is_named_is_held_to(tmp_path: Path) -> None:
    path = str(_npz(tmp_path, EXPECTED))
    with pytest.raises(InputError, match=r"expected one score for each of 3 tokens, got .*\(7,\)"):
        Precomputed(path, level="token").explain(Linear(width=3), _batch())
    tokens = str(_npz(tmp_path, {IDS[0]: np.ones(3), IDS[1]: np.ones(1)}))
    with pytest.raises(InputError, match="expected one score for each of 7 nucleotides"):
        Precomputed(tokens, level="nucleotide").explain(Linear(width=3), _batch())


def test_other_names_of_columns(tmp_path: Path) -> None:
    rows = [array.tolist() for array in EXPECTED.values()]
    pq.write_table(pa.table({"name": list(EXPECTED), "shap": rows}), tmp_path / "a.parquet")
    path = str(tmp_path / "a.parquet")
    found = Precomputed(path, id="name", scores="shap").explain(Linear(), _batch())
    np.testing.assert_array_equal(found[0].scores, EXPECTED[IDS[0]])
    with pytest.raises(InputError, match=r"expected a column 'id', found none. Choices: name, sh"):
        Precomputed(path)
    pq.write_table(pa.table({"id": ["a"], "scores": [1.0]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="expected lists of numbers in column 'scores'"):
        Precomputed(str(tmp_path / "b.parquet"))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in .parquet, .npz, .h5, .hdf5, got 'a.csv'"):
        Precomputed("a.csv")
    with pytest.raises(InputError, match="found none at"):
        Precomputed(str(tmp_path / "none.npz"))
    for suffix in ("parquet", "npz", "h5"):
        path = tmp_path / f"a.{suffix}"
        path.write_text("no such thing")
        with pytest.raises(InputError, match="expected a"):
            Precomputed(str(path))
    with pytest.raises(InputError, match=r"unknown 'tokens'. Did you mean 'token'"):
        Precomputed("a.npz", level="tokens")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="pooling: unknown 'max'"):
        Precomputed("a.npz", pooling="max")  # type: ignore[arg-type]


def test_ids_with_a_slash_are_no_folders(tmp_path: Path) -> None:
    path = _hdf5(tmp_path, {"chr1/5/7": np.array([1.0, 2.0])})
    batch = Batch(("AC",), np.zeros(1, dtype=np.int64), ids=("chr1/5/7",))
    (found,) = Precomputed(str(path)).explain(Linear(), batch)
    assert found.scores.tolist() == [1.0, 2.0]


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([{"code": 1}], dtype=object))
    with pytest.raises(InputError, match="expected an npz archive of numbers"):
        Precomputed(str(tmp_path / "a.npz"))


def test_a_sample_twice_or_text_for_numbers(tmp_path: Path) -> None:
    rows = [[1.0], [2.0]]
    pq.write_table(pa.table({"id": ["a", "a"], "scores": rows}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="expected every sample once, got 'a' more than once"):
        Precomputed(str(tmp_path / "a.parquet"))
    pq.write_table(pa.table({"id": ["a"], "scores": [["x"]]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="expected lists of numbers"):
        Precomputed(str(tmp_path / "b.parquet"))
    np.savez(tmp_path / "c.npz", a=np.array(["x"]))
    with pytest.raises(InputError, match=r"'a': expected numbers of shape"):
        Precomputed(str(tmp_path / "c.npz"))
    np.savez(tmp_path / "d.npz", id=np.array(["a", "b"]), scores=np.ones((3, 2)))
    with pytest.raises(InputError, match="as many rows of scores as ids, 2, got 3"):
        Precomputed(str(tmp_path / "d.npz"))


def test_a_digest_that_the_suite_states_is_held_to(tmp_path: Path) -> None:
    for write in WRITERS:
        path = write(tmp_path, EXPECTED)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert Precomputed(str(path), sha256=digest.upper())
        with path.open("ab") as file:
            file.write(b" ")
        with pytest.raises(InputError, match=f"expected a file of SHA-256 {digest}, got one of"):
            Precomputed(str(path), sha256=digest)


@pytest.mark.parametrize("key", ["path", "id", "scores", "sha256"])
def test_what_is_no_text_is_one_sentence(tmp_path: Path, key: str) -> None:
    given: dict[str, Any] = {"path": str(_npz(tmp_path, EXPECTED)), key: 5}
    with pytest.raises(InputError, match=f"precomputed, {key}: expected text, got 5"):
        Precomputed(**given)


@pytest.mark.parametrize(
    ("ids", "scores"), [(["a"], 1.0), ("a", [[1.0]]), ([["a"]], [[1.0]]), (["a"], [1.0])]
)
def test_arrays_of_odd_shapes_are_one_sentence(tmp_path: Path, ids: Any, scores: Any) -> None:
    np.savez(tmp_path / "a.npz", id=np.array(ids), scores=np.array(scores))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["id"], file["scores"] = ids, scores
    for name in ("a.npz", "a.h5"):
        with pytest.raises(InputError, match=r"expected 'id' of shape \(N,\) and 'scores' of \(N"):
            Precomputed(str(tmp_path / name))


def test_numbers_that_lie_in_another_file_are_refused(tmp_path: Path) -> None:
    """They would change without the file's digest."""
    (tmp_path / "raw").write_bytes(np.ones(3).tobytes())
    with h5py.File(tmp_path / "a.h5", "w") as file:
        external = [(str(tmp_path / "raw"), 0, 24)]
        file.create_dataset("a", shape=(3,), dtype="f8", external=external)
    with pytest.raises(InputError, match="'a': expected numbers, got a link to another file"):
        Precomputed(str(tmp_path / "a.h5"))


def test_a_flip_in_an_array_with_a_checksum_is_noticed(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random(100)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", data=values, chunks=(100,), fletcher32=True)
    whole = bytearray((tmp_path / "a.h5").read_bytes())
    whole[whole.index(values.tobytes()) + 400] ^= 1
    (tmp_path / "a.h5").write_bytes(whole)
    with pytest.raises(InputError, match="expected an HDF5 file, got: "):
        Precomputed(str(tmp_path / "a.h5"))


def test_a_column_twice_is_one_sentence(tmp_path: Path) -> None:
    table = pa.table([pa.array(["a"]), pa.array(["b"]), pa.array([[1.0]])], ["id", "id", "scores"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="expected a Parquet table, got: Multiple matches"):
        Precomputed(str(tmp_path / "a.parquet"))


def test_rows_of_nothing_are_no_way_around_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of no letters and scores of no units take no bytes: a small file had any number."""
    monkeypatch.setenv("GXARENA_UNPACK_LIMIT", "1000000")
    n = 1_000_000
    with zipfile.ZipFile(tmp_path / "made.npz", "w") as archive:
        for name, (kind, shape) in {"id": ("<U0", (n,)), "scores": ("<f8", (n, 0))}.items():
            header = {"descr": kind, "fortran_order": False, "shape": shape}
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array_header_1_0(member, header)
    with pytest.raises(InputError, match=r"made\.npz: expected at most 1000000 bytes"):
        Precomputed(str(tmp_path / "made.npz"))
