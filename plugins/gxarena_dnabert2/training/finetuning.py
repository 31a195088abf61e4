"""Fine-tuning of a classifier, resumed where it was killed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from transformers import EvalPrediction, set_seed

from gxarena_dnabert2.checkpoint import load_classifier
from gxarena_dnabert2.network import SequenceClassifier
from gxarena_dnabert2.training.arguments import stage_arguments
from gxarena_dnabert2.training.batches import LabelledBatch
from gxarena_dnabert2.training.settings import Finetuning
from gxarena_torch.checkpoint_files import SAFETENSORS, TOKENIZER_FILE
from gxarena_torch.training.resume import newest_checkpoint, whole_checkpoints
from gxarena_torch.training.trainer import PlainlyEvaluated

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob


def finetune(stage: Finetuning, start: Path, job: TrainingJob) -> SequenceClassifier:
    """The classifier, fine-tuned on the job's train split from the folder `start`."""
    # Anew, so that it does not matter whether pre-training ran in this process or an earlier one.
    set_seed(job.seed)
    network, _ = load_classifier(start, fresh_head=True)
    n_labels = 1 + max(sample.label or 0 for sample in job.train.samples)
    network.set_head(max(n_labels, 2), stage.dropout)
    tokenizer = Tokenizer.from_file(str(start / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    arguments = stage_arguments(
        stage,
        job.out / "finetuning",
        job.seed,
        num_train_epochs=stage.epochs,
        gradient_accumulation_steps=stage.accumulation,
        label_smoothing_factor=stage.label_smoothing,
        eval_strategy="epoch",
        per_device_eval_batch_size=4 * stage.batch_size,
        save_strategy="epoch",
        save_total_limit=max(stage.average_last, 2),
        load_best_model_at_end=not stage.average_last,
        metric_for_best_model="auc",
    )
    trainer = PlainlyEvaluated(
        model=network,
        args=arguments,
        train_dataset=list(job.train.samples),
        eval_dataset=list(job.valid.samples),
        data_collator=LabelledBatch(tokenizer, job.seed, stage.cuts, stage.unknown),
        compute_metrics=_scores,
    )
    trainer.train(resume_from_checkpoint=newest_checkpoint(job.out / "finetuning"))
    if stage.average_last:
        _load_mean(network, whole_checkpoints(job.out / "finetuning")[-stage.average_last :])
    return network.cpu().eval()


def _load_mean(network: SequenceClassifier, checkpoints: Sequence[Path]) -> None:
    saved = [load_file(checkpoint / SAFETENSORS) for checkpoint in checkpoints]
    mean = {name: torch.stack([one[name] for one in saved]).mean(0) for name in saved[0]}
    network.load_state_dict(mean)


def _scores(prediction: EvalPrediction) -> dict[str, float]:
    logits, labels = np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
    accuracy = float((logits.argmax(-1) == labels).mean())
    auc = roc_auc_score(labels, logits[:, 1] - logits[:, 0]) if logits.shape[1] == 2 else accuracy
    return {"accuracy": accuracy, "auc": float(auc)}
