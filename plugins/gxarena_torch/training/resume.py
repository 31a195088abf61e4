"""Where a killed training goes on: at the newest checkpoint that it left whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

_STATE = "trainer_state.json"
"""The Trainer writes this file last."""


def newest_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint below a folder, if any; those half-written are removed.

    Half a checkpoint would count as the newest when the Trainer removes old ones.
    """
    for path in folder.glob("checkpoint-*"):
        if _step(path) is None:
            shutil.rmtree(path, ignore_errors=True)
    whole = whole_checkpoints(folder)
    return str(whole[-1]) if whole else None


def whole_checkpoints(folder: Path) -> list[Path]:
    """A training's checkpoints, oldest first, without one that a kill left half-written."""
    found = {_step(path): path for path in folder.glob("checkpoint-*")}
    return [found[step] for step in sorted(step for step in found if step is not None)]


def _step(checkpoint: Path) -> int | None:
    """The optimizer step at which it was taken; None where it is not whole."""
    try:
        state = json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
        return int(state["global_step"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
