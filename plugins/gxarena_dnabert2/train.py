"""Pre-training and fine-tuning, both through the Hugging Face Trainer.

Two stages, each resumed where it was killed: masked-language pre-training of a new network on a
corpus (left out where a checkpoint is given), then fine-tuning on the recipe's data; kept is
the epoch with the best validation AUC, or the mean of the last ones.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor
from transformers import EvalPrediction, Trainer, TrainingArguments, set_seed

from gxarena.data import Sample
from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.validation import validated
from gxarena_dnabert2.checkpoint import WEIGHTS, folder_of, load_classifier, write_weights
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.corpus import (
    SPECIAL,
    Stretches,
    encode_with_cuts,
    read_corpus,
    train_tokenizer,
)
from gxarena_dnabert2.describe import mini_checkpoint
from gxarena_dnabert2.modeling import MaskedLM, SequenceClassifier

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob


PAD, MASK = SPECIAL.index("[PAD]"), SPECIAL.index("[MASK]")
TOKENIZER_STRETCHES = 40_000
IGNORED = -100
"""Label of positions that are not masked."""

Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Rate = Annotated[float, Field(gt=0.0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(_Table):
    """Sizes of a new network."""

    vocab_size: PositiveInt = 512
    hidden_size: PositiveInt = 128
    num_hidden_layers: PositiveInt = 4
    num_attention_heads: PositiveInt = 4
    intermediate_size: PositiveInt = 256


class Stage(_Table):
    """What both stages are told.

    Parameters
    ----------
    batch_size : int
    learning_rate, weight_decay : float
        Of AdamW; the rate falls along a cosine.
    warmup : float
        Share of the steps over which the rate rises first.
    dropout : float
    cuts : float
        Share of the nucleotides before which sequences are cut and tokenised anew: an
        augmentation.
    bfloat16 : bool
        Mixed precision, where the device has it.
    """

    batch_size: PositiveInt = 64
    learning_rate: Rate = 1e-3
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.01
    warmup: Share = 0.05
    dropout: Share = 0.0
    cuts: Share = 0.05
    bfloat16: bool = True


class Pretraining(Stage):
    """Masked-language pre-training on random stretches of a corpus.

    Parameters
    ----------
    corpus : str
        FASTA file, or ``name:split`` of a data set.
    exclude : list of str
        Chromosomes left out, so that no test sequence is seen.
    steps, length : int
        Optimizer steps, and nucleotides of a stretch.
    masked : float
        Share of tokens to be guessed; of those 80% become [MASK], 10% another token.
    """

    corpus: str
    exclude: list[str] = []
    steps: PositiveInt = 3000
    length: PositiveInt = 250
    masked: Share = 0.2


class Finetuning(Stage):
    """Fine-tuning on the recipe's train split.

    Parameters
    ----------
    epochs : int
    accumulation : int
        Batches per optimizer step, for networks that leave little memory.
    label_smoothing : float
    unknown : float
        Share of tokens shown as [UNK]: an augmentation, and the network gets to know the token
        that perturbation metrics put in place of others.
    average_last : int
        Keep the mean of the weights at the ends of so many last epochs; 0 keeps the epoch with
        the best validation AUC.
    """

    epochs: PositiveInt = 5
    accumulation: PositiveInt = 1
    label_smoothing: Share = 0.0
    unknown: Share = 0.0
    average_last: NonNegativeInt = 0


class Settings(_Table):
    """A recipe's ``[settings]``: pre-training of a new network, or a checkpoint to start from."""

    network: Network = Network()
    pretraining: Pretraining | None = None
    checkpoint: str = ""
    finetuning: Finetuning = Finetuning()


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
        if not (start / WEIGHTS).is_file():
            _pretrain(settings.pretraining, settings.network, start, job.seed)
        facts["pretraining_loss"] = float((start / "loss.txt").read_text())
    else:
        raise InputError(
            "settings: expected either checkpoint or [settings.pretraining], got neither."
        )
    network = _finetune(settings.finetuning, start, job)
    shutil.copyfile(start / "tokenizer.json", job.out / "tokenizer.json")
    network.config.write(job.out, SequenceClassifier.architecture)
    write_weights(network, job.out / WEIGHTS)
    for stage in ("pretraining", "finetuning"):
        shutil.rmtree(job.out / stage, ignore_errors=True)
    return facts | {"parameters": sum(p.numel() for p in network.parameters())}


def _pretrain(stage: Pretraining, sizes: Network, out: Path, seed: int) -> None:
    """Masked-language pre-training; the weights are written last and mean that it is done."""
    corpus = _corpus(stage)
    out.mkdir(parents=True, exist_ok=True)
    stretches = Stretches(corpus, stage.length, stage.steps * stage.batch_size, seed)
    tokenizer_file = out / "tokenizer.json"
    if not tokenizer_file.is_file():
        some = [stretches[index] for index in range(min(TOKENIZER_STRETCHES, len(stretches)))]
        train_tokenizer(some, sizes.vocab_size).save(str(tokenizer_file))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    fitted = sizes.model_dump() | {"vocab_size": tokenizer.get_vocab_size()}
    config = Config(**fitted, hidden_dropout_prob=stage.dropout)
    network = MaskedLM(config)
    trainer = Trainer(
        model=network,
        args=_arguments(
            stage,
            out.parent / "pretraining",
            seed,
            max_steps=stage.steps,
            logging_steps=min(100, stage.steps),
        ),
        train_dataset=stretches,
        data_collator=_MaskedBatch(tokenizer, stage, seed),
    )
    trainer.train(resume_from_checkpoint=_last(out.parent / "pretraining"))
    # The Trainer's own mean forgets the steps before a resume; its log does not.
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    (out / "loss.txt").write_text(f"{losses[-1]:.4f}\n")
    config.write(out, MaskedLM.architecture)
    write_weights(network, out / WEIGHTS)


def _corpus(stage: Pretraining) -> list[str]:
    name, _, _ = stage.corpus.partition(":")
    registry = Registry.load()
    if ("datasets", name) not in registry.components:
        return read_corpus(Path(stage.corpus), stage.exclude)
    samples = open_dataset(stage.corpus, registry).samples
    return list(dict.fromkeys(sample.sequence for sample in samples))


def _finetune(stage: Finetuning, start: Path, job: TrainingJob) -> SequenceClassifier:
    # Anew, so that it does not matter whether pre-training ran in this process or an earlier one.
    set_seed(job.seed)
    network, _ = load_classifier(start, fresh_head=True)
    n_labels = 1 + max(sample.label or 0 for sample in job.train.samples)
    network.set_head(max(n_labels, 2), stage.dropout)
    tokenizer = Tokenizer.from_file(str(start / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    arguments = _arguments(
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
    trainer = _FinetuningTrainer(
        model=network,
        args=arguments,
        train_dataset=list(job.train.samples),
        eval_dataset=list(job.valid.samples),
        data_collator=_LabelledBatch(tokenizer, job.seed, stage.cuts, stage.unknown),
        compute_metrics=_scores,
    )
    trainer.train(resume_from_checkpoint=_last(job.out / "finetuning"))
    if stage.average_last:
        _load_mean(network, _whole(job.out / "finetuning")[-stage.average_last :])
    return network.cpu().eval()


def _arguments(stage: Stage, folder: Path, seed: int, **more: Any) -> TrainingArguments:
    """What both stages tell the Trainer: offline, seeded, bfloat16, GPU where there is one."""
    options: dict[str, Any] = {
        "per_device_train_batch_size": stage.batch_size,
        "learning_rate": stage.learning_rate,
        "weight_decay": stage.weight_decay,
        "warmup_ratio": stage.warmup,
        "lr_scheduler_type": "cosine",
        "seed": seed,
        "bf16": stage.bfloat16 and _has_bfloat16(),
        "use_cpu": not torch.cuda.is_available(),
        "logging_steps": 100,
        "save_steps": 500,
        "save_total_limit": 2,
        "report_to": [],
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
    }
    # The Trainer only ever raises this: without, a stage inherits the precision of an earlier one.
    os.environ["ACCELERATE_MIXED_PRECISION"] = "no"
    return TrainingArguments(output_dir=str(folder), **(options | more))


def _has_bfloat16() -> bool:
    return not torch.cuda.is_available() or torch.cuda.is_bf16_supported(including_emulation=False)


def _last(folder: Path) -> str | None:
    """The newest checkpoint that a killed stage left whole, if any."""
    whole = _whole(folder)
    return str(whole[-1]) if whole else None


def _whole(folder: Path) -> list[Path]:
    """A stage's checkpoints, oldest first, without one that a kill left half-written."""
    found: dict[int, Path] = {}
    for path in folder.glob("checkpoint-*"):
        try:
            # The Trainer writes this file last.
            state = json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        found[state["global_step"]] = path
    return [found[step] for step in sorted(found)]


def _load_mean(network: SequenceClassifier, checkpoints: Sequence[Path]) -> None:
    saved = [load_file(checkpoint / WEIGHTS) for checkpoint in checkpoints]
    mean = {name: torch.stack([one[name] for one in saved]).mean(0) for name in saved[0]}
    network.load_state_dict(mean)


class _FinetuningTrainer(Trainer):
    """Evaluation without the augmentation of training."""

    def get_eval_dataloader(self, *args: Any, **kwargs: Any) -> Any:
        loader = super().get_eval_dataloader(*args, **kwargs)
        loader.collate_fn = cast(_LabelledBatch, loader.collate_fn).plain()
        return loader


class _MaskedBatch:
    """Sequences to masked token ids and labels; random numbers follow the batch's content."""

    def __init__(self, tokenizer: Tokenizer, stage: Pretraining, seed: int) -> None:
        self._tokenizer, self._stage, self._seed = tokenizer, stage, seed

    def __call__(self, sequences: Sequence[str]) -> dict[str, Tensor]:
        rng = _content_rng(self._seed, sequences)
        ids, attention = _padded(
            encode_with_cuts(self._tokenizer, sequences, self._stage.cuts, rng)
        )
        guessed = (rng.random(ids.shape) < self._stage.masked) & (ids >= len(SPECIAL))
        how = rng.random(ids.shape)
        others = rng.integers(len(SPECIAL), self._tokenizer.get_vocab_size(), ids.shape)
        shown = np.where(guessed & (how < 0.8), MASK, ids)
        shown = np.where(guessed & (how >= 0.9), others, shown)
        return _tensors(shown, attention, np.where(guessed, ids, IGNORED))


class _LabelledBatch:
    """Samples to token ids and labels."""

    def __init__(
        self, tokenizer: Tokenizer, seed: int, cuts: float = 0.0, unknown: float = 0.0
    ) -> None:
        self._tokenizer, self._seed, self._cuts, self._unknown = tokenizer, seed, cuts, unknown

    def plain(self) -> _LabelledBatch:
        """The same without augmentation."""
        return _LabelledBatch(self._tokenizer, self._seed)

    def __call__(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        sequences = [sample.sequence for sample in samples]
        rng = _content_rng(self._seed, sequences)
        ids, attention = _padded(encode_with_cuts(self._tokenizer, sequences, self._cuts, rng))
        lost = (rng.random(ids.shape) < self._unknown) & (ids >= len(SPECIAL))
        ids = np.where(lost, SPECIAL.index("[UNK]"), ids)
        labels = np.array([sample.label for sample in samples])
        return _tensors(ids, attention, labels)


def _content_rng(seed: int, sequences: Sequence[str]) -> np.random.Generator:
    """A generator that depends on the batch alone: shuffling makes every epoch's another."""
    from gxarena.seeds import sample_seed

    return np.random.default_rng(sample_seed(seed, "train/batch", "".join(sequences)))


def _padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    from gxarena.metrics.ragged import filled, padded

    arrays = [np.array(row, dtype=np.int64) for row in rows]
    return padded(arrays, PAD), filled(arrays).astype(np.int64)


def _tensors(ids: np.ndarray, attention: np.ndarray, labels: np.ndarray) -> dict[str, Tensor]:
    named = {"input_ids": ids, "attention_mask": attention, "labels": labels}
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in named.items()}


def _scores(prediction: EvalPrediction) -> dict[str, float]:
    logits, labels = np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
    accuracy = float((logits.argmax(-1) == labels).mean())
    auc = roc_auc_score(labels, logits[:, 1] - logits[:, 0]) if logits.shape[1] == 2 else accuracy
    return {"accuracy": accuracy, "auc": float(auc)}
