"""What planning may know of a model without loading it; imports no torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gxarena.hookspecs import Facts
from gxarena_dnabert2.config import Config
from gxarena_torch.bundled import bundled_checkpoints, bundled_replicates
from gxarena_torch.checkpoint_files import files_read
from gxarena_torch.hub import is_hub_id

_WEIGHTS = Path(__file__).parent / "weights"
BUNDLED = bundled_checkpoints(_WEIGHTS, "mini-")
"""Checkpoints of dnabert2-mini that ship, by name."""

MINI = BUNDLED["fly"]


def describe(checkpoint: str | Path, **_: object) -> Facts:
    """Outputs and files of a checkpoint folder; nothing of one that is still on the hub."""
    folder = Path(checkpoint)
    if not folder.is_dir() and is_hub_id(checkpoint):
        return Facts()
    return Facts(n_outputs=Config.read(folder).num_labels, files=files_read(folder))


def mini_checkpoint(checkpoint: str | Path | None) -> str | Path:
    """The checkpoint of dnabert2-mini, where none or a bundled one is named too."""
    return BUNDLED.get(str(checkpoint or "fly"), checkpoint or MINI)


def describe_mini(checkpoint: str | Path | None = None, **_: object) -> Facts:
    """The same for dnabert2-mini, whose checkpoint is bundled."""
    found = describe(mini_checkpoint(checkpoint))
    return replace(found, replicates=bundled_replicates(str(checkpoint or "fly"), BUNDLED))
