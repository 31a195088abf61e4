"""Checkpoints from a hub on this machine: cut off, damaged, out of reach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants, file_download
from huggingface_hub.utils import reset_sessions
from servers import COMMIT, Server, serving

from gxarena.errors import InputError
from gxarena_dnabert2.checkpoint import folder_of
from gxarena_dnabert2.model import DNABERT2

Checkpoints = Callable[..., Path]
ID = "owner/dnabert2"


@pytest.fixture
def folder(make_checkpoint: Checkpoints) -> Path:
    return make_checkpoint()


@pytest.fixture
def server(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A hub that holds the checkpoint, and an empty cache."""
    # One made while another test was offline would stay so.
    reset_sessions()
    with serving() as running:
        template = running.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(file_download, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        siblings = [{"rfilename": file.name} for file in folder.iterdir()]
        siblings.append({"rfilename": "code.py"})
        listing = json.dumps({"id": ID, "sha": COMMIT, "siblings": siblings}).encode()
        running.files[f"/api/models/{ID}/revision/main"] = listing
        for file in folder.iterdir():
            running.files[f"/{ID}/resolve/{COMMIT}/{file.name}"] = file.read_bytes()
        yield running


def test_a_download_that_is_cut_off_is_resumed(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # huggingface_hub keeps whole blocks, by default larger than this file.
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1024)
    size = len(server.files[f"/{ID}/resolve/{COMMIT}/model.safetensors"])
    server.most = size * 2 // 3
    with pytest.raises(InputError, match=r"got an interruption\. The same command continues it"):
        folder_of(ID)
    sequences = ["ACGTTGCAACGT", "TTTTACGNNA"]
    found = DNABERT2(ID, device="cpu").predict(sequences)
    np.testing.assert_array_equal(found, DNABERT2(folder, device="cpu").predict(sequences))
    assert f"bytes={size * 2 // 3 // 1024 * 1024}-" in server.asked


def test_what_is_cached_needs_no_network(server: Server) -> None:
    first = folder_of(ID)
    assert not (first / "code.py").exists(), "no code is fetched, let alone run"
    server.files.clear()
    server.asked.clear()
    assert folder_of(ID) == first
    assert server.asked == []


def test_half_a_download_is_not_taken_for_the_whole(server: Server) -> None:
    weights = f"/{ID}/resolve/{COMMIT}/model.safetensors"
    content = server.files.pop(weights)
    with pytest.raises(InputError, match=r"Without network, pass checkpoint=FOLDER"):
        folder_of(ID)
    listing = server.files.pop(f"/api/models/{ID}/revision/main")
    with pytest.raises(InputError, match="expected weights"):
        DNABERT2(ID, device="cpu")
    server.files |= {weights: content, f"/api/models/{ID}/revision/main": listing}
    assert (folder_of(ID) / "model.safetensors").read_bytes() == content


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(server: Server) -> None:
    weights = f"/{ID}/resolve/{COMMIT}/model.safetensors"
    server.digests[weights] = "0" * 64
    for _ in range(2):
        with pytest.raises(InputError, match=f"expected a file of SHA-256 {'0' * 64}, got one of"):
            folder_of(ID)
    server.digests.clear()
    assert folder_of(ID).joinpath("model.safetensors").read_bytes() == server.files[weights]


def test_a_copy_of_the_cache_is_a_checkpoint_folder(server: Server, tmp_path: Path) -> None:
    shutil.copytree(folder_of(ID), tmp_path / "copy")
    server.files.clear()
    assert DNABERT2(tmp_path / "copy", device="cpu").report.missing == ()


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
