"""The two networks, as plain sequences of modules.

Every step is a module of its own, so that a rule can be hooked to it and no operation hides from
zennit; each ReLU is used once. Input (B, 4, L): one-hot over A, C, G, T, an N is a zero column.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from gxarena_cnn.config import CNNConfig, DeepSTARRConfig, NetworkConfig


class Network(nn.Module):
    """Convolutional blocks, then dense layers.

    Parameters
    ----------
    config : NetworkConfig
    features : nn.Sequential
        (B, 4, L) to (B, F).
    head : nn.Sequential
        (B, F) to logits (B, C).
    """

    def __init__(self, config: NetworkConfig, features: nn.Sequential, head: nn.Sequential) -> None:
        super().__init__()
        self.config = config
        self.features = features
        self.head = head

    def forward(self, one_hot: Tensor) -> Tensor:
        """Logits (B, C) of one-hot sequences (B, 4, L)."""
        logits: Tensor = self.head(self.features(one_hot))
        return logits


def cnn(config: CNNConfig) -> Network:
    """The Genomic Benchmarks CNN.

    Gresova et al. 2023, Genomic benchmarks, BMC Genomic Data 24:25; layers as in the authors'
    package (``genomic_benchmarks.models.torch.CNN``): three blocks of unpadded convolution,
    BatchNorm, ReLU and max-pooling by 2, then two dense layers without a non-linearity between.

    Two deviations. The published network looks letters up in a learned embedding of width 100;
    here the input is one-hot, which LRP needs, and which loses nothing: a convolution of an
    embedding is a convolution of the one-hot sequence with the product of the two matrices (only
    the published N has an embedding of its own; ours is zero). The published single sigmoid
    output is two logits here, so that either class can be explained.
    """
    channels = (4, *config.filters)
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += _block(nn.Conv1d(before, after, config.kernel))
    width = config.filters[-1] * config.pooled_length()
    head: list[nn.Module] = [nn.Dropout(config.dropout), nn.Linear(width, config.dense)]
    if config.hidden_relu:
        head.append(nn.ReLU())
    head += [nn.Dropout(config.dropout), nn.Linear(config.dense, config.n_outputs)]
    return Network(config, nn.Sequential(*layers, nn.Flatten()), nn.Sequential(*head))


def deepstarr(config: DeepSTARRConfig) -> Network:
    """DeepSTARR: four padded convolutional blocks, two hidden dense layers.

    de Almeida et al. 2022, DeepSTARR predicts enhancer activity from DNA sequence, Nature
    Genetics 54:613, Fig. 1 and Methods. Published for 249 bp; the input length is free here
    (Kurth et al. 2026, arXiv:2604.21690, section 4.3, extend it to 3,061 bp).
    """
    channels = (4, *config.filters)
    layers: list[nn.Module] = []
    for (before, after), kernel in zip(pairwise(channels), config.kernels, strict=True):
        layers += _block(nn.Conv1d(before, after, kernel, padding="same"))
    widths = (config.filters[-1] * config.pooled_length(), *config.dense)
    head: list[nn.Module] = []
    for before, after in pairwise(widths):
        head += [
            nn.Linear(before, after),
            nn.BatchNorm1d(after),
            nn.ReLU(),
            nn.Dropout(config.dropout),
        ]
    head.append(nn.Linear(widths[-1], config.n_outputs))
    return Network(config, nn.Sequential(*layers, nn.Flatten()), nn.Sequential(*head))


def build(config: NetworkConfig) -> Network:
    """The network a config describes."""
    if isinstance(config, CNNConfig):
        return cnn(config)
    if isinstance(config, DeepSTARRConfig):
        return deepstarr(config)
    raise TypeError(f"no network for a {type(config).__name__}")


def _block(convolution: nn.Conv1d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm1d(convolution.out_channels), nn.ReLU(), nn.MaxPool1d(2)]
