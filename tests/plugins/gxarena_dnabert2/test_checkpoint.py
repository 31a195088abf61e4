from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from gxarena.errors import InputError
from gxarena_dnabert2.checkpoint import (
    load_classifier,
    load_into,
    read_weights,
    write_weights,
)
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.training.masked_lm import MaskedLM

Checkpoints = Callable[..., Path]
SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"


def _weights(folder: Path) -> dict[str, Tensor]:
    weights = load_file(folder / SAFE)
    # A memory-mapped file cannot be written over.
    return {name: tensor.clone() for name, tensor in weights.items()}


def _replace(folder: Path, weights: dict[str, Tensor], layout: str) -> None:
    (folder / SAFE).unlink()
    if layout == "safetensors":
        save_file(weights, folder / SAFE)
    elif layout == "bin":
        torch.save(weights, folder / PICKLED)
    else:
        _write_shards(folder, weights, layout.removesuffix(" shards"))


def _write_shards(folder: Path, weights: dict[str, Tensor], kind: str) -> None:
    names = sorted(weights)
    halves = {"1-of-2": names[::2], "2-of-2": names[1::2]}
    stem, _, suffix = (SAFE if kind == "safetensors" else PICKLED).partition(".")
    files = {part: f"{stem}-{part}.{suffix}" for part in halves}
    for part, members in halves.items():
        tensors = {name: weights[name] for name in members}
        path = folder / files[part]
        save_file(tensors, path) if kind == "safetensors" else torch.save(tensors, path)
    where = {name: files[part] for part, members in halves.items() for name in members}
    index = folder / f"{stem}.{suffix}.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": where}))


@pytest.mark.parametrize("layout", ["safetensors", "bin", "safetensors shards", "bin shards"])
@pytest.mark.parametrize("prefixed", [True, False])
def test_every_layout_gives_the_same_network(
    make_checkpoint: Checkpoints, layout: str, prefixed: bool
) -> None:
    folder = make_checkpoint()
    weights = _weights(folder)
    stored = weights if prefixed else {k.removeprefix("bert."): t for k, t in weights.items()}
    _replace(folder, stored, layout)
    network, report = load_classifier(folder)
    assert report.missing == report.unexpected == ()
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, weights[name]), name


def test_half_precision_is_read_back_as_float32(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    network, _ = load_classifier(folder)
    write_weights(network, folder / SAFE, torch.float16)
    assert load_file(folder / SAFE)["classifier.weight"].dtype == torch.float16
    read, _ = load_classifier(folder)
    assert {p.dtype for p in read.parameters()} == {torch.float32}
    for name, tensor in read.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name].half().float()), name


def test_unexpected_weights_are_reported(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    extra = {"cls.predictions.bias": torch.zeros(3), "other": torch.zeros(1)}
    _replace(folder, _weights(folder) | extra, "safetensors")
    _, report = load_classifier(folder)
    assert report.unexpected == ("cls.predictions.bias", "other")


def test_a_pretrained_network_is_no_classifier(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint(masked=True)
    with pytest.raises(InputError, match=r"expected a fine-tuned classifier.*Fine-tune it first"):
        load_classifier(folder)


def test_a_pretrained_network_can_be_fine_tuned(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint(masked=True)
    network, report = load_classifier(folder, fresh_head=True)
    heads = {name.rpartition(".")[0] for name in report.missing}
    assert heads == {"bert.pooler.dense", "classifier"}
    stored = _weights(folder)
    for name, tensor in network.bert.encoder.state_dict().items():
        assert torch.equal(tensor, stored[f"bert.encoder.{name}"]), name


def test_a_masked_language_model_survives_a_round_trip(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint(masked=True)
    torch.manual_seed(9)
    network = MaskedLM(Config.read(folder))
    report = load_into(network, read_weights(folder), folder)
    assert report.missing == report.unexpected == ()
    assert torch.equal(
        network.state_dict()["cls.predictions.decoder.bias"],
        _weights(folder)["cls.predictions.decoder.bias"],
    )


def _error(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_classifier(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert folder.name in message
    return message


def test_another_architecture(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    renamed = {name.replace("Wqkv", "query"): t for name, t in _weights(folder).items()}
    _replace(folder, renamed, "safetensors")
    assert re.search(r"expected the weights of a DNABERT-2 network.*Wqkv", _error(folder))


def test_another_shape(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    weights = _weights(folder)
    weights["classifier.weight"] = torch.zeros(3, 24)
    _replace(folder, weights, "safetensors")
    assert "'classifier.weight': expected shape (2, 24)" in _error(folder)


@pytest.mark.parametrize("text", ["{", "[" * 100_000], ids=["cut", "deep"])
def test_a_config_that_does_not_read(make_checkpoint: Checkpoints, text: str) -> None:
    folder = make_checkpoint()
    (folder / "config.json").write_text(text)
    assert "config.json: expected JSON, got a syntax error" in _error(folder)


@pytest.mark.parametrize("name", ["vocab_size", "intermediate_size"])
def test_a_network_beyond_all_memory(make_checkpoint: Checkpoints, name: str) -> None:
    """Nothing of that size is allocated: torch could not, and says so in its own words."""
    folder = make_checkpoint()
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {name: 10**13}))
    assert "by its config.json, got" in _error(folder)


@pytest.mark.parametrize("layout", ["safetensors", "bin"])
def test_a_truncated_file(make_checkpoint: Checkpoints, layout: str) -> None:
    folder = make_checkpoint()
    _replace(folder, _weights(folder), layout)
    path = folder / (SAFE if layout == "safetensors" else PICKLED)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "expected" in _error(folder)


def test_a_pickle_that_would_run_code_is_refused(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    (folder / SAFE).unlink()
    # Path is no tensor: unpickling it calls a constructor.
    torch.save({"classifier.weight": Path("nowhere")}, folder / PICKLED)
    assert "expected tensors only" in _error(folder)


def test_no_weights(make_checkpoint: Checkpoints) -> None:
    folder = make_checkpoint()
    (folder / SAFE).unlink()
    assert "got none of these files" in _error(folder)
