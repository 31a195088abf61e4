"""The published weights, Keras' HDF5, as parameters of `gxarena_spliceai.network`."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gxarena.errors import InputError
from gxarena_spliceai.distribution import weights_path
from gxarena_spliceai.network import SpliceAI

_EPSILON = 0.001
"""Of every BatchNorm, as the files' own `model_config` says."""


def load(checkpoint: str | Path) -> SpliceAI:
    """The network of a checkpoint, in evaluation mode."""
    path = weights_path(checkpoint)
    try:
        with h5py.File(path, "r") as file:
            state = _state(_Keras(file["model_weights"]))
    except (OSError, KeyError) as error:
        raise InputError(
            f"{path}: expected a Keras file of SpliceAI-10k's weights, got {error}."
        ) from error
    network = SpliceAI()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"{path}: expected SpliceAI-10k's weights, got {error}.") from error
    return network.eval()


class _Keras:
    """Layers of a Keras file, which numbers them in the order in which they were made."""

    def __init__(self, layers: h5py.Group) -> None:
        self._layers = layers

    def convolution(self, number: int) -> tuple[Tensor, Tensor]:
        """Weights (out, in, width), of (width, in, out); and biases."""
        name = f"conv1d_{number}"
        return _tensor(self._of(name, "kernel").transpose(2, 1, 0)), _tensor(self._of(name, "bias"))

    def normalisation(self, number: int) -> tuple[Tensor, Tensor]:
        """A BatchNorm in evaluation as a factor and a summand of each channel."""
        name = f"batch_normalization_{number}"
        variance, mean = self._of(name, "moving_variance"), self._of(name, "moving_mean")
        factor = self._of(name, "gamma") / np.sqrt(variance + _EPSILON)
        return _tensor(factor), _tensor(self._of(name, "beta") - mean * factor)

    def _of(self, layer: str, name: str) -> NDArray[np.float64]:
        return np.asarray(self._layers[layer][layer][f"{name}:0"], dtype=np.float64)


def _state(keras: _Keras) -> dict[str, Tensor]:
    """The network's parameters by name."""
    state: dict[str, Tensor] = {}

    def put(name: str, weight: Tensor, bias: Tensor) -> None:
        state[f"{name}.weight"], state[f"{name}.bias"] = weight.float(), bias.float()

    # In their order: the first layer, the skip of it, then of each group eight convolutions of its
    # units and the skip of it, at last the head.
    put("first", *keras.convolution(1))
    put("skips.0", *keras.convolution(2))
    for unit in range(16):
        number = 3 + 2 * unit + unit // 4
        factor, summand = keras.normalisation(2 * unit + 1)
        put(f"units.{unit}.norm", factor[:, None, None], summand)
        weight, bias = keras.convolution(number)
        factor, summand = keras.normalisation(2 * unit + 2)
        put(f"units.{unit}.first", weight * factor[:, None, None], bias * factor + summand)
        put(f"units.{unit}.second", *keras.convolution(number + 1))
    for group in range(1, 5):
        put(f"skips.{group}", *keras.convolution(2 + 9 * group))
    put("head", *keras.convolution(39))
    return state


def _tensor(array: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))
