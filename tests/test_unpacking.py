"""What unfolds to more than it may, and what is not what was written."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gxarena.datasets.class_folders import read_class_folders
from gxarena.datasets.reading import read_dataset
from gxarena.errors import InputError
from gxarena.explainers.precomputed import Precomputed
from gxarena.unpacking import LIMIT, parquet_table, unfolded_bytes

TOO_MUCH = r"expected at most 100000 bytes when unpacked, got more\. .* set GXARENA_UNPACK_LIMIT="


@pytest.fixture(autouse=True)
def _limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT, "100000")


def _gzip(path: Path) -> Path:
    path.write_bytes(gzip.compress(b">a\n" + b"A" * 200_000))
    return path


def _zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("test/a/1.txt", "test/b/2.txt"):
            archive.writestr(name, "A" * 60_000)
    return path


def _table(path: Path) -> Path:
    """Small on disk, and small by each column's encoded size too: one word, many times."""
    table = pa.table({"sequence": ["A" * 1000] * 200})
    pq.write_table(table, path)
    return path


def _npz(path: Path) -> Path:
    np.savez_compressed(path, a=np.zeros(20_000))
    return path


def _hdf5(path: Path) -> Path:
    """Nothing of it is stored: reading makes it of the value that fills it."""
    with h5py.File(path, "w") as file:
        file.create_dataset("a", shape=(10**9,), dtype="f8", chunks=True)
    return path


BOMBS = {
    "d.fa.gz": (_gzip, read_dataset),
    "task.zip": (_zip, lambda path: read_class_folders(path, "test")),
    "d.parquet": (_table, read_dataset),
    "m.npz": (_npz, lambda path: Precomputed(str(path))),
    "m.h5": (_hdf5, lambda path: Precomputed(str(path))),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_one_sentence_that_says_the_limit_and_how_to_lift_it(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, read = BOMBS[name]
    path = write(tmp_path / name)
    assert path.stat().st_size < 10_000
    with pytest.raises(InputError, match=TOO_MUCH) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    if name != "m.h5":
        monkeypatch.setenv(LIMIT, "300000")
        read(path)


@pytest.mark.parametrize("given", ["x", "-1", "1e9", "\u0661", "9" * 30])
def test_a_limit_that_is_no_number_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(LIMIT, given)
    with pytest.raises(InputError, match="GXARENA_UNPACK_LIMIT: expected a number of bytes"):
        read_dataset(_gzip(tmp_path / "d.fa.gz"))


WORD = "A" * 100_000


@pytest.mark.parametrize(
    "column",
    [
        pa.array([WORD] * 50),
        pa.array([WORD] * 50, pa.large_string()),
        pa.array([WORD.encode()] * 50),
        pa.array([WORD] * 50).dictionary_encode(),
        pa.array([[WORD]] * 50),
        pa.array([{"word": WORD}] * 50),
        pa.array([[("word", WORD)]] * 50, pa.map_(pa.string(), pa.string())),
    ],
    ids=lambda column: str(column.type).partition("<")[0],
)
def test_text_that_repeats_is_counted_each_time(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"c": column}), tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 20_000
    assert 50 * len(WORD) <= unfolded_bytes(tmp_path / "t.parquet", 1 << 40) < 51 * len(WORD)


def test_numbers_are_counted_in_lists_too(tmp_path: Path) -> None:
    pq.write_table(pa.table({"c": [[1.0] * 1000] * 50}), tmp_path / "t.parquet")
    assert unfolded_bytes(tmp_path / "t.parquet", 1 << 40) == 8 * 50_000


def test_a_page_is_held_against_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    values = np.random.default_rng(0).random(1000)
    pq.write_table(
        pa.table({"c": values}),
        path,
        write_page_checksum=True,
        use_dictionary=False,
        compression=None,
    )
    whole = path.read_bytes()
    place = whole.index(values.tobytes())
    path.write_bytes(whole[: place + 800] + b"\x00" + whole[place + 801 :])
    with pytest.raises(InputError, match=r"expected a Parquet table, got: .*(CRC|checksum)"):
        parquet_table(path)


def test_a_member_that_a_damaged_length_hides_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, a=np.zeros(3), b=np.ones(3))
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    following = content.index(b"PK\x01\x02", entry + 1)
    end = content.index(b"PK\x05\x06")
    content[entry + 32 : entry + 34] = (end - following).to_bytes(2, "little")  # its comment's
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected a whole list of members, got a damaged one"):
        Precomputed(str(path))


@pytest.mark.parametrize("bit", [4, 8])
def test_a_footer_that_would_end_the_process_is_refused(tmp_path: Path, bit: int) -> None:
    """A text column that is called one of numbers: what counts its bytes is then no number's.

    pyarrow's exception, where the metadata of such a column are asked for, nobody can catch.
    """
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": ["AC", "GT"], "b": [1, 2]}), path)
    whole = bytearray(path.read_bytes())
    kind = whole.index(b"schema\x15\x04\x00\x15\x0c") + 10
    whole[kind] ^= bit
    path.write_bytes(whole)
    with pytest.raises(InputError, match="expected a Parquet table, got: "):
        parquet_table(path)
