"""Checkpoints from a hub on this machine, as this plugin's model loads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from servers import COMMIT, Server, serving_hub

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.run.plan import Plan, make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite
from gxarena_hf.model import HuggingFace

ID = "owner/dnabert"


@pytest.fixture
def server(folders: dict[str, Path], tmp_path: Path) -> Iterator[Server]:
    with serving_hub(folders["dnabert"], ID, tmp_path / "cache") as running:
        yield running


def test_a_tokenizer_without_json_comes_along(server: Server, folders: dict[str, Path]) -> None:
    sequences = ["ACGTTGCAACGT", "TTTTACGNNA"]
    found = HuggingFace(ID, device="cpu").predict(sequences)
    server.files.clear()
    np.testing.assert_array_equal(found, HuggingFace(ID, device="cpu").predict(sequences))
    expected = HuggingFace(folders["dnabert"], device="cpu").predict(sequences)
    np.testing.assert_array_equal(found, expected)


def test_a_wrong_checksum_is_refused(server: Server) -> None:
    server.digests[f"/{ID}/resolve/{COMMIT}/model.safetensors"] = "0" * 64
    for _ in range(2):
        with pytest.raises(InputError, match=f"expected a file of SHA-256 {'0' * 64}, got one of"):
            HuggingFace(ID, device="cpu")


def test_the_first_run_of_a_suite_downloads_and_keeps(
    server: Server, registry: Registry, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    document = {
        "name": "hub",
        "datasets": {"mine": {"path": str(data)}},
        "models": {"hf": {"checkpoint": ID, "device": "cpu"}},
        "matrix": [
            {"datasets": ["mine"], "models": ["hf"], "explainers": ["random"], "metrics": ["gini"]}
        ],
    }

    def plan() -> Plan:
        return make_plan(Suite.model_validate(document), registry, limit=4)

    assert run(plan(), tmp_path / "run").statuses == {"ok": 1}
    server.files.clear()
    assert run(plan(), tmp_path / "run").reused == 1
