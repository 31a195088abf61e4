"""DNABERT-2 and what is fine-tuned from it, as gxarena models."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gxarena.api import Layout
from gxarena.data import Bools, Floats, Spans
from gxarena.errors import InputError, suggest
from gxarena.explainers.references import KINDS, check_kind
from gxarena_dnabert2.checkpoint import folder_of, load_classifier
from gxarena_dnabert2.describe import mini_checkpoint
from gxarena_dnabert2.tokenizer import Encoded, Tokenizer
from gxarena_torch.randomised import randomised_copy

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob

MOST_PADDING = 0.2
ENOUGH = 8
"""Sequences in a batch before padding is worth another call."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class DNABERT2:
    """A fine-tuned DNABERT-2: a maskable and a differentiable model of `gxarena.api`.

    Parameters
    ----------
    checkpoint : str or Path
        A folder with config.json, tokenizer.json and weights, or a hub id.
    device : str
        ``"auto"`` takes CUDA where there is one.
    dtype : "float32" or "bfloat16"
    max_tokens : int
        Positions in a micro-batch, padding included: bounds memory.

    Attributes
    ----------
    report : LoadReport
        Weights that were missing or unexpected.
    """

    max_length = None
    one_hot = False
    modular = False
    reference_kinds = KINDS

    def __init__(
        self,
        checkpoint: str | Path,
        device: str = "auto",
        dtype: str = "float32",
        max_tokens: int = 16384,
    ) -> None:
        if dtype not in DTYPES:
            raise InputError(f"dtype: unknown '{dtype}'. {suggest(dtype, DTYPES)}")
        if max_tokens < 1:
            raise InputError(f"max_tokens: expected 1 or more, got {max_tokens}.")
        folder = folder_of(checkpoint)
        self.device = pick_device(device)
        self.dtype = DTYPES[dtype]
        self.tokenizer = Tokenizer(folder)
        network, self.report = load_classifier(folder)
        self.network = network.to(self.device, self.dtype).eval().requires_grad_(False)
        self.n_outputs = network.config.num_labels
        self._max_tokens = max_tokens

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """Tokens without [CLS] and [SEP]."""
        return [encoded.spans for encoded in self.tokenizer.encode(sequences)]

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs, shape (B, C)."""
        return self._predict(self.tokenizer.encode(sequences))

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with tokens replaced by [UNK]; tokenised before, not after."""
        # Perturbation asks for many masks of each sequence: tokenise each once.
        unique = list(dict.fromkeys(sequences))
        encoded = dict(zip(unique, self.tokenizer.encode(unique), strict=True))
        _check_masks(masks, [len(encoded[sequence].spans) for sequence in sequences])
        unknown = self.tokenizer.unknown
        return self._predict(
            [encoded[s].masked(mask, unknown) for s, mask in zip(sequences, masks, strict=True)]
        )

    def randomised(self, seed: int) -> DNABERT2:
        """A copy of this model with every parameter drawn anew (see `gxarena_torch.randomised`)."""
        made = copy.copy(self)
        made.network = randomised_copy(self.network, seed)
        return made

    def encode(self, sequences: Sequence[str]) -> Tensor:
        """Token ids (B, T), padded with [PAD] on the right."""
        return self._padded(self.tokenizer.encode(sequences))[0]

    def embed(self, encoded: Tensor) -> Tensor:
        """Word embeddings before LayerNorm, (B, T, D)."""
        return self.network.embed(encoded)

    def forward_embedded(self, embedded: Tensor, encoded: Tensor) -> Tensor:
        """Raw outputs (B, C) of word embeddings (B, T, D); `encoded` says what is padding."""
        mask = (encoded != self.tokenizer.pad).long()
        return self.network.logits(embedded.to(self.dtype), mask)

    def layouts(self, sequences: Sequence[str]) -> list[Layout]:
        """Tokens between [CLS] and [SEP]."""
        return [
            Layout(
                np.flatnonzero(one.is_unit),
                one.spans,
                dict(zip(one.special, np.flatnonzero(~one.is_unit).tolist(), strict=True)),
                len(one.ids),
            )
            for one in self.tokenizer.encode(sequences)
        ]

    def reference(self, sequences: Sequence[str], kind: str) -> Tensor:
        """Word embeddings (B, T, D) with one vector, (D,), for every token.

        ``uniform`` is the mean over the vocabulary, the counterpart of a quarter of each letter.
        """
        check_kind("reference", kind, self.reference_kinds)
        encoded = self.tokenizer.encode(sequences)
        embedded = self.embed(self._padded(encoded)[0])
        is_unit = np.zeros(embedded.shape[:2], dtype=np.bool_)
        for row, one in zip(is_unit, encoded, strict=True):
            row[: len(one.ids)] = one.is_unit
        units = torch.from_numpy(is_unit).to(self.device)
        return torch.where(units[..., None], self._stand_in(kind), embedded)

    def embed_others(self, others: Sequence[str], sequences: Sequence[str]) -> Tensor:
        """Word embeddings (B, T, D) of the other sequences' tokens, repeated or cut to fit."""
        laid = []
        for other, one in zip(
            self.tokenizer.encode(others), self.tokenizer.encode(sequences), strict=True
        ):
            ids = one.ids.copy()
            ids[one.is_unit] = np.resize(other.ids[other.is_unit], len(one.spans))
            laid.append(Encoded(ids, one.is_unit, one.special, one.spans))
        return self.embed(self._padded(laid)[0])

    def batches(
        self, encoded: Sequence[Encoded], max_tokens: int
    ) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Micro-batches of sequences of similar length: indices, ids (B, T), mask (B, T).

        Padding costs little: neighbours in length share a batch, and a batch of some size ends
        where the next sequence would pad it by more than `MOST_PADDING`.
        """
        lengths = np.array([len(one.ids) for one in encoded])
        batch: list[int] = []
        real = 0
        for index in np.argsort(lengths, kind="stable").tolist():
            # Rising lengths: the newcomer is the longest.
            positions = (len(batch) + 1) * lengths[index]
            padded_out = positions > (1 + MOST_PADDING) * (real + lengths[index])
            if batch and (positions > max_tokens or (padded_out and len(batch) >= ENOUGH)):
                yield batch, *self._padded([encoded[i] for i in batch])
                batch, real = [], 0
            batch.append(index)
            real += int(lengths[index])
        if batch:
            yield batch, *self._padded([encoded[i] for i in batch])

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Train a checkpoint into ``job.out`` (see `gxarena_dnabert2.train`)."""
        from gxarena_dnabert2.train import train

        return train(job)

    def _stand_in(self, kind: str) -> Tensor:
        """The word embedding, (D,), of a token that says nothing."""
        words: Tensor = self.network.bert.embeddings.word_embeddings.weight
        if kind in ("zeros", "uniform"):
            mean = words.mean(0)
            return torch.zeros_like(mean) if kind == "zeros" else mean
        names = {"unknown": "[UNK]", "mask": "[MASK]", "pad": "[PAD]"}
        return words[self.tokenizer.id_of(names[kind])]

    def _predict(self, encoded: Sequence[Encoded]) -> Floats:
        outputs = np.zeros((len(encoded), self.n_outputs))
        with torch.inference_mode():
            for indices, ids, mask in self.batches(encoded, self._max_tokens):
                logits = self.network.logits(self.network.embed(ids), mask)
                outputs[indices] = logits.double().cpu().numpy()
        return outputs

    def _padded(self, encoded: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
        longest = max(len(one.ids) for one in encoded)
        ids = np.full((len(encoded), longest), self.tokenizer.pad, dtype=np.int64)
        mask = np.zeros((len(encoded), longest), dtype=np.int64)
        for row, one in enumerate(encoded):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)


class Mini(DNABERT2):
    """The DNABERT-2 architecture small, with bundled weights.

    Parameters as `DNABERT2`; `checkpoint` may also name the data set of bundled weights: "fly"
    (fly-promoters, where none is given) or "planted".
    """

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        device: str = "auto",
        dtype: str = "float32",
        max_tokens: int = 16384,
    ) -> None:
        super().__init__(mini_checkpoint(checkpoint), device, dtype, max_tokens)


def _check_masks(masks: Sequence[Bools], n_units: Sequence[int]) -> None:
    if len(masks) != len(n_units):
        raise InputError(
            f"masks: expected one for each of {len(n_units)} sequences, got {len(masks)}."
        )
    for row, (mask, units) in enumerate(zip(masks, n_units, strict=True)):
        if len(mask) != units:
            raise InputError(f"masks[{row}]: expected {units} units, got {len(mask)}.")


def pick_device(name: str) -> torch.device:
    """The torch device of that name; "auto" is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"device: expected 'auto' or a device that is there, got '{name}'. Try 'cpu'."
        ) from error
    return device
