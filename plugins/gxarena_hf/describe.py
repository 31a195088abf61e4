"""What planning may know of a checkpoint without loading it; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gxarena.hookspecs import Facts
from gxarena_hf.vocabulary import read_vocabulary
from gxarena_torch.checkpoint_files import CONFIG_FILE, TOKENIZER_FILE, files_read, read_json
from gxarena_torch.hub import is_hub_id, no_such_folder

_OFFSET_POSITIONS = ("esm", "roberta", "xlm-roberta", "camembert")
"""Architectures whose first learnt position is the one after the padding token's id."""


def describe(checkpoint: str | Path, tokens: str = "auto", **_: object) -> Facts:
    """Facts of a checkpoint folder; none of one that is still on the hub.

    ``max_length`` is a bound: where tokens differ in length, a shorter sequence may have too many
    as well, which the model says when it meets one.
    """
    folder = Path(checkpoint)
    if not folder.is_dir():
        if is_hub_id(checkpoint):
            return Facts()
        raise no_such_folder(checkpoint)
    config = read_json(folder / CONFIG_FILE)
    limit = positions(config)
    vocabulary = read_vocabulary(folder, tokens)
    return Facts(
        max_length=None if limit is None else vocabulary.capacity(limit - _n_special(folder)),
        n_outputs=_n_outputs(config),
        files=files_read(folder),
    )


def positions(config: dict[str, Any]) -> int | None:
    """Tokens, special ones included, that a network has positions for; None if it states none."""
    limit = config.get("max_position_embeddings")
    if not isinstance(limit, int):
        return None
    learnt = config.get("position_embedding_type", "absolute") == "absolute"
    if config.get("model_type") in _OFFSET_POSITIONS and learnt:
        return limit - int(config.get("pad_token_id") or 0) - 1
    return limit


def _n_outputs(config: dict[str, Any]) -> int:
    labels = config.get("id2label")
    # transformers leaves both out where there are two.
    return len(labels) if isinstance(labels, dict) else int(config.get("num_labels", 2))


def _n_special(folder: Path) -> int:
    """Special tokens that every sequence gets."""
    path = folder / TOKENIZER_FILE
    if not path.is_file():
        path = folder / "tokenizer_config.json"
        settings = read_json(path) if path.is_file() else {}
        # The Nucleotide Transformer has <cls> but no <eos>.
        return 1 if settings.get("eos_token", "") is None else 2
    template = read_json(path).get("post_processor") or {}
    single = template.get("single")
    if isinstance(single, list):
        return sum("SpecialToken" in part for part in single)
    return 2 if "cls" in template else 0
