"""A file is whole or absent; a full or read-only disk is one clear sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gxarena.errors import StorageError
from gxarena.results.parquet import read_identity, read_table, write_table

TABLE = pa.table({"x": [1.0, None]})


def test_identity_is_kept_in_the_footer(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "t.parquet"
    write_table(path, TABLE, {"id": "a", "n": 2})
    assert read_identity(path) == {"id": "a", "n": 2}
    assert read_table(path).to_pylist() == TABLE.to_pylist()
    assert list(path.parent.iterdir()) == [path]


def test_same_content_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_table(tmp_path / name, TABLE, {"z": 1, "a": 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("damage", ["absent", "truncated", "empty", "foreign"])
def test_what_does_not_read_is_not_done(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, TABLE, {"id": "a"})
    whole = path.read_bytes()
    if damage == "absent":
        path.unlink()
    elif damage == "foreign":
        pq.write_table(TABLE, path)
    else:
        path.write_bytes(whole[: len(whole) // 2] if damage == "truncated" else b"")
    assert read_identity(path) is None


def test_a_table_that_does_not_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"no")
    with pytest.raises(StorageError, match="expected a Parquet table"):
        read_table(tmp_path / "t.parquet")


def test_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, TABLE, {"id": "old"})

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"No space left on device.*finished work is kept"):
        write_table(path, TABLE, {"id": "new"})
    assert read_identity(path) == {"id": "old"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="expected to write"):
        write_table(tmp_path / "file" / "t.parquet", TABLE, {})


def test_a_relative_path_with_a_colon_is_no_uri(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("t12:30", "a.parquet")
    write_table(path, pa.table({"x": [1, 2]}), {"kind": "toy"})
    assert read_table(path)["x"].to_pylist() == [1, 2]
    assert read_identity(path) == {"kind": "toy"}


def test_what_a_library_says_in_several_lines_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    content = bytearray(path.read_bytes())
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[footer] = 0xFF
    path.write_bytes(content)
    with pytest.raises(StorageError) as caught:
        read_table(path)
    assert len(str(caught.value).splitlines()) == 1
    assert "expected a Parquet table, got Couldn't deserialize thrift" in str(caught.value)
