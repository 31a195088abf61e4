"""Fine-tuning of any Hugging Face classifier, or of a toy from scratch, through the Trainer."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor
from transformers import EvalPrediction, TrainingArguments, set_seed

from gxarena.data import Sample
from gxarena.errors import InputError
from gxarena.training.baselines import classification_scores
from gxarena.validation import validated
from gxarena_hf.checkpoint import load_classifier
from gxarena_hf.tokenizer import Tokenizer
from gxarena_hf.toys import write_toy
from gxarena_torch.batching import padded
from gxarena_torch.checkpoint_files import TOKENIZER
from gxarena_torch.hub import folder_of
from gxarena_torch.training.resume import newest_checkpoint
from gxarena_torch.training.trainer import PlainlyEvaluated, training_arguments

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob

Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class Settings(BaseModel):
    """A recipe's ``[settings]``.

    Parameters
    ----------
    checkpoint : str
        Folder or hub id to start from.
    toy : str
        Instead: one of `gxarena_hf.toys.TOYS`, from scratch.
    network : table
        The toy's sizes.
    epochs, batch_size : int
    learning_rate, weight_decay, warmup : float
    unknown : float
        Share of tokens shown as unknown: the network gets to know the token that perturbation
        metrics put in place of others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint: str = ""
    toy: str = ""
    network: dict[str, Any] = {}
    epochs: PositiveInt = 3
    batch_size: PositiveInt = 32
    learning_rate: Annotated[float, Field(gt=0.0, le=10.0)] = 3e-5
    weight_decay: Annotated[float, Field(ge=0.0, le=1e3)] = 0.01
    warmup: Share = 0.1
    unknown: Share = 0.0


def train(job: TrainingJob) -> dict[str, object]:
    """Write a checkpoint to ``job.out``: the epoch with the best validation AUC.

    A killed training goes on where its last epoch ended.

    Returns
    -------
    Facts for the model card.
    """
    settings = validated(Settings, dict(job.settings), "recipe, settings")
    start = _start(settings, job)
    set_seed(job.seed)
    labels = 1 + max(sample.label or 0 for sample in job.train.samples)
    network = load_classifier(start, fresh_labels=max(labels, 2)).requires_grad_(True)
    tokenizer = Tokenizer(start)
    pad = tokenizer.id_of("pad_token")
    if pad is not None:
        network.config.pad_token_id = pad
    work = job.out / "finetuning"
    trainer = PlainlyEvaluated(
        model=network,
        args=_arguments(settings, work, job.seed),
        train_dataset=list(job.train.samples),
        eval_dataset=list(job.valid.samples),
        data_collator=_Batches(tokenizer, network.config.pad_token_id, job.seed, settings.unknown),
        compute_metrics=_scores,
    )
    trainer.train(resume_from_checkpoint=newest_checkpoint(work))
    network.cpu().save_pretrained(job.out)
    for name in TOKENIZER:
        if (start / name).is_file():
            shutil.copyfile(start / name, job.out / name)
    for folder in (work, job.out / "start"):
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "architecture": type(network).__name__,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }


def _start(settings: Settings, job: TrainingJob) -> Path:
    if bool(settings.checkpoint) == bool(settings.toy):
        raise InputError(
            "recipe, settings: expected either checkpoint or toy, got "
            f"{'both' if settings.toy else 'neither'}."
        )
    if settings.checkpoint:
        return folder_of(settings.checkpoint)
    sizes = {"initializer_range": 0.02} | settings.network
    return write_toy(settings.toy, job.out / "start", job.seed, noise=0.0, **sizes)


def _arguments(settings: Settings, folder: Path, seed: int) -> TrainingArguments:
    return training_arguments(
        folder,
        seed,
        settings.warmup,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=4 * settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="auc",
        label_names=["labels"],
    )


class _Batches:
    """Samples to padded ids, mask and labels."""

    def __init__(self, tokenizer: Tokenizer, pad: int, seed: int, unknown: float = 0.0) -> None:
        self._tokenizer, self._pad, self._seed, self._unknown = tokenizer, pad, seed, unknown

    def plain(self) -> _Batches:
        """The same without augmentation."""
        return _Batches(self._tokenizer, self._pad, self._seed)

    def __call__(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        encoded = self._tokenizer.encode([sample.sequence for sample in samples])
        if self._unknown:
            hidden = self._tokenizer.id_of("unk_token")
            if hidden is None:
                raise InputError(
                    "recipe, settings.unknown: expected 0 for a tokenizer without an unknown "
                    f"token, got {self._unknown}."
                )
            rng = np.random.default_rng([self._seed, *(int(one.ids.sum()) for one in encoded)])
            encoded = [
                one.masked(rng.random(len(one.spans)) < self._unknown, hidden) for one in encoded
            ]
        ids, mask = padded(encoded, self._pad, torch.device("cpu"))
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "labels": torch.tensor([sample.label for sample in samples]),
        }


def _scores(found: EvalPrediction) -> dict[str, float]:
    scores = classification_scores(np.asarray(found.predictions), np.asarray(found.label_ids))
    # The AUC is undefined where a class is absent.
    accuracy, auc = scores["accuracy"], scores["auc"]
    return {"auc": float((accuracy if auc is None else auc) or 0.0)}
