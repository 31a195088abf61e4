"""Which files of a checkpoint's folder are its weights, its tokenizer, its configuration.

Imports no torch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gxarena.errors import InputError
from gxarena.identity import WEIGHTS_INDEX

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
VOCABULARY_FILE = "vocab.txt"
SAFETENSORS = "model.safetensors"
_PICKLED = "pytorch_model.bin"
WEIGHTS = (
    SAFETENSORS,
    f"{SAFETENSORS}{WEIGHTS_INDEX}",
    _PICKLED,
    f"{_PICKLED}{WEIGHTS_INDEX}",
)
"""Names of weights, the first that is there is read."""

TOKENIZER = (
    TOKENIZER_FILE,
    "tokenizer_config.json",
    "special_tokens_map.json",
    VOCABULARY_FILE,
)
"""Names of what a tokenizer is read from."""

_READ = ("*.safetensors", "*.bin", f"*{WEIGHTS_INDEX}", CONFIG_FILE, *TOKENIZER)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds a mapping.

    Raises
    ------
    InputError
        The file cannot be read, or holds something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got '{error.strerror}'.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, got a syntax error: {error}.") from error
    if not isinstance(document, dict):
        raise InputError(f"{path}: expected a JSON object, got {str(document)[:40]}.")
    return document


def weights_file(folder: Path) -> Path | None:
    """The weights, or the index of their shards; None where there are none."""
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


def shards(weights: Path) -> list[Path]:
    """The files that hold the tensors: those that an index names, or the one file itself.

    Raises
    ------
    InputError
        No index, or one that names a file that is not there.
    """
    if not weights.name.endswith(WEIGHTS_INDEX):
        return [weights]
    named = read_json(weights).get("weight_map")
    if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
        raise InputError(f"{weights}: expected an index with a weight_map, got none.")
    names = sorted(set(named.values()))
    if missing := [name for name in names if not (weights.parent / name).is_file()]:
        raise InputError(f"{weights}: expected every shard it lists, got no {', '.join(missing)}.")
    return [weights.parent / name for name in names]


def files_read(folder: Path) -> tuple[str, ...]:
    """Paths of the files that decide a model's outputs, but for shards, which the index names."""
    return tuple(sorted(str(file) for kind in _READ for file in folder.glob(kind)))
