"""Pre-training and fine-tuning, both through the Hugging Face Trainer.

Two stages, each resumed where it was killed: masked-language pre-training of a new network on a
corpus (left out where a checkpoint is given), then fine-tuning on the recipe's data; kept is
the epoch with the best validation AUC, or the mean of the last ones.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from transformers import set_seed

from gxarena.errors import InputError
from gxarena.validation import validated
from gxarena_dnabert2.checkpoint import write_weights
from gxarena_dnabert2.describe import mini_checkpoint
from gxarena_dnabert2.network import SequenceClassifier
from gxarena_dnabert2.training.finetuning import finetune
from gxarena_dnabert2.training.pretraining import pretrain
from gxarena_dnabert2.training.settings import Settings
from gxarena_torch.checkpoint_files import SAFETENSORS, TOKENIZER_FILE
from gxarena_torch.hub import folder_of

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob


def train(job: TrainingJob) -> dict[str, object]:
    """Write config.json, tokenizer.json and model.safetensors to ``job.out``.

    Returns
    -------
    Facts for the model card.
    """
    settings = validated(Settings, dict(job.settings), "recipe, settings")
    set_seed(job.seed)
    facts: dict[str, object] = {}
    if settings.checkpoint:
        start = folder_of(mini_checkpoint(settings.checkpoint))
    elif settings.pretraining:
        start = job.out / "pretrained"
        if not (start / SAFETENSORS).is_file():
            pretrain(settings.pretraining, settings.network, start, job)
        facts["pretraining_loss"] = float((start / "loss.txt").read_text())
    else:
        raise InputError(
            "settings: expected either checkpoint or [settings.pretraining], got neither."
        )
    network = finetune(settings.finetuning, start, job)
    shutil.copyfile(start / TOKENIZER_FILE, job.out / TOKENIZER_FILE)
    network.sizes.write(job.out, SequenceClassifier.architecture)
    write_weights(network, job.out / SAFETENSORS)
    for stage in ("pretraining", "finetuning"):
        shutil.rmtree(job.out / stage, ignore_errors=True)
    return facts | {"parameters": sum(p.numel() for p in network.parameters())}
