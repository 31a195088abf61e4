"""The Hugging Face Trainer as recipes use it: offline, seeded, evaluated without augmentation."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_model
from torch import nn
from transformers import Trainer, TrainingArguments

from gxarena_torch.checkpoint_files import SAFETENSORS


def training_arguments(folder: Path, seed: int, warmup: float, **more: Any) -> TrainingArguments:
    """What every training tells the Trainer: offline, seeded, on a GPU where there is one.

    Parameters
    ----------
    folder : Path
        Where checkpoints go.
    seed : int
    warmup : float
        Share of the steps over which the learning rate rises, before it falls along a cosine.
    **more
        The Trainer's own, by its names.
    """
    # The Trainer only ever raises this: without, a stage inherits the precision of an earlier one.
    os.environ["ACCELERATE_MIXED_PRECISION"] = "no"
    options: dict[str, Any] = {
        _WARMUP: warmup,
        "lr_scheduler_type": "cosine",
        "seed": seed,
        "use_cpu": not torch.cuda.is_available(),
        "save_total_limit": 2,
        "report_to": [],
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
    }
    return TrainingArguments(output_dir=str(folder), **(options | more))


class PlainlyEvaluated(Trainer):
    """A Trainer whose collator's ``plain()`` batches are evaluated, without augmentation.

    Its checkpoints hold all weights by the network's own names. transformers 5 writes some by
    older ones (ESM's LayerNorms) and then does not find them: what is resumed, and the best
    epoch, would silently be without (its issue 48805).
    """

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the weights of a checkpoint."""
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        save_model(cast(nn.Module, self.model), str(folder / SAFETENSORS))

    def get_eval_dataloader(self, *args: Any, **kwargs: Any) -> Any:
        loader = super().get_eval_dataloader(*args, **kwargs)
        loader.collate_fn = cast(Any, loader.collate_fn).plain()
        return loader


_NAMES = {field.name for field in dataclasses.fields(TrainingArguments)}
_WARMUP = "warmup_ratio" if "warmup_ratio" in _NAMES else "warmup_steps"
"""Since transformers 5, steps below 1 are a share of all."""
