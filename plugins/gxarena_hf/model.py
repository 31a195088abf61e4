"""Any Hugging Face sequence classifier as a gxarena model: strings in, NumPy out."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gxarena.api import Layout
from gxarena.data import Bools, Floats, Spans
from gxarena.errors import InputError, suggest
from gxarena.explainers.references import KINDS, check_kind
from gxarena_hf.checkpoint import folder_of, load_classifier
from gxarena_hf.describe import positions
from gxarena_hf.tokenizer import NAMES, Encoded, Tokenizer
from gxarena_torch.randomised import randomised_copy

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob

MOST_PADDING = 0.2
ENOUGH = 8
"""Sequences in a batch before padding is worth another call."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ROLES = {"unknown": "unk_token", "mask": "mask_token", "pad": "pad_token"}
FILLS = ("unknown", "mask")


class HuggingFace:
    """A classifier that transformers reads without remote code.

    A maskable, a differentiable and a randomisable model of `gxarena.api`.

    BERT-, ESM- and ModernBERT-style encoders are tested: DNABERT, Nucleotide Transformer,
    GENA-LM and kin.

    Parameters
    ----------
    checkpoint : str or Path
        A folder with config.json, tokenizer.json or vocab.txt, and weights; or a hub id.
    tokens : str
        How sequences are cut: ``"auto"``, or one of `gxarena_hf.vocabulary.SCHEMES`.
    fill : "unknown" or "mask"
        What masked units become: the unknown token, or the mask token of the pre-training.
    device : str
        ``"auto"`` takes CUDA where there is one.
    dtype : "float32" or "bfloat16"
    max_tokens : int
        Positions in a micro-batch, padding included: bounds memory.
    """

    one_hot = False
    modular = False

    def __init__(
        self,
        checkpoint: str | Path,
        tokens: str = "auto",
        fill: str = "unknown",
        device: str = "auto",
        dtype: str = "float32",
        max_tokens: int = 16384,
    ) -> None:
        if dtype not in DTYPES:
            raise InputError(f"dtype: unknown '{dtype}'. {suggest(dtype, DTYPES)}")
        if fill not in FILLS:
            raise InputError(f"fill: unknown '{fill}'. {suggest(fill, FILLS)}")
        if max_tokens < 1:
            raise InputError(f"max_tokens: expected 1 or more, got {max_tokens}.")
        folder = folder_of(checkpoint)
        self.device = pick_device(device)
        self.dtype = DTYPES[dtype]
        self.tokenizer = Tokenizer(folder, tokens)
        self.unknown = self._required(folder, ROLES[fill])
        self.network = load_classifier(folder).to(self.device, self.dtype)
        config = self.network.config
        # The tokenizer's own, where it has one: some config.json name another id.
        known = self.tokenizer.id_of("pad_token") is not None or config.pad_token_id is None
        self.pad: int = self._required(folder, "pad_token") if known else config.pad_token_id
        config.pad_token_id = self.pad
        self.n_outputs: int = config.num_labels
        self._positions = positions(config.to_dict())
        # ESM's token dropout rescales by the share of mask tokens in the row, padding included.
        self._token_dropout = bool(getattr(config, "token_dropout", False))
        self._most_padding = 0.0 if self._token_dropout else MOST_PADDING
        self._max_tokens = max_tokens

    @property
    def max_length(self) -> int | None:
        """Nucleotides of the longest sequence that could fit; None where there is no limit."""
        if self._positions is None:
            return None
        shortest = "A" * self.tokenizer.vocabulary.k
        special = len(self.tokenizer.encode([shortest])[0].special)
        return self.tokenizer.vocabulary.capacity(self._positions - special)

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """What each token owns, special tokens left out (see `gxarena_hf.tokenizer`)."""
        return [encoded.spans for encoded in self.encoded(sequences)]

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs, shape (B, C)."""
        return self._predict(self.encoded(sequences))

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with tokens replaced; tokenised before, not after.

        Where tokens overlap, every token is replaced that reads a nucleotide of a masked unit.
        """
        # Perturbation asks for many masks of each sequence: tokenise each once.
        unique = list(dict.fromkeys(sequences))
        encoded = dict(zip(unique, self.encoded(unique), strict=True))
        _check_masks(masks, [len(encoded[sequence].spans) for sequence in sequences])
        return self._predict(
            [
                encoded[sequence].masked(np.asarray(mask, dtype=np.bool_), self.unknown)
                for sequence, mask in zip(sequences, masks, strict=True)
            ]
        )

    def randomised(self, seed: int) -> HuggingFace:
        """A copy of this model with every parameter drawn anew (see `gxarena_torch.randomised`)."""
        made = copy.copy(self)
        made.network = randomised_copy(self.network, seed)
        return made

    def encoded(self, sequences: Sequence[str]) -> list[Encoded]:
        """Tokenise; InputError where a sequence has more tokens than the network positions."""
        found = self.tokenizer.encode(sequences)
        for sequence, one in zip(sequences, found, strict=True):
            if self._positions is not None and len(one.ids) > self._positions:
                raise InputError(
                    f"sequence '{sequence[:20]}…' ({len(sequence)} nucleotides): expected at most "
                    f"{self._positions} tokens, got {len(one.ids)}. Crop it."
                )
        return found

    def batches(
        self, encoded: Sequence[Encoded], max_tokens: int
    ) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Micro-batches of sequences of similar length: indices, ids (B, T), mask (B, T).

        Padding costs little: neighbours in length share a batch, and a batch of some size ends
        where the next sequence would pad it by more than `MOST_PADDING`.
        """
        lengths = np.array([len(one.ids) for one in encoded])
        enough = ENOUGH if self._most_padding else 1
        batch: list[int] = []
        real = 0
        for index in np.argsort(lengths, kind="stable").tolist():
            # Rising lengths: the newcomer is the longest.
            positions = (len(batch) + 1) * lengths[index]
            padded_out = positions > (1 + self._most_padding) * (real + lengths[index])
            if batch and (positions > max_tokens or (padded_out and len(batch) >= enough)):
                yield batch, *self._padded([encoded[i] for i in batch])
                batch, real = [], 0
            batch.append(index)
            real += int(lengths[index])
        if batch:
            yield batch, *self._padded([encoded[i] for i in batch])

    @property
    def reference_kinds(self) -> tuple[str, ...]:
        """Those of `gxarena.explainers.references.KINDS` that the tokenizer has a token for."""
        has = {kind: self.tokenizer.id_of(role) is not None for kind, role in ROLES.items()}
        # ESM with token dropout never sees the mask token's embedding.
        has["mask"] &= not self._token_dropout
        return tuple(kind for kind in KINDS if has.get(kind, True))

    def encode(self, sequences: Sequence[str]) -> Tensor:
        """Token ids (B, T), padded on the right."""
        return self._padded(self.encoded(sequences))[0]

    def embed(self, encoded: Tensor) -> Tensor:
        """Word embeddings (B, T, D), before positions and LayerNorm."""
        words: Tensor = self.network.get_input_embeddings()(encoded)
        return words

    def forward_embedded(self, embedded: Tensor, encoded: Tensor) -> Tensor:
        """Raw outputs (B, C) of word embeddings (B, T, D); `encoded` says what is padding."""
        return self.logits(encoded, (encoded != self.pad).long(), embedded.to(self.dtype))

    def layouts(self, sequences: Sequence[str]) -> list[Layout]:
        """Where tokens and special tokens lie."""
        return [
            Layout(
                np.flatnonzero(one.is_unit),
                one.spans,
                dict(zip(one.special, np.flatnonzero(~one.is_unit).tolist(), strict=True)),
                len(one.ids),
            )
            for one in self.encoded(sequences)
        ]

    def reference(self, sequences: Sequence[str], kind: str) -> Tensor:
        """Word embeddings (B, T, D) with one vector, (D,), for every token.

        ``uniform`` is the mean over all tokens of A, C, G and T.
        """
        check_kind("reference", kind, self.reference_kinds)
        encoded = self.encoded(sequences)
        embedded = self.embed(self._padded(encoded)[0])
        is_unit = np.zeros(embedded.shape[:2], dtype=np.bool_)
        for row, one in zip(is_unit, encoded, strict=True):
            row[: len(one.ids)] = one.is_unit
        units = torch.from_numpy(is_unit).to(self.device)
        return torch.where(units[..., None], self._stand_in(kind), embedded)

    def embed_others(self, others: Sequence[str], sequences: Sequence[str]) -> Tensor:
        """Word embeddings (B, T, D) of the other sequences' tokens, repeated or cut to fit."""
        laid = []
        for other, one in zip(self.encoded(others), self.encoded(sequences), strict=True):
            ids = one.ids.copy()
            ids[one.is_unit] = np.resize(other.ids[other.is_unit], len(one.spans))
            laid.append(replace(one, ids=ids))
        return self.embed(self._padded(laid)[0])

    def logits(self, ids: Tensor, mask: Tensor, words: Tensor | None = None) -> Tensor:
        """Raw outputs (B, C) of ids (B, T), with `words` (B, T, D) as their embeddings if given.

        transformers' own ``inputs_embeds`` will not do: with it, ESM leaves out its position
        embeddings and token dropout.
        """
        with self._embedded(words):
            outputs: Tensor = self.network(input_ids=ids, attention_mask=mask).logits
        return outputs

    def _stand_in(self, kind: str) -> Tensor:
        """The word embedding, (D,), of a token that says nothing."""
        letters = sorted(token for token in self.tokenizer.vocabulary.tokens if "N" not in token)
        role = ROLES.get(kind)
        ids = self.tokenizer.ids_of(letters) if role is None else [self.tokenizer.id_of(role)]
        mean = self.embed(torch.tensor(ids, device=self.device)).mean(0)
        return torch.zeros_like(mean) if kind == "zeros" else mean

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Fine-tune a checkpoint into ``job.out`` (see `gxarena_hf.train`)."""
        from gxarena_hf.train import train

        return train(job)

    @contextmanager
    def _embedded(self, words: Tensor | None) -> Iterator[None]:
        if words is None:
            yield
            return
        handle = self.network.get_input_embeddings().register_forward_hook(lambda *_: words)
        try:
            yield
        finally:
            handle.remove()

    def _predict(self, encoded: Sequence[Encoded]) -> Floats:
        outputs = np.zeros((len(encoded), self.n_outputs))
        # Not inference_mode: ESM keeps its rotary angles, and gradients could not use them then.
        with torch.no_grad():
            for indices, ids, mask in self.batches(encoded, self._max_tokens):
                outputs[indices] = self.logits(ids, mask).double().cpu().numpy()
        return outputs

    def _padded(self, encoded: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
        longest = max(len(one.ids) for one in encoded)
        ids = np.full((len(encoded), longest), self.pad, dtype=np.int64)
        mask = np.zeros((len(encoded), longest), dtype=np.int64)
        for row, one in enumerate(encoded):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)

    def _required(self, folder: Path, role: str) -> int:
        found = self.tokenizer.id_of(role)
        if found is None:
            raise InputError(
                f"{folder}, tokenizer: expected a token {' or '.join(NAMES[role])}, found none."
            )
        return found


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
