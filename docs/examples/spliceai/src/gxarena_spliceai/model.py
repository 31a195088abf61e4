"""SpliceAI-10k as a model of gxarena: strings in, NumPy out, units are nucleotides."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gxarena.data import Floats
from gxarena.errors import InputError
from gxarena_spliceai.describe import INPUT_LENGTH, OUTPUTS
from gxarena_spliceai.network import Margins, SpliceAI
from gxarena_spliceai.weights import load
from gxarena_torch.one_hot import OneHotModel

MIDDLE = INPUT_LENGTH // 2
MOST_KEPT = 256
"""Surroundings whose margins are kept at a time, each of less than half a megabyte."""


class SpliceAIModel(OneHotModel):
    """Whether the 5,001st nucleotide is an acceptor (output 1), a donor (2) or neither (0).

    Outputs are the logits of the published softmax. An acceptor is the first nucleotide of an exon,
    a donor the last one, on the strand that is given. A shorter sequence is padded with N on its
    right.

    Parameters
    ----------
    checkpoint : str or path
        One of the five published trainings, "1" to "5", or the path of a Keras file of theirs.
    radius : int, optional
        The middle 2 radius + 1 nucleotides are what is explained, and what lies around them is
        computed once for many versions of these: the same numbers, many times sooner. Then
        gradients are those of the middle alone, and zero around it, so that samples must name a
        region in it.
    device, batch_size
        See `OneHotModel`.
    """

    expected_failures = dict.fromkeys(
        ("the_sequence_matters", "masking_is_true"),
        "the checks' sequences end thousands of nucleotides before the one that is judged",
    )

    def __init__(
        self,
        checkpoint: str | Path = "1",
        radius: int | None = None,
        device: str = "auto",
        batch_size: int = 64,
    ) -> None:
        if radius is not None and not (isinstance(radius, int) and 0 <= radius < MIDDLE):
            raise InputError(
                f"spliceai, radius: expected a whole number from 0 to {MIDDLE - 1}, got {radius}."
            )
        # As of whole sequences while batch sizes are chosen: what takes less fits all the more.
        self._radius: int | None = None
        super().__init__(
            load(checkpoint),
            device,
            batch_size,
            input_length=INPUT_LENGTH,
            n_outputs=len(OUTPUTS),
        )
        self._radius = radius

    @property
    def network(self) -> nn.Module:
        return self._network

    @network.setter
    def network(self, network: nn.Module) -> None:
        """Another one, e.g. of a copy of this model: what was computed by this one is forgotten."""
        self._network = network
        self._around: dict[object, Margins] = {}

    def forward_embedded(self, embedded: Tensor, encoded: Tensor) -> Tensor:
        """Logits (B, 3) of (B, T, 4); padding is zero columns already."""
        del encoded
        return self._logits(embedded.transpose(1, 2))

    @torch.inference_mode()
    def _predict(self, encoded: NDArray[np.uint8]) -> Floats:
        outputs = np.empty((len(encoded), self.n_outputs))
        for start in range(0, len(encoded), self._predicted_at_once):
            chunk = slice(start, start + self._predicted_at_once)
            outputs[chunk] = self._logits(self._one_hot(encoded[chunk])).cpu().numpy()
        return outputs

    def _logits(self, one_hot: Tensor) -> Tensor:
        """Logits (B, 3) of (B, 4, 10,001), from what changes where that is asked for."""
        if self._radius is None:
            whole: Tensor = self.network(one_hot)
            return whole
        middle = slice(MIDDLE - self._radius, MIDDLE + self._radius + 1)
        around = one_hot.detach().clone()
        around[..., middle] = 0
        if bool((around == around[:1]).all()):  # versions of one sample
            margins = self._margins_of_one(around[:1])
        else:
            margins = self._margins(around)
        found: Tensor = self.network(one_hot[..., middle], margins)
        return found

    def _margins_of_one(self, around: Tensor) -> Margins:
        """Margins in one sample's surroundings (1, 4, 10,001), kept for the next questions."""
        letters = hashlib.sha256(around.to(torch.uint8).cpu().numpy().tobytes()).digest()
        # Weights that are written to have another version.
        key = letters, tuple(one._version for one in self.network.parameters())
        if key not in self._around:
            if len(self._around) == MOST_KEPT:
                del self._around[next(iter(self._around))]
            self._around[key] = self._margins(around)
        return self._around[key]

    @torch.no_grad()
    def _margins(self, around: Tensor) -> Margins:
        # By a network of the same weights: rules may be hooked to this one's modules.
        plain = SpliceAI().to(around.device)
        plain.load_state_dict(self.network.state_dict(), assign=True)
        return plain.margins(around, self._radius or 0)
