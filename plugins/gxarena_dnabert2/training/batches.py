"""Batches for the Trainer: sequences to token ids, with augmentation that a seed repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from gxarena.data import Sample
from gxarena.metrics.ragged import filled, padded
from gxarena.seeds import sample_seed
from gxarena_dnabert2.training.corpus import SPECIAL, encode_with_cuts
from gxarena_dnabert2.training.settings import Pretraining

PAD, MASK, UNKNOWN = (SPECIAL.index(name) for name in ("[PAD]", "[MASK]", "[UNK]"))
IGNORED = -100
"""Label of positions that are not masked."""


class MaskedBatch:
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


class LabelledBatch:
    """Samples to token ids and labels."""

    def __init__(
        self, tokenizer: Tokenizer, seed: int, cuts: float = 0.0, unknown: float = 0.0
    ) -> None:
        self._tokenizer, self._seed, self._cuts, self._unknown = tokenizer, seed, cuts, unknown

    def plain(self) -> LabelledBatch:
        """The same without augmentation."""
        return LabelledBatch(self._tokenizer, self._seed)

    def __call__(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        sequences = [sample.sequence for sample in samples]
        rng = _content_rng(self._seed, sequences)
        ids, attention = _padded(encode_with_cuts(self._tokenizer, sequences, self._cuts, rng))
        lost = (rng.random(ids.shape) < self._unknown) & (ids >= len(SPECIAL))
        ids = np.where(lost, UNKNOWN, ids)
        labels = np.array([sample.label for sample in samples])
        return _tensors(ids, attention, labels)


def _content_rng(seed: int, sequences: Sequence[str]) -> np.random.Generator:
    """A generator that depends on the batch alone: shuffling makes every epoch's another."""
    return np.random.default_rng(sample_seed(seed, "train/batch", "".join(sequences)))


def _padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    arrays = [np.array(row, dtype=np.int64) for row in rows]
    return padded(arrays, PAD), filled(arrays).astype(np.int64)


def _tensors(ids: np.ndarray, attention: np.ndarray, labels: np.ndarray) -> dict[str, Tensor]:
    named = {"input_ids": ids, "attention_mask": attention, "labels": labels}
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in named.items()}
