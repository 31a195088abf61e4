"""Weights on disk: official DNABERT-2 layouts in, safetensors out. Never pickle."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gxarena.errors import InputError
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.describe import is_hub_id
from gxarena_dnabert2.modeling import SequenceClassifier

WEIGHTS = "model.safetensors"
_FILES = (WEIGHTS, f"{WEIGHTS}.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_WANTED = ["*.json", "*.safetensors", "pytorch_model*.bin"]
_COMPLETE = ".gxarena-complete"
"""Marks a folder of the hub's cache whose files all arrived and were checked."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
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


def folder_of(checkpoint: str | Path) -> Path:
    """A local folder as it is; anything else is a hub id and is downloaded (or found cached)."""
    path = Path(checkpoint)
    if path.is_dir():
        return path
    if not is_hub_id(checkpoint):
        raise InputError(
            f"checkpoint '{checkpoint}': expected a checkpoint folder or a hub id owner/name, "
            "found no such folder."
        )
    from huggingface_hub.errors import HFValidationError
    from requests.exceptions import ChunkedEncodingError

    try:
        return _cached(str(checkpoint)) or _downloaded(str(checkpoint))
    except ChunkedEncodingError as error:
        raise InputError(
            f"checkpoint '{checkpoint}': expected a whole download, got an interruption. The same "
            "command continues it; without network, pass checkpoint=FOLDER."
        ) from error
    except (OSError, ValueError, HFValidationError) as error:
        raise InputError(
            f"checkpoint '{checkpoint}': expected a folder here or a model on the hub, got "
            f"neither ({type(error).__name__}). Without network, pass checkpoint=FOLDER."
        ) from error


def _cached(hub_id: str) -> Path | None:
    """The hub's files as an earlier download left them, where it was not cut off."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(hub_id, allow_patterns=_WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / _COMPLETE).is_file() else None


def _downloaded(hub_id: str) -> Path:
    """The hub's files, resumed where a download was cut off, and checked."""
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(hub_id, allow_patterns=_WANTED))
    for file in sorted(folder.rglob("*")):
        # The cache names a large file by the SHA-256 that the hub has of it, but never checks it.
        blob = file.resolve()
        if _SHA256.fullmatch(blob.name) and (found := _digest(blob)) != blob.name:
            blob.unlink()
            raise InputError(
                f"checkpoint '{hub_id}', {file.name}: expected a file of SHA-256 {blob.name}, got "
                f"one of {found}, which was not kept. Run the same command again, or pass "
                "checkpoint=FOLDER."
            )
    # Without network, what comes back may be an earlier download's part.
    if (weights := _weights_file(folder)) and (folder / "tokenizer.json").is_file():
        _shards(weights)
        # A cache that cannot be written is checked every time.
        with contextlib.suppress(OSError):
            (folder / _COMPLETE).touch()
    return folder


def _weights_file(folder: Path) -> Path | None:
    return next((folder / name for name in _FILES if (folder / name).is_file()), None)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Every tensor of a checkpoint, sharded or not, safetensors or .bin, under official names.

    Raises
    ------
    InputError
        No weights, or files that are truncated or hold more than tensors.
    """
    found = _weights_file(folder)
    if found is None:
        raise InputError(
            f"{folder}: expected weights ({', '.join(_FILES)}), got none of these files."
        )
    weights: dict[str, Tensor] = {}
    for file in _shards(found):
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
    network = SequenceClassifier(config)
    return network, load_into(network, read_weights(folder), folder, fresh_head=fresh_head)


def load_into(
    network: nn.Module, weights: dict[str, Tensor], where: Path, *, fresh_head: bool = False
) -> LoadReport:
    """Copy weights by name into a network."""
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
    network.load_state_dict({k: v for k, v in weights.items() if k in own}, strict=False)
    return LoadReport(missing, tuple(sorted(weights.keys() - own.keys())))


def write_weights(network: nn.Module, path: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write a network's weights atomically."""
    weights = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    temporary = path.with_name(f".{path.name}")
    save_file(weights, temporary, metadata={"format": "pt"})
    temporary.replace(path)


def _shards(found: Path) -> list[Path]:
    if not found.name.endswith(".index.json"):
        return [found]
    try:
        names = sorted(set(json.loads(found.read_text())["weight_map"].values()))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise InputError(f"{found}: expected an index with a weight_map, got none.") from error
    if missing := [name for name in names if not (found.parent / name).is_file()]:
        raise InputError(f"{found}: expected every shard it lists, got no {', '.join(missing)}.")
    return [found.parent / name for name in names]


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
