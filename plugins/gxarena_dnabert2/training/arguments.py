"""What both stages of training tell the Hugging Face Trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import TrainingArguments

from gxarena_dnabert2.training.settings import Stage
from gxarena_torch.device import has_bfloat16
from gxarena_torch.training.trainer import training_arguments


def stage_arguments(stage: Stage, folder: Path, seed: int, **more: Any) -> TrainingArguments:
    """What both stages tell the Trainer."""
    options: dict[str, Any] = {
        "per_device_train_batch_size": stage.batch_size,
        "learning_rate": stage.learning_rate,
        "weight_decay": stage.weight_decay,
        "bf16": stage.bfloat16 and has_bfloat16(),
        "logging_steps": 100,
        "save_steps": 500,
    }
    return training_arguments(folder, seed, stage.warmup, **(options | more))
