"""Checkpoint folders: ``config.json`` and ``model.safetensors``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from gxarena.errors import InputError
from gxarena.files import write_bytes, write_text
from gxarena_cnn.config import (
    NetworkConfig,
    config_json,
    read_config,
)
from gxarena_cnn.networks import Network, build
from gxarena_torch.checkpoint_files import CONFIG_FILE, SAFETENSORS
from gxarena_torch.outline import outlined

Precision = Literal["float32", "float16"]


def load_network(folder: str | Path, kind: type[NetworkConfig]) -> Network:
    """The network of a checkpoint folder, float32, in evaluation mode.

    Raises
    ------
    InputError
        Not a checkpoint of that architecture, truncated, or not all and only its weights.
    """
    config = read_config(folder, kind)
    path = Path(folder) / SAFETENSORS
    tensors = read_tensors(path)
    _check_names(path, outlined(lambda: build(config), path.parent), tensors)
    network = build(config)
    network.load_state_dict(tensors)
    return network.eval()


def save_network(network: Network, folder: Path, precision: Precision = "float32") -> None:
    """Write a checkpoint folder; with "float16" matrices and kernels are stored in half precision.

    Vectors (biases, BatchNorm's statistics) stay float32: they are few, and variances may not fit.
    """
    stored = {
        name: tensor.half() if precision == "float16" and tensor.ndim > 1 else tensor
        for name, tensor in network.state_dict().items()
    }
    write_tensors(stored, folder / SAFETENSORS)
    write_text(folder / CONFIG_FILE, config_json(network.config))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file; InputError where it is not one or is truncated."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: expected a complete safetensors file, got {error}. Copy or train it again."
        ) from error


def write_tensors(
    tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None
) -> None:
    """Write a safetensors file; a reader never sees half of it."""
    packed = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(packed, metadata))


def _check_names(path: Path, network: nn.Module, tensors: dict[str, Tensor]) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    missing, unexpected = expected.keys() - tensors.keys(), tensors.keys() - expected.keys()
    if missing or unexpected:
        raise InputError(
            f"{path}: expected exactly the weights of {CONFIG_FILE}'s network, got "
            f"missing: {', '.join(sorted(missing)) or 'none'}; "
            f"unexpected: {', '.join(sorted(unexpected)) or 'none'}."
        )
    for name, shape in expected.items():
        if tuple(tensors[name].shape) != shape:
            raise InputError(
                f"{path}: expected '{name}' of shape {shape}, as {CONFIG_FILE} says, "
                f"got {tuple(tensors[name].shape)}."
            )
        if tensors[name].is_floating_point() and not torch.isfinite(tensors[name]).all():
            raise InputError(f"{path}: expected finite weights, got NaN or infinity in '{name}'.")
