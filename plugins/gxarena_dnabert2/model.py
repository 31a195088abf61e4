"""DNABERT-2 and what is fine-tuned from it, as gxarena models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gxarena.explainers.references import KINDS
from gxarena_dnabert2.checkpoint import load_classifier
from gxarena_dnabert2.describe import mini_checkpoint
from gxarena_dnabert2.network import SequenceClassifier
from gxarena_dnabert2.tokenizer import Tokenizer
from gxarena_torch.hub import folder_of
from gxarena_torch.token_model import TokenModel
from gxarena_torch.tokens import Encoded

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob

ROLES = {"unknown": "[UNK]", "mask": "[MASK]", "pad": "[PAD]"}
"""Tokens that stand in for others, by kind of reference."""


class DNABERT2(TokenModel):
    """A fine-tuned DNABERT-2.

    Parameters
    ----------
    checkpoint : str or Path
        A folder with config.json, tokenizer.json and weights, or a hub id.
    device, dtype, max_tokens
        See `gxarena_torch.token_model.TokenModel`.

    Attributes
    ----------
    report : LoadReport
        Weights that were missing or unexpected.
    """

    max_length = None
    reference_kinds = KINDS
    network: SequenceClassifier

    def __init__(
        self,
        checkpoint: str | Path,
        device: str = "auto",
        dtype: str = "float32",
        max_tokens: int = 16384,
    ) -> None:
        super().__init__(device, dtype, max_tokens)
        folder = folder_of(checkpoint)
        self.tokenizer = Tokenizer(folder)
        self.pad, self.unknown = self.tokenizer.pad, self.tokenizer.unknown
        network, self.report = load_classifier(folder)
        self.network = network.to(self.device, self.dtype).eval().requires_grad_(False)
        self.n_outputs = network.sizes.num_labels

    def encoded(self, sequences: Sequence[str]) -> list[Encoded]:
        """Tokens between [CLS] and [SEP]."""
        return self.tokenizer.encode(sequences)

    def embed(self, encoded: Tensor) -> Tensor:
        """Word embeddings before LayerNorm, (B, T, D)."""
        return self.network.embed(encoded)

    def logits(self, ids: Tensor, mask: Tensor, words: Tensor | None = None) -> Tensor:
        """Raw outputs (B, C) of ids (B, T), with `words` (B, T, D) as their embeddings if given."""
        return self.network.logits(self.embed(ids) if words is None else words, mask)

    def stand_in(self, kind: str) -> Tensor:
        """The word embedding, (D,), of a token that says nothing.

        ``uniform`` is the mean over the vocabulary, the counterpart of a quarter of each letter.
        """
        words: Tensor = self.network.bert.embeddings.word_embeddings.weight
        if kind in ROLES:
            return words[self.tokenizer.id_of(ROLES[kind])]
        mean = words.mean(0)
        return torch.zeros_like(mean) if kind == "zeros" else mean

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Train a checkpoint into ``job.out`` (see `gxarena_dnabert2.training`)."""
        from gxarena_dnabert2.training.train import train

        return train(job)

    @staticmethod
    def replicate_settings(settings: Mapping[str, object], first: Path) -> dict[str, object]:
        """Settings of a further replicate: it starts at the pre-training of the first.

        So replicates of a genome language model differ by their fine-tuning alone; the model card
        says so in its settings.
        """
        if not settings.get("pretraining"):
            return dict(settings)
        own = {k: v for k, v in settings.items() if k not in ("pretraining", "network")}
        return own | {"checkpoint": str(first / "pretrained")}


class Mini(DNABERT2):
    """The DNABERT-2 architecture small, with bundled weights.

    Parameters as `DNABERT2`; `checkpoint` may also name the data set of bundled weights: "fly"
    (fly-promoters, where none is given) or "planted";
    "fly-1", … are further replicates, trained alike from another seed.
    """

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        device: str = "auto",
        dtype: str = "float32",
        max_tokens: int = 16384,
    ) -> None:
        super().__init__(mini_checkpoint(checkpoint), device, dtype, max_tokens)
