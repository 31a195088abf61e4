"""What planning may know of a model without loading it; imports no torch."""

from __future__ import annotations

import re
from pathlib import Path

from gxarena.hookspecs import Facts
from gxarena_dnabert2.config import Config

_WEIGHTS = Path(__file__).parent / "weights"
BUNDLED = {"fly": _WEIGHTS / "mini-fly", "planted": _WEIGHTS / "mini-planted"}
"""Checkpoints of dnabert2-mini that ship, by name."""

MINI = BUNDLED["fly"]

_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def is_hub_id(checkpoint: str | Path) -> bool:
    """Whether it reads ``owner/name``; anything else can only be meant as a folder."""
    return _HUB_ID.fullmatch(str(checkpoint)) is not None


def describe(checkpoint: str | Path, **_: object) -> Facts:
    """Outputs and files of a checkpoint folder; nothing of one that is still on the hub."""
    folder = Path(checkpoint)
    if not folder.is_dir() and is_hub_id(checkpoint):
        return Facts()
    return Facts(n_outputs=Config.read(folder).num_labels, files=_files(folder))


def mini_checkpoint(checkpoint: str | Path | None) -> str | Path:
    """The checkpoint of dnabert2-mini, where none or a bundled one is named too."""
    return BUNDLED.get(str(checkpoint or "fly"), checkpoint or MINI)


def describe_mini(checkpoint: str | Path | None = None, **_: object) -> Facts:
    """The same for dnabert2-mini, whose checkpoint is bundled."""
    return describe(mini_checkpoint(checkpoint))


def _files(folder: Path) -> tuple[str, ...]:
    kinds = ("*.safetensors", "*.bin", "*.index.json", "config.json", "tokenizer.json")
    return tuple(sorted(str(file) for kind in kinds for file in folder.glob(kind)))
