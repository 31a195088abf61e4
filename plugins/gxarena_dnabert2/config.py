"""The network's sizes, read from an official-style config.json; imports no torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from gxarena.errors import InputError
from gxarena_torch.checkpoint_files import CONFIG_FILE


@dataclass(frozen=True)
class Config:
    """Sizes of a DNABERT-2 (MosaicBERT) network; names as in the official config.json.

    ``alibi_starting_size`` is kept for the official code's sake: here the bias is made for
    whatever length comes.
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    num_labels: int = 2
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.0
    layer_norm_eps: float = 1e-12
    type_vocab_size: int = 2
    alibi_starting_size: int = 512
    initializer_range: float = 0.02

    @classmethod
    def read(cls, folder: Path) -> Config:
        """Read ``config.json`` of a checkpoint's folder.

        Raises
        ------
        InputError
            No such folder or file, not JSON, sizes missing, or sizes that do not fit together.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: expected a checkpoint folder, found none.")
        path = folder / CONFIG_FILE
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(
                f"{folder}: expected a checkpoint folder with config.json, got "
                f"'{error.strerror}'. Pass checkpoint=FOLDER of a DNABERT-2 model."
            ) from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}: expected JSON, got a syntax error: {error}.") from error
        if not isinstance(document, dict):
            raise InputError(f"{path}: expected a table of sizes, got {str(document)[:40]}.")
        if "num_labels" not in document and "id2label" in document:
            document["num_labels"] = len(document["id2label"])
        known = {field.name for field in fields(cls)}
        required = [field.name for field in fields(cls)][:5]
        if missing := [name for name in required if name not in document]:
            raise InputError(
                f"{path}: expected the sizes of a DNABERT-2 network, got none for "
                f"{', '.join(missing)}. Is it another architecture?"
            )
        if (activation := document.get("hidden_act", "gelu")) != "gelu":
            raise InputError(
                f"{path}, hidden_act: expected 'gelu', got {activation!r}. "
                "Is it another architecture?"
            )
        config = cls(**{key: value for key, value in document.items() if key in known})
        for name in (*required, "num_labels", "type_vocab_size"):
            size = getattr(config, name)
            if type(size) is not int or size < 1:
                raise InputError(f"{path}, {name}: expected a positive number, got {size!r}.")
        if config.hidden_size % config.num_attention_heads:
            raise InputError(
                f"{path}: expected hidden_size to be a multiple of num_attention_heads, got "
                f"{config.hidden_size} and {config.num_attention_heads}."
            )
        return config

    def write(self, folder: Path, architecture: str) -> None:
        """Write ``config.json``; `architecture` is the official class's name."""
        document = asdict(self) | {"architectures": [architecture], "model_type": "bert"}
        (folder / CONFIG_FILE).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
