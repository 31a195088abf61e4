"""Small networks with weights, biases and BatchNorm statistics that all matter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from gxarena_cnn.config import CNNConfig, NetworkConfig
from gxarena_cnn.model import OneHotModel
from gxarena_cnn.networks import Network, build

SMALL = CNNConfig(input_length=30, filters=(5, 4), kernel=3, dense=6, hidden_relu=True)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def make_network() -> Callable[..., Network]:
    """A network of a config with random parameters, without any bias on request."""

    def make(config: NetworkConfig = SMALL, bias: bool = True, seed: int = 0) -> Network:
        generator = torch.Generator().manual_seed(seed)
        network = build(config)

        def normal(like: torch.Tensor, scale: float) -> torch.Tensor:
            return torch.randn(like.shape, generator=generator) * scale

        with torch.no_grad():
            for module in network.modules():
                if isinstance(module, nn.Conv1d | nn.Linear):
                    fan_in = module.weight[0].numel()
                    module.weight.copy_(normal(module.weight, fan_in**-0.5))
                    module.bias.copy_(normal(module.bias, 0.3 * bias))
                if isinstance(module, nn.BatchNorm1d):
                    module.weight.copy_(1 + normal(module.weight, 0.1).abs())
                    module.bias.copy_(normal(module.bias, 0.3 * bias))
                    module.running_mean.copy_(normal(module.running_mean, 0.3 * bias))
                    module.running_var.copy_(0.5 + normal(module.running_var, 0.3).abs())
        return network.eval()

    return make


@pytest.fixture
def make_model(make_network: Callable[..., Network]) -> Callable[..., OneHotModel]:
    def make(
        config: NetworkConfig = SMALL, bias: bool = True, seed: int = 0, batch_size: int = 4
    ) -> OneHotModel:
        return OneHotModel(make_network(config, bias, seed), "cpu", batch_size)

    return make


@pytest.fixture
def sequences() -> tuple[str, ...]:
    """Ten random sequences of 24 to 30 nucleotides, some with N."""
    rng = np.random.default_rng(0)
    letters = list("ACGTN")
    return tuple(
        "".join(rng.choice(letters, size=length, p=[0.24, 0.24, 0.24, 0.24, 0.04]))
        for length in rng.integers(24, 31, size=10)
    )
