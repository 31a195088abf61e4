"""Checkpoints as the official DNABERT-2 code writes them: twelve layers, every layout and head.

Names and shapes are written down here from the official layout (MosaicBERT's), apart from our
network's own, so that a name that drifts in either fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from gxarena_dnabert2.checkpoint import LoadReport, load_classifier
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.describe import describe
from gxarena_dnabert2.model import DNABERT2

LAYOUTS = ("model.safetensors", "pytorch_model.bin")
HEAD = ("classifier.bias", "classifier.weight")
POOLER = ("bert.pooler.dense.bias", "bert.pooler.dense.weight")
LANGUAGE_HEAD = (
    "cls.predictions.decoder.bias",
    "cls.predictions.decoder.weight",
    "cls.predictions.transform.LayerNorm.bias",
    "cls.predictions.transform.LayerNorm.weight",
    "cls.predictions.transform.dense.bias",
    "cls.predictions.transform.dense.weight",
)
SMALL = {"hidden_size": 24, "intermediate_size": 32, "vocab_size": 48}
"""Sizes in place of the official ones where time matters; layers and heads stay twelve."""


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The official config.json."""
    path = Path(__file__).parents[4] / "shared" / "golden" / "dnabert2-117M-config.json"
    if not path.is_file():
        pytest.skip("needs ../shared/golden, which is not here")
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.fixture(scope="session")
def small(official: dict[str, Any]) -> dict[str, Any]:
    return official | SMALL


def _shapes(config: dict[str, Any], kind: str) -> dict[str, tuple[int, ...]]:
    """Every weight of a bare "encoder", a "language" model or a "classifier"."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], width),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for number in range(config["num_hidden_layers"]):
        shapes |= {
            f"encoder.layer.{number}.{name}": shape
            for name, shape in {
                "attention.self.Wqkv.weight": (3 * width, width),
                "attention.self.Wqkv.bias": (3 * width,),
                "attention.output.dense.weight": (width, width),
                "attention.output.dense.bias": (width,),
                "attention.output.LayerNorm.weight": (width,),
                "attention.output.LayerNorm.bias": (width,),
                "mlp.gated_layers.weight": (2 * inner, width),
                "mlp.wo.weight": (width, inner),
                "mlp.wo.bias": (width,),
                "mlp.layernorm.weight": (width,),
                "mlp.layernorm.bias": (width,),
            }.items()
        }
    if kind != "language":
        shapes |= {"pooler.dense.weight": (width, width), "pooler.dense.bias": (width,)}
    shapes = {f"bert.{name}": shape for name, shape in shapes.items()}
    if kind == "classifier":
        shapes |= {"classifier.weight": (2, width), "classifier.bias": (2,)}
    if kind == "language":
        like = {"weight": (width, width), "bias": (width,)}
        shapes |= {f"cls.predictions.transform.dense.{k}": s for k, s in like.items()}
        shapes |= {f"cls.predictions.transform.LayerNorm.{k}": (width,) for k in like}
        shapes["cls.predictions.decoder.weight"] = (config["vocab_size"], width)
        shapes["cls.predictions.decoder.bias"] = (config["vocab_size"],)
    return shapes


def _weights(config: dict[str, Any], kind: str) -> dict[str, Tensor]:
    """Random weights; the language head's decoder is the word embeddings, as published."""
    generator = torch.Generator().manual_seed(4)
    weights = {
        name: 0.05 * torch.randn(shape, generator=generator)
        for name, shape in _shapes(config, kind).items()
    }
    if kind == "language":
        tied = weights["bert.embeddings.word_embeddings.weight"].clone()
        weights["cls.predictions.decoder.weight"] = tied
    return weights


def _write(
    folder: Path, config: dict[str, Any], weights: dict[str, Tensor], file: str, shards: int
) -> Path:
    """A checkpoint folder; sharded as transformers does, with its names and its index."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    stem, _, suffix = file.partition(".")
    names = [
        file if shards == 1 else f"{stem}-{n + 1:05d}-of-{shards:05d}.{suffix}"
        for n in range(shards)
    ]
    place = {weight: names[i * shards // len(weights)] for i, weight in enumerate(weights)}
    for name in names:
        part = {weight: weights[weight] for weight in weights if place[weight] == name}
        if suffix == "safetensors":
            save_file(part, folder / name, metadata={"format": "pt"})
        else:
            torch.save(part, folder / name)
    if shards > 1:
        size = sum(tensor.nbytes for tensor in weights.values())
        index = {"metadata": {"total_size": size}, "weight_map": place}
        (folder / f"{file}.index.json").write_text(json.dumps(index))
    return folder


def _bare(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("bert."): tensor for name, tensor in weights.items()}


def _check(folder: Path, weights: dict[str, Tensor], report: LoadReport) -> None:
    """Loaded with exactly that report, and every other weight is the file's."""
    network, got = load_classifier(folder, fresh_head=bool(report.missing))
    assert got == report
    own = network.state_dict()
    assert set(own) == (set(weights) | set(report.missing)) - set(report.unexpected)
    for name in own.keys() - set(report.missing):
        assert torch.equal(own[name], weights[name]), name


@pytest.mark.parametrize("file", LAYOUTS)
@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("prefixed", [True, False])
@pytest.mark.parametrize(
    ("kind", "report"),
    [
        ("classifier", LoadReport((), ())),
        ("encoder", LoadReport(HEAD, ())),
        ("language", LoadReport(POOLER + HEAD, LANGUAGE_HEAD)),
    ],
)
def test_every_layout_is_reported_exactly(
    tmp_path: Path,
    small: dict[str, Any],
    file: str,
    shards: int,
    prefixed: bool,
    kind: str,
    report: LoadReport,
) -> None:
    weights = _weights(small, kind)
    stored = weights if prefixed else _bare(weights)
    _check(_write(tmp_path / "it", small, stored, file, shards), weights, report)


def test_a_language_model_that_kept_its_pooler(tmp_path: Path, small: dict[str, Any]) -> None:
    """The encoder's own class writes one even where nothing is trained on it."""
    pooler = {k: v for k, v in _weights(small, "encoder").items() if k in POOLER}
    weights = _weights(small, "language") | pooler
    folder = _write(tmp_path / "it", small, weights, "pytorch_model.bin", 1)
    _check(folder, weights, LoadReport(HEAD, LANGUAGE_HEAD))


def test_buffers_of_older_code_are_unexpected_and_harmless(
    tmp_path: Path, small: dict[str, Any]
) -> None:
    weights = _weights(small, "classifier")
    extra = {
        "bert.embeddings.position_ids": torch.arange(512)[None],
        "bert.encoder.alibi": torch.zeros(1),
    }
    folder = _write(tmp_path / "it", small, weights | extra, "pytorch_model.bin", 1)
    _check(folder, weights | extra, LoadReport((), tuple(sorted(extra))))


def test_outputs_are_the_same_whatever_the_layout(
    tmp_path: Path, small: dict[str, Any], tokenizer_json: str
) -> None:
    weights = _weights(small, "classifier")
    sequences = ["ACGTTGCA" * 9, "GATTACA" * 4, "N" * 7]
    outputs = []
    for number, (file, shards, stored) in enumerate(_layouts(weights)):
        folder = _write(tmp_path / str(number), small, stored, file, shards)
        (folder / "tokenizer.json").write_text(tokenizer_json)
        model = DNABERT2(folder, device="cpu")
        assert model.report == LoadReport((), ())
        outputs.append(model.predict(sequences))
    assert outputs[0].shape == (3, 2)
    assert np.ptp(outputs[0], axis=0).min() > 0, "an output that depends on its input"
    for other in outputs[1:]:
        np.testing.assert_array_equal(other, outputs[0])


def _layouts(weights: dict[str, Tensor]) -> Iterator[tuple[str, int, dict[str, Tensor]]]:
    for file in LAYOUTS:
        for shards in (1, 2):
            yield file, shards, weights
            yield file, shards, _bare(weights)


def test_the_official_config_is_read(tmp_path: Path, official: dict[str, Any]) -> None:
    (tmp_path / "config.json").write_text(json.dumps(official))
    config = Config.read(tmp_path)
    assert (config.num_hidden_layers, config.num_attention_heads) == (12, 12)
    assert (config.hidden_size, config.intermediate_size, config.vocab_size) == (768, 3072, 4096)
    assert describe(tmp_path).n_outputs == 2


@pytest.mark.slow
@pytest.mark.parametrize(("file", "shards"), [("pytorch_model.bin", 1), ("model.safetensors", 2)])
def test_the_official_size(
    tmp_path: Path, official: dict[str, Any], file: str, shards: int
) -> None:
    weights = _weights(official, "language")
    trained = sum(t.numel() for t in weights.values()) - weights[LANGUAGE_HEAD[1]].numel()
    assert round(trained / 1e6) == 117, "the model's name says so"
    folder = _write(tmp_path / "it", official, weights, file, shards)
    _check(folder, weights, LoadReport(POOLER + HEAD, LANGUAGE_HEAD))
