"""One-hot networks as gxarena models: strings in, NumPy out, units are nucleotides."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gxarena.api import Layout
from gxarena.data import Bools, Floats, Spans
from gxarena.dna import NO_CODE
from gxarena.errors import InputError, check_at_least
from gxarena.explainers.references import check_kind
from gxarena_cnn import encoding
from gxarena_cnn.checkpoint import load_network
from gxarena_cnn.config import CNNConfig, DeepSTARRConfig
from gxarena_cnn.describe import cnn_folder, deepstarr_folder
from gxarena_cnn.networks import Network
from gxarena_torch.cost import cost
from gxarena_torch.device import pick_device
from gxarena_torch.randomised import randomised_copy

if TYPE_CHECKING:
    from gxarena.training.job import TrainingJob


class OneHotModel:
    """A network over one-hot nucleotides: a maskable and a differentiable model of `gxarena.api`.

    Parameters
    ----------
    network : Network
    device : str
        "auto", "cpu", "cuda", ...
    batch_size : int
        Most sequences per pass; fewer where the network's activations say so
        (`gxarena_torch.cost`).

    Attributes
    ----------
    n_outputs : int
    max_length : int
        The network's input length; shorter sequences are padded with N on the right.
    """

    one_hot = True
    modular = True
    reference_kinds = ("zeros", "uniform", "unknown")

    def __init__(self, network: Network, device: str = "auto", batch_size: int = 256) -> None:
        check_at_least("batch_size", batch_size)
        self.device = pick_device(device)
        self.network = network.to(self.device).eval()
        takes = cost(self, "A" * self.max_length)
        self.batch_size = min(batch_size, takes.backward_rows)
        self._predicted_at_once = min(batch_size, takes.forward_rows)

    @property
    def n_outputs(self) -> int:
        return self.network.config.n_outputs

    @property
    def max_length(self) -> int:
        return self.network.config.input_length

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


class CNN(OneHotModel):
    """The Genomic Benchmarks CNN (see `gxarena_cnn.networks.cnn`).

    Parameters
    ----------
    checkpoint : folder, optional
        With ``config.json`` and ``model.safetensors``, or the data set of bundled weights: "fly"
        (fly-promoters, where none is given) or "planted";
        "fly-1", … are further replicates, trained alike from another seed.
    device, batch_size
        See `OneHotModel`.
    """

    def __init__(
        self, checkpoint: str | Path | None = None, device: str = "auto", batch_size: int = 256
    ) -> None:
        network = load_network(cnn_folder(checkpoint), CNNConfig)
        super().__init__(network, device, batch_size)

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Train on ``job.train``, choose on ``job.valid``, write a checkpoint to ``job.out``."""
        from gxarena_cnn.training.train import train

        return train(job, CNNConfig)


class DeepSTARR(OneHotModel):
    """DeepSTARR (see `gxarena_cnn.networks.deepstarr`).

    Parameters
    ----------
    checkpoint : folder
        With ``config.json`` and ``model.safetensors``.
    device, batch_size
        See `OneHotModel`.
    """

    def __init__(
        self, checkpoint: str | Path | None = None, device: str = "auto", batch_size: int = 256
    ) -> None:
        network = load_network(deepstarr_folder(checkpoint), DeepSTARRConfig)
        super().__init__(network, device, batch_size)

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Train on ``job.train``, choose on ``job.valid``, write a checkpoint to ``job.out``."""
        from gxarena_cnn.training.train import train

        return train(job, DeepSTARRConfig)
