"""Loading and saving weights: official DNABERT-2 layouts in, safetensors out. Never pickle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from gxarena.errors import InputError
from gxarena.files import write_bytes
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.network import SequenceClassifier
from gxarena_torch.checkpoint_files import WEIGHTS, shards, weights_file
from gxarena_torch.outline import outlined

_HEAD = ("classifier.", "bert.pooler.")


@dataclass(frozen=True)
class LoadReport:
    """How a checkpoint's weights met the network's.

    Attributes
    ----------
    missing : tuple of str
        The network's weights that the checkpoint lacks; freshly initialised.
    unexpected : tuple of str
        Weights in the checkpoint that the network has no use for (e.g. the language head).
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Every tensor of a checkpoint, sharded or not, safetensors or .bin, under official names.

    Raises
    ------
    InputError
        No weights, or files that are truncated or hold more than tensors.
    """
    found = weights_file(folder)
    if found is None:
        raise InputError(
            f"{folder}: expected weights ({', '.join(WEIGHTS)}), got none of these files."
        )
    weights: dict[str, Tensor] = {}
    for file in shards(found):
        weights |= _read(file)
    return {_official(name): tensor for name, tensor in weights.items()}


def load_classifier(
    folder: Path, *, fresh_head: bool = False
) -> tuple[SequenceClassifier, LoadReport]:
    """A classifier with a checkpoint's weights, and what did not match.

    Parameters
    ----------
    folder : Path
    fresh_head : bool
        Accept a checkpoint without pooler or classifier (for fine-tuning).

    Raises
    ------
    InputError
        Weights are missing, of another shape, or the checkpoint is not fine-tuned.
    """
    config = Config.read(folder)
    weights = read_weights(folder)
    outline = outlined(lambda: SequenceClassifier(config), folder)
    _compared(outline, weights, folder, fresh_head)
    network = SequenceClassifier(config)
    return network, load_into(network, weights, folder, fresh_head=fresh_head)


def load_into(
    network: nn.Module, weights: dict[str, Tensor], where: Path, *, fresh_head: bool = False
) -> LoadReport:
    """Copy weights by name into a network."""
    report = _compared(network, weights, where, fresh_head)
    unexpected = set(report.unexpected)
    network.load_state_dict({k: v for k, v in weights.items() if k not in unexpected}, strict=False)
    return report


def _compared(
    network: nn.Module, weights: dict[str, Tensor], where: Path, fresh_head: bool
) -> LoadReport:
    """What the two do not share; InputError where a network cannot be made of the weights."""
    own = network.state_dict()
    for name in sorted(own.keys() & weights.keys()):
        if own[name].shape != weights[name].shape:
            raise InputError(
                f"{where}, weight '{name}': expected shape {tuple(own[name].shape)} by its "
                f"config.json, got {tuple(weights[name].shape)}. Is it another architecture?"
            )
    missing = tuple(sorted(own.keys() - weights.keys()))
    body = [name for name in missing if not name.startswith(_HEAD)]
    if body:
        raise InputError(
            f"{where}: expected the weights of a DNABERT-2 network, got none for {len(body)} of "
            f"{len(own)}, e.g. {', '.join(body[:3])}. Is it another architecture, or truncated?"
        )
    if missing and not fresh_head:
        raise InputError(
            f"{where}: expected a fine-tuned classifier, got no {', '.join(missing)}. "
            "Fine-tune it first: gxarena train RECIPE.toml with checkpoint in its settings."
        )
    return LoadReport(missing, tuple(sorted(weights.keys() - own.keys())))


def write_weights(network: nn.Module, path: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write a network's weights, whole or not at all."""
    weights = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    write_bytes(path, save(weights, metadata={"format": "pt"}))


def _read(file: Path) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        weights = torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(
            f"{file}: expected whole weights, got a file that does not read "
            f"({str(error).splitlines()[0]}). Is it truncated?"
        ) from error
    # torch's own refusal of anything but tensors comes as an UnpicklingError.
    except Exception as error:
        raise InputError(
            f"{file}: expected tensors only, got something that torch refuses to load safely "
            f"({type(error).__name__})."
        ) from error
    if not isinstance(weights, dict) or not all(isinstance(v, Tensor) for v in weights.values()):
        raise InputError(f"{file}: expected a mapping of names to tensors, got something else.")
    return weights


def _official(name: str) -> str:
    """With the ``bert.`` prefix that checkpoints of the bare encoder lack."""
    bare = name.startswith(("embeddings.", "encoder.", "pooler."))
    return f"bert.{name}" if bare else name
