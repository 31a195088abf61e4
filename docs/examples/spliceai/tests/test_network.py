"""The network is the published one, and what it leaves out changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from gxarena_spliceai.describe import INPUT_LENGTH
from gxarena_spliceai.network import CONTEXT
from gxarena_spliceai.weights import load
from torch import Tensor
from torch.nn import functional as F

from gxarena.errors import InputError


def one_hot(n: int, seed: int = 0) -> Tensor:
    letters = np.random.default_rng(seed).integers(0, 4, (n, INPUT_LENGTH))
    return torch.eye(4)[torch.from_numpy(letters)].transpose(1, 2).contiguous()


def as_written(path: Path, x: Tensor) -> Tensor:
    """The logits of the middle, layer by layer as a file's own `model_config` says."""
    with h5py.File(path, "r") as file:
        config = json.loads(file.attrs["model_config"])
        done: dict[str, Tensor] = {}
        for layer in config["config"]["layers"]:
            name, kind, asked = layer["name"], layer["class_name"], layer["config"]
            given = [done[one[0]] for one in (layer["inbound_nodes"] or [[]])[0]]
            if kind == "InputLayer":
                done[name] = x
            elif kind == "Conv1D":
                kernel, bias = (_of(file, name, part) for part in ("kernel", "bias"))
                done[name] = F.conv1d(
                    given[0],
                    kernel.permute(2, 1, 0),
                    bias,
                    padding=asked["padding"],
                    dilation=asked["dilation_rate"],
                )
            elif kind == "BatchNormalization":
                mean, variance, gamma, beta = (
                    _of(file, name, part)
                    for part in ("moving_mean", "moving_variance", "gamma", "beta")
                )
                done[name] = F.batch_norm(
                    given[0], mean, variance, gamma, beta, eps=asked["epsilon"]
                )
            elif kind == "Activation":
                assert asked["activation"] == "relu"
                done[name] = given[0].relu()
            elif kind == "Add":
                done[name] = given[0] + given[1]
            else:
                assert kind == "Cropping1D"
                before, behind = asked["cropping"]
                done[name] = given[0][..., before:-behind]
        return done[name][..., 0]


def _of(file: Any, layer: str, part: str) -> Tensor:
    return torch.from_numpy(np.asarray(file[f"model_weights/{layer}/{layer}/{part}:0"]))


@pytest.mark.slow
def test_it_is_the_published_network(published: Path) -> None:
    x = one_hot(1)
    with torch.inference_mode():
        torch.testing.assert_close(load(published)(x), as_written(published, x), rtol=0, atol=1e-4)


def test_it_reads_all_that_the_published_one_reads(untrained: Path) -> None:
    network, x = load(untrained), one_hot(1).requires_grad_()
    network(x)[0, 1].backward()
    reached = x.grad[0].abs().sum(0)
    assert x.shape[-1] == 2 * CONTEXT + 1 == 10_001
    assert reached[0] > 0
    assert reached[-1] > 0


@pytest.mark.parametrize("radius", [0, 7, 100])
def test_margins_change_nothing(untrained: Path, radius: int) -> None:
    network, x = load(untrained), one_hot(2)
    middle = slice(CONTEXT - radius, CONTEXT + radius + 1)
    changed = x.clone()
    changed[..., middle] = 0
    with torch.inference_mode():
        expected = network(x)
        margins = network.margins(changed, radius)
        torch.testing.assert_close(network(x[..., middle], margins), expected, rtol=0, atol=1e-5)
        assert (network(changed) - expected).abs().min() > 1e-4


def test_margins_save_most_of_the_work(untrained: Path) -> None:
    network, x, done = load(untrained), one_hot(1), [0]

    def count(module: Any, _inputs: Any, made: Tensor) -> None:
        done[0] += made.numel() * module.weight[0].numel()

    with torch.inference_mode():
        margins = network.margins(x, 100)
        for module in network.modules():
            if isinstance(module, torch.nn.Conv1d):
                module.register_forward_hook(count)
        network(x)
        whole = done[0]
        network(x[..., CONTEXT - 100 : CONTEXT + 101], margins)
    assert whole < 7e9 / 3
    assert done[0] - whole < whole / 10


def test_files_that_are_not_its_weights_are_one_sentence(tmp_path: Path, untrained: Path) -> None:
    bad = tmp_path / "bad.h5"
    bad.write_bytes(untrained.read_bytes()[:1000])
    with pytest.raises(InputError, match="expected a Keras file of SpliceAI-10k's weights"):
        load(bad)
    with h5py.File(bad, "w") as file:
        file["model_weights/conv1d_1/conv1d_1/kernel:0"] = np.zeros((1, 4, 32))
    with pytest.raises(InputError, match="expected a Keras file of SpliceAI-10k's weights"):
        load(bad)
    with pytest.raises(InputError, match="expected one of 1, 2, 3, 4, 5 or a Keras file, got '6'"):
        load("6")
