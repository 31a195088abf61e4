"""The layers are the published ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gxarena_cnn.config import CNNConfig, DeepSTARRConfig, NetworkConfig
from gxarena_cnn.networks import build


def layers(config: NetworkConfig) -> list[str]:
    network = build(config)
    return [type(module).__name__ for module in [*network.features, *network.head]]


def test_cnn_has_the_published_layers() -> None:
    """The publication's PyTorch definition, its embedding folded into the first convolution."""
    network = build(CNNConfig(input_length=251))
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv1d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size[0]) for c in convolutions] == [
        (4, 16, 8),
        (16, 8, 8),
        (8, 4, 8),
    ]
    dense = [m for m in network.modules() if isinstance(m, nn.Linear)]
    # 251 -> 244 -> 122 -> 115 -> 57 -> 50 -> 25 positions of 4 filters
    assert [(d.in_features, d.out_features) for d in dense] == [(100, 512), (512, 2)]
    block = ["Conv1d", "BatchNorm1d", "ReLU", "MaxPool1d"]
    assert layers(CNNConfig(input_length=251)) == [
        *block * 3,
        "Flatten",
        *["Dropout", "Linear"] * 2,
    ]


@pytest.mark.parametrize(("length", "positions"), [(249, 15), (1001, 62), (3061, 191)])
def test_deepstarr_has_the_published_layers_at_any_length(length: int, positions: int) -> None:
    config = DeepSTARRConfig(input_length=length)
    network = build(config)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv1d)]
    assert [(c.out_channels, c.kernel_size[0], c.padding) for c in convolutions] == [
        (256, 7, "same"),
        (60, 3, "same"),
        (60, 5, "same"),
        (120, 3, "same"),
    ]
    dense = [m for m in network.modules() if isinstance(m, nn.Linear)]
    assert [(d.in_features, d.out_features) for d in dense] == [
        (120 * positions, 256),
        (256, 256),
        (256, 2),
    ]
    block = ["Conv1d", "BatchNorm1d", "ReLU", "MaxPool1d"]
    hidden = ["Linear", "BatchNorm1d", "ReLU", "Dropout"]
    assert layers(config) == [*block * 4, "Flatten", *hidden * 2, "Linear"]


def test_an_embedding_is_a_one_hot_convolution() -> None:
    """Why one-hot input loses nothing against the published embedding."""
    generator = torch.Generator().manual_seed(0)
    embedding = torch.randn(4, 100, generator=generator)
    kernel = torch.randn(16, 100, 8, generator=generator)
    letters = torch.randint(0, 4, (3, 40), generator=generator)
    published = nn.functional.conv1d(embedding[letters].transpose(1, 2), kernel)
    one_hot = nn.functional.one_hot(letters, 4).float().transpose(1, 2)
    ours = nn.functional.conv1d(one_hot, torch.einsum("ce,oek->ock", embedding, kernel))
    torch.testing.assert_close(ours, published, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("config", [CNNConfig(input_length=251), DeepSTARRConfig(input_length=64)])
def test_every_relu_is_used_once(config: NetworkConfig) -> None:
    network = build(config).eval()
    calls: list[nn.Module] = []
    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda module, *_: calls.append(module))
    network(torch.zeros(1, 4, config.input_length))
    assert len(calls) == len(set(calls))
