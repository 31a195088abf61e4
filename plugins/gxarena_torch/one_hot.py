"""A network over one-hot nucleotides as a gxarena model: strings in, NumPy out."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gxarena.api import Layout
from gxarena.data import Bools, Floats, Spans
from gxarena.dna import NO_CODE
from gxarena.errors import InputError, check_at_least
from gxarena.explainers.references import check_kind
from gxarena_torch import encoding
from gxarena_torch.cost import CONVOLVED, cost
from gxarena_torch.device import pick_device
from gxarena_torch.randomised import randomised_copy


class OneHotModel:
    """A network over one-hot nucleotides: a maskable and a differentiable model of `gxarena.api`.

    Parameters
    ----------
    network : nn.Module
        One-hot (B, 4, input_length) over A, C, G, T to raw outputs (B, C); an N, and what is beyond
        a sequence, is a zero column. It is put into evaluation mode and onto the device; of a
        module that nobody knows yet `gxarena_torch.modules.model_of` finds out what it can.
    device : str
        "auto", "cpu", "cuda", ...
    batch_size : int
        Most sequences per pass; fewer where the network's activations say so
        (`gxarena_torch.cost`).
    input_length, n_outputs : int, optional
        Nucleotides that it reads, and C; without them those of ``network.config``.

    Attributes
    ----------
    n_outputs : int
    max_length : int
        The network's input length; shorter sequences are padded with N on the right.
    """

    one_hot = True
    modular = True
    reference_kinds = ("zeros", "uniform", "unknown")

    def __init__(
        self,
        network: nn.Module,
        device: str = "auto",
        batch_size: int = 256,
        *,
        input_length: int | None = None,
        n_outputs: int | None = None,
    ) -> None:
        check_at_least("batch_size", batch_size)
        config: Any = network.config if None in (input_length, n_outputs) else None
        self.max_length = int(config.input_length if input_length is None else input_length)
        self.n_outputs = int(config.n_outputs if n_outputs is None else n_outputs)
        self.device = pick_device(device)
        self.network = network.to(self.device).eval()
        takes = cost(self, "A" * self.max_length)
        self.batch_size = min(batch_size, takes.backward_rows)
        self._predicted_at_once = min(batch_size, takes.forward_rows(CONVOLVED))

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """One unit per nucleotide."""
        return [Spans.nucleotides(len(sequence)) for sequence in sequences]

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Logits, shape (B, C)."""
        return self._predict(self._codes(sequences))

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Logits with the masked nucleotides N, that is zero columns; shape (B, C)."""
        encoded = self._codes(sequences)
        for row, mask in enumerate(masks):
            if len(mask) != len(sequences[row]):
                raise InputError(
                    f"masks[{row}]: expected {len(sequences[row])} units, got {len(mask)}."
                )
            encoded[row, : len(mask)][mask] = NO_CODE
        return self._predict(encoded)

    def randomised(self, seed: int) -> OneHotModel:
        """A copy of this model with every parameter drawn anew (see `gxarena_torch.randomised`)."""
        made = copy.copy(self)
        made.network = randomised_copy(self.network, seed)
        return made

    def encode(self, sequences: Sequence[str]) -> Tensor:
        """One-hot (B, 4, max_length) on the model's device."""
        return self._one_hot(self._codes(sequences))

    def embed(self, encoded: Tensor) -> Tensor:
        """The one-hot sequences themselves, (B, 4, T) to (B, T, 4)."""
        return encoded.transpose(1, 2)

    def forward_embedded(self, embedded: Tensor, encoded: Tensor) -> Tensor:
        """Logits (B, C) of (B, T, 4); padding is zero columns already."""
        del encoded
        logits: Tensor = self.network(embedded.transpose(1, 2))
        return logits

    def layouts(self, sequences: Sequence[str]) -> list[Layout]:
        """Unit u at position u; no special tokens."""
        return [
            Layout(np.arange(len(units)), units, length=self.max_length)
            for units in self.spans(sequences)
        ]

    def reference(self, sequences: Sequence[str], kind: str) -> Tensor:
        """Zeros, which are this model's unknown too, or a quarter of each letter; (B, T, 4)."""
        check_kind("reference", kind, self.reference_kinds)
        embedded = torch.zeros(len(sequences), self.max_length, 4, device=self.device)
        if kind == "uniform":
            lengths = torch.tensor([len(s) for s in sequences], device=self.device)
            inside = torch.arange(self.max_length, device=self.device) < lengths[:, None]
            embedded[inside] = 0.25
        return embedded

    def embed_others(self, others: Sequence[str], sequences: Sequence[str]) -> Tensor:
        """One-hot other sequences, which must be as long; (B, T, 4)."""
        for other, sequence in zip(others, sequences, strict=True):
            if len(other) != len(sequence):
                raise InputError(
                    f"reference: expected {len(sequence)} nucleotides, got {len(other)}."
                )
        return self.embed(self.encode(others))

    def _codes(self, sequences: Sequence[str]) -> NDArray[np.uint8]:
        return encoding.codes(sequences, self.max_length)

    def _one_hot(self, encoded: NDArray[np.uint8]) -> Tensor:
        return encoding.one_hot(torch.from_numpy(encoded).to(self.device))

    @torch.inference_mode()
    def _predict(self, encoded: NDArray[np.uint8]) -> Floats:
        outputs = np.empty((len(encoded), self.n_outputs))
        for start in range(0, len(encoded), self._predicted_at_once):
            chunk = slice(start, start + self._predicted_at_once)
            outputs[chunk] = self.network(self._one_hot(encoded[chunk])).cpu().numpy()
        return outputs
