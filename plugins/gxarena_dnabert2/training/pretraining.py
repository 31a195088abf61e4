"""Masked-language pre-training of a new network, resumed where it was killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer
from transformers import Trainer

from gxarena.datasets.opening import open_dataset
from gxarena_dnabert2.checkpoint import write_weights
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.training.arguments import stage_arguments
from gxarena_dnabert2.training.batches import MaskedBatch
from gxarena_dnabert2.training.corpus import Stretches, read_corpus, train_tokenizer
from gxarena_dnabert2.training.masked_lm import MaskedLM
from gxarena_dnabert2.training.settings import Network, Pretraining
from gxarena_torch.checkpoint_files import SAFETENSORS, TOKENIZER_FILE
from gxarena_torch.training.resume import newest_checkpoint

if TYPE_CHECKING:
    from gxarena.registry import Registry
    from gxarena.training.job import TrainingJob

TOKENIZER_STRETCHES = 40_000


def pretrain(stage: Pretraining, sizes: Network, out: Path, job: TrainingJob) -> None:
    """Masked-language pre-training; the weights are written last and mean that it is done."""
    corpus, seed = _corpus(stage, job.registry), job.seed
    out.mkdir(parents=True, exist_ok=True)
    stretches = Stretches(corpus, stage.length, stage.steps * stage.batch_size, seed)
    tokenizer_file = out / TOKENIZER_FILE
    if not tokenizer_file.is_file():
        some = [stretches[index] for index in range(min(TOKENIZER_STRETCHES, len(stretches)))]
        train_tokenizer(some, sizes.vocab_size).save(str(tokenizer_file))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    fitted = sizes.model_dump() | {"vocab_size": tokenizer.get_vocab_size()}
    config = Config(**fitted, hidden_dropout_prob=stage.dropout)
    network = MaskedLM(config)
    trainer = Trainer(
        model=network,
        args=stage_arguments(
            stage,
            out.parent / "pretraining",
            seed,
            max_steps=stage.steps,
            logging_steps=min(100, stage.steps),
        ),
        train_dataset=stretches,
        data_collator=MaskedBatch(tokenizer, stage, seed),
    )
    trainer.train(resume_from_checkpoint=newest_checkpoint(out.parent / "pretraining"))
    # The Trainer's own mean forgets the steps before a resume; its log does not.
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    (out / "loss.txt").write_text(f"{losses[-1]:.4f}\n")
    config.write(out, MaskedLM.architecture)
    write_weights(network, out / SAFETENSORS)


def _corpus(stage: Pretraining, registry: Registry) -> list[str]:
    name, _, _ = stage.corpus.partition(":")
    if ("datasets", name) not in registry.components:
        return read_corpus(Path(stage.corpus), stage.exclude)
    samples = open_dataset(stage.corpus, registry).samples
    return list(dict.fromkeys(sample.sequence for sample in samples))
