"""Files are whole or not there; what ships is found in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from gxarena import files as module
from gxarena.errors import StorageError
from gxarena.files import TEMPORARY, file_digest, shipped, write_bytes, write_text, writing


def test_a_file_is_written_with_its_folders_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.txt"
    write_text(path, "één\n")
    write_text(path, "twee\n")
    assert path.read_bytes() == b"twee\n"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o666 & ~module._umask()


def test_until_the_end_a_reader_sees_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with writing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert [p.name[: len(TEMPORARY)] for p in tmp_path.iterdir() if p != path] == [TEMPORARY]
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_fails_on_the_way_changes_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail() -> None:
        with writing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    write_bytes(tmp_path / "file", b"")
    with pytest.raises(StorageError, match=r"below: expected to write, got 'File exists'\."):
        write_bytes(tmp_path / "file" / "below", b"")


def test_a_file_linked_to_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    write_bytes(tmp_path / "link", b"ours")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert (tmp_path / "link").read_bytes() == b"ours"


def test_a_digest_is_sha_256(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(tmp_path / "file") == expected


@pytest.mark.parametrize(
    "relative",
    [
        "quickstart.toml",
        "planted.toml",
        "ctcf-vs-pu1.toml",
        "fly-motifs.toml",
        "data/fly_promoters.parquet",
        "data/fly_promoters.md",
    ],
)
def test_what_the_code_names_is_there(relative: str) -> None:
    assert shipped(relative).is_file()


@pytest.mark.parametrize("installed", [False, True])
def test_a_wheel_has_its_own_copy(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gxarena"
    beside = package / "benchmarks" if installed else tmp_path / "benchmarks"
    (tmp_path / "benchmarks" / "data").mkdir(parents=True)
    (beside / "data").mkdir(parents=True, exist_ok=True)
    (beside / "data" / "d.csv").touch()
    monkeypatch.setattr(module, "_PACKAGE", package)
    assert shipped("data/d.csv") == beside / "data" / "d.csv"
    assert shipped("data/d.csv").is_file()
