"""A token network as a gxarena model: strings in, NumPy out."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gxarena.api import Layout
from gxarena.data import Bools, Floats, Spans
from gxarena.errors import InputError, Unsupported, check_at_least
from gxarena.explainers.references import check_kind
from gxarena_torch.batching import MOST_PADDING, batches_by_length, padded
from gxarena_torch.cost import Cost, measured
from gxarena_torch.device import pick_device, pick_dtype
from gxarena_torch.randomised import randomised_copy
from gxarena_torch.tokens import Encoded, joined


class TokenModel(ABC):
    """What token networks share: a maskable, differentiable and randomisable model.

    A subclass loads its network and says how sequences become tokens, tokens embeddings, and
    embeddings outputs.

    Parameters
    ----------
    device : str
        ``"auto"`` takes CUDA where there is one.
    dtype : "float32" or "bfloat16"
        What the network computes with; bfloat16 is faster and less exact.
    max_tokens : int
        Positions in a micro-batch, padding included: bounds memory.

    Attributes
    ----------
    network : torch.nn.Module
    n_outputs : int
    pad, unknown : int
        Ids of the tokens that fill up a batch and that masked tokens become.
    most_padding : float
        See `gxarena_torch.batching.batches_by_length`.
    """

    one_hot = False
    modular = False
    most_padding = MOST_PADDING
    network: Any
    n_outputs: int
    pad: int
    unknown: int

    def __init__(self, device: str, dtype: str, max_tokens: int) -> None:
        check_at_least("max_tokens", max_tokens)
        self.dtype = pick_dtype(dtype)
        self.device = pick_device(device)
        self._max_tokens = max_tokens
        self._costs: dict[int, Cost] = {}

    @property
    @abstractmethod
    def reference_kinds(self) -> tuple[str, ...]:
        """Those of `gxarena.explainers.references.KINDS` that `reference` can give."""

    @abstractmethod
    def encoded(self, sequences: Sequence[str]) -> list[Encoded]:
        """Tokenise upper-case ACGTN."""

    @abstractmethod
    def embed(self, encoded: Tensor) -> Tensor:
        """Word embeddings (B, T, D) of ids (B, T), before positions and LayerNorm."""

    @abstractmethod
    def logits(self, ids: Tensor, mask: Tensor, words: Tensor | None = None) -> Tensor:
        """Raw outputs (B, C) of ids (B, T), with `words` (B, T, D) as their embeddings if given."""

    @abstractmethod
    def stand_in(self, kind: str) -> Tensor:
        """The word embedding, (D,), of a token that says nothing, for a kind of reference."""

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """The nucleotides each token owns, special tokens left out."""
        return [encoded.spans for encoded in self.encoded(sequences)]

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs, shape (B, C)."""
        return self._predict(self.encoded(sequences))

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with tokens replaced by `unknown`; tokenised before, not after.

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

    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        """Raw outputs with each of ``pieces[b]`` tokenised by itself, shape (B, C).

        Raises
        ------
        Unsupported
            A token by itself is another than in its sequence, as where a tokenizer marks the
            beginning of a word.
        """
        return self._predict(self.in_pieces(sequences, pieces))

    def in_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> list[Encoded]:
        """Tokens of sequences cut into pieces, see `predict_pieces`."""
        unique = list(dict.fromkeys(sequences))
        whole = self.encoded(unique)
        cuts = [_cut(*pair) for pair in zip(sequences, pieces, strict=True)]
        own = [_cut(sequence, one.spans) for sequence, one in zip(unique, whole, strict=True)]
        texts = list(dict.fromkeys(text for row in (*cuts, *own) for text in row))
        known = dict(zip(texts, self.encoded(texts), strict=True))
        for row, one in zip(own, whole, strict=True):
            if not np.array_equal(joined([known[text] for text in row]).ids, one.ids):
                raise Unsupported(
                    f"{type(self).__name__}: expected a tokenizer whose tokens are the same by "
                    "themselves as in a sequence, got others."
                )
        return [joined([known[text] for text in row]) for row in cuts]

    def randomised(self, seed: int) -> Self:
        """A copy of this model with every parameter drawn anew (see `gxarena_torch.randomised`)."""
        made = copy.copy(self)
        made.network = randomised_copy(self.network, seed)
        return made

    def encode(self, sequences: Sequence[str]) -> Tensor:
        """Token ids (B, T), padded on the right."""
        return self._padded(self.encoded(sequences))[0]

    def forward_embedded(self, embedded: Tensor, encoded: Tensor) -> Tensor:
        """Raw outputs (B, C) of word embeddings (B, T, D); `encoded` says what is padding."""
        return self.logits(encoded, (encoded != self.pad).long(), embedded.to(self.dtype))

    def layouts(self, sequences: Sequence[str]) -> list[Layout]:
        """Where tokens and special tokens lie."""
        return [one.layout() for one in self.encoded(sequences)]

    def reference(self, sequences: Sequence[str], kind: str) -> Tensor:
        """Word embeddings (B, T, D) with the `stand_in` for every token but the special ones."""
        check_kind("reference", kind, self.reference_kinds)
        encoded = self.encoded(sequences)
        embedded = self.embed(self._padded(encoded)[0])
        is_unit = np.zeros(embedded.shape[:2], dtype=np.bool_)
        for row, one in zip(is_unit, encoded, strict=True):
            row[: len(one.ids)] = one.is_unit
        units = torch.from_numpy(is_unit).to(self.device)
        return torch.where(units[..., None], self.stand_in(kind), embedded)

    def embed_others(self, others: Sequence[str], sequences: Sequence[str]) -> Tensor:
        """Word embeddings (B, T, D) of the other sequences' tokens, repeated or cut to fit."""
        pairs = zip(self.encoded(others), self.encoded(sequences), strict=True)
        return self.embed(self._padded([one.with_units_of(other) for other, one in pairs])[0])

    def batches(
        self, encoded: Sequence[Encoded], max_tokens: int, *, gradients: bool = True
    ) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Micro-batches of sequences of similar length: indices, ids (B, T), mask (B, T).

        Parameters
        ----------
        max_tokens : int
            Positions of a micro-batch at most; fewer where the network's activations say so.
        gradients : bool
            Whether a backward pass follows.
        """
        lengths = [len(one.ids) for one in encoded]
        if len(encoded) > 1:
            longest = int(np.argmax(lengths))
            takes = self._cost(encoded[longest])
            rows = takes.backward_rows if gradients else takes.forward_rows()
            # What a position takes never falls with length, so that shorter ones fit too.
            max_tokens = min(max_tokens, rows * lengths[longest])
        for indices in batches_by_length(lengths, max_tokens, self.most_padding):
            yield indices, *self._padded([encoded[index] for index in indices])

    def _predict(self, encoded: Sequence[Encoded]) -> Floats:
        outputs = np.zeros((len(encoded), self.n_outputs))
        # Not inference_mode: ESM keeps its rotary angles, and gradients could not use them then.
        with torch.no_grad():
            for indices, ids, mask in self.batches(encoded, self._max_tokens, gradients=False):
                outputs[indices] = self.logits(ids, mask).double().cpu().numpy()
        return outputs

    def _cost(self, encoded: Encoded) -> Cost:
        """What a pass of one such sequence takes; asked once for each length."""
        if (length := len(encoded.ids)) not in self._costs:
            ids, mask = self._padded([encoded])
            words = self.embed(ids).detach().requires_grad_()
            self._costs[length] = measured(self.network, lambda: self.logits(ids, mask, words))
        return self._costs[length]

    def _padded(self, encoded: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
        return padded(encoded, self.pad, self.device)


def _cut(sequence: str, pieces: Spans) -> list[str]:
    return [sequence[start:end] for start, end in pairwise(pieces.boundaries.tolist())]


def _check_masks(masks: Sequence[Bools], n_units: Sequence[int]) -> None:
    if len(masks) != len(n_units):
        raise InputError(
            f"masks: expected one for each of {len(n_units)} sequences, got {len(masks)}."
        )
    for row, (mask, units) in enumerate(zip(masks, n_units, strict=True)):
        if len(mask) != units:
            raise InputError(f"masks[{row}]: expected {units} units, got {len(mask)}.")
