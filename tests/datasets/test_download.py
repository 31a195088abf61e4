"""Downloads against a real server: cut off, changed, wrong, absent, asked for by two at once."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from servers import Server, serving

from gxarena.datasets import download
from gxarena.datasets.download import fetched
from gxarena.errors import InputError, StorageError
from gxarena.files import data_home

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OFFLINE = "Without network, run it with GXARENA_DATA=FOLDER."


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PAUSE", 0.0)
    with serving() as running:
        running.files["/data.zip"] = CONTENT
        yield running


@pytest.fixture
def url(server: Server) -> str:
    return f"{server.url}/data.zip"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "data.zip"


def test_a_file_comes_with_its_digest_and_is_not_fetched_again(
    server: Server, url: str, path: Path
) -> None:
    assert fetched(url, path).read_bytes() == CONTENT
    assert (path.parent / "data.zip.sha256").read_text() == f"{SHA256}  data.zip\n"
    server.status = [500, 500, 500]
    assert fetched(url, path, sha256=SHA256) == path
    assert server.asked == [""]


def test_what_is_cached_needs_no_network(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    assert fetched("http://127.0.0.1:9/data.zip", path, sha256=SHA256) == path


def test_an_interruption_is_resumed_within_the_call(server: Server, url: str, path: Path) -> None:
    server.most = 110_000
    assert fetched(url, path, sha256=SHA256).read_bytes() == CONTENT
    assert server.asked == ["", "bytes=110000-", "bytes=220000-"]
    assert sorted(p.name for p in path.parent.iterdir()) == [
        ".data.zip.lock",
        "data.zip",
        "data.zip.sha256",
    ]


def test_an_interruption_is_resumed_by_the_next_call(server: Server, url: str, path: Path) -> None:
    server.most = 150_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "ATTEMPTS", 1)
        with pytest.raises(InputError) as caught:
            fetched(url, path, offline=OFFLINE)
    assert str(caught.value) == (
        f"{url}: expected a download, got: an end after 150000 of 300000 bytes. "
        f"150000 bytes are kept, and the same command continues there. {OFFLINE}"
    )
    assert not path.exists()
    server.asked.clear()
    assert fetched(url, path).read_bytes() == CONTENT
    assert server.asked == ["bytes=150000-"]


def test_a_file_that_changed_meanwhile_is_not_glued_together(
    server: Server, url: str, path: Path
) -> None:
    server.most = 100_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "ATTEMPTS", 1)
        with pytest.raises(InputError):
            fetched(url, path)
    server.files["/data.zip"] = CONTENT[::-1]
    server.version, server.most = '"v2"', len(CONTENT)
    assert fetched(url, path).read_bytes() == CONTENT[::-1]


def _leave(path: Path, part: bytes) -> None:
    """What an interrupted download of the server's version leaves."""
    path.parent.mkdir()
    (path.parent / ".data.zip.part").write_bytes(part)
    (path.parent / ".data.zip.etag").write_text('"v1"')


def test_a_part_of_which_nobody_knows_the_version_is_not_continued(
    server: Server, url: str, path: Path
) -> None:
    path.parent.mkdir()
    (path.parent / ".data.zip.part").write_bytes(CONTENT[:1000][::-1])
    assert fetched(url, path).read_bytes() == CONTENT
    assert server.asked == [""]


def test_a_server_that_names_no_version_is_asked_for_all_of_it_again(
    server: Server, url: str, path: Path
) -> None:
    server.version, server.most = "", 100_000
    with pytest.raises(InputError, match=r"after 100000 of 300000 bytes\. +Without") as caught:
        fetched(url, path, offline=OFFLINE)
    assert "kept" not in str(caught.value)
    assert server.asked == [""] * download.ATTEMPTS


def test_a_server_that_sends_a_part_of_another_version_is_not_believed(
    server: Server, url: str, path: Path
) -> None:
    """One that does not know If-Range, or two servers behind one name."""
    _leave(path, CONTENT[:1000])
    server.files["/data.zip"] = CONTENT[::-1]
    server.version, server.if_range = '"v2"', False
    assert fetched(url, path).read_bytes() == CONTENT[::-1]
    assert server.asked == ["bytes=1000-", ""]


def test_what_does_not_say_how_long_it_is_may_be_cut(server: Server, url: str, path: Path) -> None:
    server.says_length, server.most = False, 100_000
    with pytest.raises(InputError, match="an answer that does not say how long it is"):
        fetched(url, path)
    assert not path.exists()


def test_a_web_page_in_the_place_of_data_is_refused_and_harms_no_part(
    server: Server, url: str, path: Path
) -> None:
    _leave(path, CONTENT[:1000])
    server.kind, server.ranges = "text/html; charset=utf-8", False
    with pytest.raises(InputError, match=r"expected a download, got: a web page\. 1000 bytes are"):
        fetched(url, path)
    server.kind, server.ranges = "application/zip", True
    assert fetched(url, path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><p>Log in", b"\xef\xbb\xbf\n <?xml version='1.0'?>"]
)
def test_a_web_page_that_is_called_data_is_refused(
    server: Server, url: str, path: Path, page: bytes
) -> None:
    server.files["/data.zip"] = page
    with pytest.raises(InputError) as caught:
        fetched(url, path, offline=OFFLINE)
    assert str(caught.value) == (
        f"{url}: expected data, got a web page, which was not kept. {OFFLINE}"
    )
    assert [p.name for p in path.parent.iterdir()] == [".data.zip.lock"]


def test_gits_digest_is_held_to(server: Server, url: str, path: Path) -> None:
    named = hashlib.sha1(b"blob 300000\0" + CONTENT).hexdigest()  # noqa: S324 (git's)
    with pytest.raises(InputError, match=rf"expected a file of git's SHA-1 {'0' * 40}, got one of"):
        fetched(url, path, git_sha1="0" * 40)
    assert not path.exists()
    assert fetched(url, path, git_sha1=named).read_bytes() == CONTENT


@pytest.mark.parametrize("leftover", [len(CONTENT), len(CONTENT) + 5])
def test_a_leftover_that_is_no_beginning_is_started_anew(
    server: Server, url: str, path: Path, leftover: int
) -> None:
    _leave(path, b"x" * leftover)
    assert fetched(url, path).read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_whole(server: Server, url: str, path: Path) -> None:
    _leave(path, CONTENT[:1000])
    server.ranges = False
    assert fetched(url, path).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"]


def test_a_server_without_ranges_that_cuts_is_given_up(
    server: Server, url: str, path: Path
) -> None:
    server.ranges, server.most = False, 1000
    with pytest.raises(InputError, match="got: an end after 1000 of 300000 bytes"):
        fetched(url, path)
    assert len(server.asked) == download.ATTEMPTS


def test_a_server_that_sends_another_range_is_not_believed(
    server: Server, url: str, path: Path
) -> None:
    _leave(path, CONTENT[:1000])
    server.wrong_range = True
    assert fetched(url, path, sha256=SHA256).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-", ""]


def test_a_server_that_sends_less_than_the_rest_is_asked_for_more(
    server: Server, url: str, path: Path
) -> None:
    """As it may (RFC 9110, 14.2): the piece was taken for all that was missing."""
    server.longest_range = 120_000
    _leave(path, CONTENT[:100_000])
    assert fetched(url, path).read_bytes() == CONTENT
    assert server.asked == ["bytes=100000-", "bytes=220000-"]


@pytest.mark.parametrize("torn", [b"", b"\xff\xfe", b'"v1"\nX: y', b"\x00"])
def test_a_damaged_note_of_the_version_is_none(
    server: Server, url: str, path: Path, torn: bytes
) -> None:
    _leave(path, CONTENT[:1000][::-1])
    (path.parent / ".data.zip.etag").write_bytes(torn)
    assert fetched(url, path).read_bytes() == CONTENT


@pytest.mark.parametrize("torn", [b"", b"\xff\xfe", b"\n", b"abc  data.zip\n"])
def test_a_damaged_note_of_the_digest_is_said(
    server: Server, url: str, path: Path, torn: bytes
) -> None:
    fetched(url, path)
    (path.parent / "data.zip.sha256").write_bytes(torn)
    with pytest.raises(InputError, match=r"data\.zip.*: expected .*\. Delete (it|both) and run"):
        fetched(url, path)


def test_the_range_survives_a_redirection(server: Server, url: str, path: Path) -> None:
    server.redirects, server.most = True, 200_000
    assert fetched(url, path).read_bytes() == CONTENT
    assert server.asked == ["", "bytes=200000-"]


def test_a_server_in_trouble_is_asked_again(server: Server, url: str, path: Path) -> None:
    server.status = [503, 429]
    assert fetched(url, path).read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_a_file_that_is_not_there_is_asked_for_once(server: Server, url: str, path: Path) -> None:
    server.status = [404, 404]
    with pytest.raises(InputError, match=re.escape("HTTP status 404 (Not Found)")):
        fetched(url, path)
    assert len(server.asked) == 1


def test_a_wrong_checksum_keeps_nothing(server: Server, url: str, path: Path) -> None:
    with pytest.raises(InputError) as caught:
        fetched(url, path, sha256="0" * 64, offline=OFFLINE)
    assert str(caught.value) == (
        f"{url}: expected a file of SHA-256 {'0' * 64}, got one of {SHA256}, which was not "
        f"kept. {OFFLINE}"
    )
    assert [p.name for p in path.parent.iterdir()] == [".data.zip.lock"]


def test_a_file_that_changed_on_disk_is_refused(server: Server, url: str, path: Path) -> None:
    fetched(url, path)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(
        InputError, match=r"expected SHA-256 .*, got .*\. Delete it and run the same"
    ):
        fetched(url, path)


def test_no_network_is_one_sentence_that_says_what_works_without(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PAUSE", 0.0)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.zip"
        with pytest.raises(InputError) as caught:
            fetched(url, path, offline=OFFLINE)
    assert str(caught.value) == (
        f"{url}: expected a download, got: [Errno 111] Connection refused. {OFFLINE}"
    )


def test_two_at_once_fetch_it_once(server: Server, url: str, path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: fetched(url, path), range(4)):
            assert got.read_bytes() == CONTENT
    assert server.asked == [""]


def test_only_http_is_an_address(path: Path) -> None:
    with pytest.raises(InputError, match="expected an address"):
        fetched("file:///etc/hostname", path)


def test_a_folder_that_is_a_file_is_said(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"GXARENA_DATA=FOLDER"):
        fetched(url, tmp_path / "file" / "data.zip")


def test_where_data_sets_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(download.HOME, str(tmp_path))
    assert data_home() == tmp_path
    monkeypatch.delenv(download.HOME)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_home() == tmp_path / "gxarena"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_home() == tmp_path / ".cache" / "gxarena"
