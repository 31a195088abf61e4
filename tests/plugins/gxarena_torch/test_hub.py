"""Checkpoints from a hub on this machine: cut off, damaged, out of reach."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from servers import COMMIT, Server, serving_hub

from gxarena.errors import InputError
from gxarena_torch.hub import folder_of

ID = "owner/dnabert2"
WEIGHTS = f"/{ID}/resolve/{COMMIT}/model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nothing reads what stands in them."""
    made = tmp_path / "made"
    made.mkdir()
    (made / "config.json").write_text("{}")
    (made / "tokenizer.json").write_text('{"model": 1}')
    (made / "model.safetensors").write_bytes(bytes(range(256)) * 100)
    return made


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[Server]:
    """A hub that holds the checkpoint, and an empty cache."""
    with serving_hub(folder, ID, tmp_path / "cache") as running:
        yield running


def test_a_download_that_is_cut_off_is_resumed(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # huggingface_hub keeps whole blocks, by default larger than this file.
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1024)
    # Before 1 the next call goes on there; since, the same call does, some times a second apart.
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    server.rest[WEIGHTS] = 20_000
    with pytest.raises(InputError, match=r"got an interruption"):
        folder_of(ID)
    server.rest.clear()
    found = folder_of(ID)
    for file in folder.iterdir():
        assert (found / file.name).read_bytes() == file.read_bytes()
    assert f"bytes={20_000 // 1024 * 1024}-" in server.asked


def test_what_is_cached_needs_no_network(server: Server) -> None:
    first = folder_of(ID)
    assert not (first / "code.py").exists(), "no code is fetched, let alone run"
    server.files.clear()
    server.asked.clear()
    assert folder_of(ID) == first
    assert server.asked == []


def test_half_a_download_is_not_taken_for_the_whole(server: Server) -> None:
    content = server.files.pop(WEIGHTS)
    with pytest.raises(InputError, match=r"Without network, pass checkpoint=FOLDER"):
        folder_of(ID)
    listing = server.files.pop(f"/api/models/{ID}/revision/main")
    # All that there is without network, or since huggingface_hub 1 an error.
    with contextlib.suppress(InputError):
        assert not (folder_of(ID) / "model.safetensors").exists()
    server.files |= {WEIGHTS: content, f"/api/models/{ID}/revision/main": listing}
    assert (folder_of(ID) / "model.safetensors").read_bytes() == content


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(server: Server) -> None:
    server.digests[WEIGHTS] = "0" * 64
    for _ in range(2):
        with pytest.raises(InputError, match=f"expected a file of SHA-256 {'0' * 64}, got one of"):
            folder_of(ID)
    server.digests.clear()
    assert folder_of(ID).joinpath("model.safetensors").read_bytes() == server.files[WEIGHTS]


def test_small_files_are_held_against_gits_digest(server: Server) -> None:
    (place,) = (path for path in server.files if path.endswith("/config.json"))
    content = server.files[place]
    named = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 (git's)
    server.digests[place] = "0" * 40
    with pytest.raises(InputError, match=rf"expected a file of git's SHA-1 {'0' * 40}, got one of"):
        folder_of(ID)
    server.digests[place] = named
    assert folder_of(ID).joinpath("config.json").read_bytes() == content


def test_a_copy_of_the_cache_is_a_checkpoint_folder(server: Server, tmp_path: Path) -> None:
    shutil.copytree(folder_of(ID), tmp_path / "copy")
    server.files.clear()
    assert folder_of(tmp_path / "copy") == tmp_path / "copy"
    assert (tmp_path / "copy" / "model.safetensors").stat().st_size == 25_600


def test_no_network_says_what_works_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(InputError) as caught:
        folder_of(ID)
    assert str(caught.value) == (
        f"checkpoint '{ID}': expected a folder here or a model on the hub, got neither "
        "(LocalEntryNotFoundError). Without network, pass checkpoint=FOLDER."
    )


def test_what_is_no_hub_id_is_not_looked_for_there() -> None:
    with pytest.raises(InputError, match=r"'\./nowhere': .*found no such folder"):
        folder_of("./nowhere")


def test_switched_to_offline_says_what_works_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"'nobody/nothing': expected .*pass checkpoint=FOLDER"):
        folder_of("nobody/nothing")
