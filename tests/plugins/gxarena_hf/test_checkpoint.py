from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers.utils import logging

from gxarena.errors import InputError
from gxarena_hf.checkpoint import load_classifier


@pytest.fixture
def folder(tmp_path: Path, folders: dict[str, Path]) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(folders["dnabert"], tmp_path / "copy"))


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_bin_files_are_read_as_tensors_only(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    state = load_classifier(folder).state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in weights.items())
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"x": Path("/")}))
    with pytest.raises(InputError, match="expected a classifier that transformers reads"):
        load_classifier(folder)


def test_frozen_in_evaluation(folder: Path) -> None:
    network = load_classifier(folder)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_loading_prints_nothing_and_leaves_bars_as_they_were(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What components print is kept with each cell: it should be theirs."""
    assert logging.is_progress_bar_enabled()
    load_classifier(folder)
    assert capfd.readouterr() == ("", "")
    assert logging.is_progress_bar_enabled()


def test_no_classifier(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: t for name, t in weights.items() if not name.startswith("classifier")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"none for 2, e.g. classifier.bias, classifier.weight"):
        load_classifier(folder)


def test_weights_of_another_network(folder: Path) -> None:
    """GENA-LM's own BERT has LayerNorms that transformers' lacks: its outputs would be wrong."""
    weights = load_file(folder / "model.safetensors")
    extra = {"bert.encoder.layer.0.pre_attention_ln.weight": torch.ones(24)}
    heads = {"cls.predictions.bias": torch.ones(3)}
    save_file(weights | heads, folder / "model.safetensors", metadata={"format": "pt"})
    load_classifier(folder)
    save_file(weights | extra, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"got 1 that it does not have, e\.g\. bert\.encoder"):
        load_classifier(folder)


def test_other_shapes(folder: Path) -> None:
    _edit(folder / "config.json", intermediate_size=41)
    with pytest.raises(InputError, match=r"got others for 6, e.g. bert\.encoder\.layer\.0"):
        load_classifier(folder)


@pytest.mark.parametrize("name", ["vocab_size", "intermediate_size"])
def test_a_network_beyond_all_memory(folder: Path, name: str) -> None:
    """Nothing of that size is allocated: torch could not, and says so in its own words."""
    _edit(folder / "config.json", **{name: 10**13})
    with pytest.raises(InputError, match=r"config.json describes, [\d,]{18,} of them, got files"):
        load_classifier(folder)


def test_truncated_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:-100])
    with pytest.raises(InputError, match="expected a classifier"):
        load_classifier(folder)


@pytest.mark.parametrize(
    "changes",
    [{"model_type": "hyenadna"}, {"auto_map": {"AutoConfig": "x.Y"}, "model_type": "mine"}],
)
def test_remote_code_is_refused(folder: Path, changes: dict[str, object]) -> None:
    (folder / "x.py").write_text("raise SystemExit('ran')")
    _edit(folder / "config.json", **changes)
    with pytest.raises(InputError, match="without remote code"):
        load_classifier(folder)


def test_contact_head_of_esm_may_be_missing(tmp_path: Path, folders: dict[str, Path]) -> None:
    folder = Path(shutil.copytree(folders["characters"], tmp_path / "esm"))
    weights = load_file(folder / "model.safetensors")
    kept = {name: t for name, t in weights.items() if "contact_head" not in name}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    load_classifier(folder)
