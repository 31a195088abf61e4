"""Explanations out of the attention weights: raw, rolled out, and weighted by their gradient.

Raw attention and rollout know nothing of the target: every class gets the same explanation.

Shapes: B sequences, K layers, H heads, T positions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gxarena.api import Model
from gxarena.data import Batch
from gxarena.errors import InputError
from gxarena_dnabert2.backward import Rules
from gxarena_dnabert2.model import DNABERT2
from gxarena_dnabert2.word_gradients import dnabert2
from gxarena_torch.token_model import TokenModel
from gxarena_torch.word_gradients import PositionExplainer

NO_OUTPUT: dict[str, str] = {
    "what_is_asked_is_explained": "attention weights are of the sequence, not of an output"
}
"""The conformance check that a method without a target fails, with the reason."""

CLS = 0
"""The position whose last hidden state the classifier reads."""


class Recording(Rules):
    """The plain pass, keeping each layer's attention weights.

    Attributes
    ----------
    weights : list of K Tensor, (B, H, T, T)
        How much position i (third axis) reads of position j (last axis).
    """

    fused_attention = False

    def __init__(self) -> None:
        self.weights: list[Tensor] = []

    def attention(self, weights: Tensor) -> Tensor:
        self.weights.append(weights)
        return weights


class _Attention(PositionExplainer):
    """What the three share; parameters as `PositionExplainer`."""

    def _known(self, model: Model) -> DNABERT2:
        return dnabert2(model, self.name)


def _weights(model: TokenModel, ids: Tensor, mask: Tensor) -> list[Tensor]:
    recording = Recording()
    with torch.inference_mode():
        model.network.bert(model.network.embed(ids), mask, recording)
    return recording.weights


class AttentionCLS(_Attention):
    """What [CLS] reads of each position in one layer, mean over the heads (as Ji et al. 2021).

    Parameters
    ----------
    layer : int
        0 is the first, -1 the last.
    max_tokens : int
        Positions in a micro-batch.
    """

    name = "attention-cls"
    cost = (1, 0)
    expected_failures = NO_OUTPUT

    def __init__(self, layer: int = -1, max_tokens: int = 4096) -> None:
        super().__init__(max_tokens=max_tokens)
        self._layer = layer

    def _scores(
        self, model: TokenModel, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, None]:
        del batch, indices
        weights = _weights(model, ids, mask)
        if not -len(weights) <= self._layer < len(weights):
            raise InputError(
                f"attention-cls, layer: expected {-len(weights)} to {len(weights) - 1}, "
                f"got {self._layer}."
            )
        return weights[self._layer][:, :, CLS].mean(1), None


class AttentionRollout(_Attention):
    """What of each position arrives at [CLS], with attention as the only flow.

    Abnar and Zuidema 2020: each layer mixes by (A + I) / 2, where A is the mean over the heads
    and I stands for the residual connection; the layers' matrices are multiplied.

    Parameters
    ----------
    residual : float
        The share that the residual connection keeps, 0.5 in the paper.
    max_tokens : int
        Positions in a micro-batch.
    """

    name = "attention-rollout"
    cost = (1, 0)
    expected_failures = NO_OUTPUT

    def __init__(self, residual: float = 0.5, max_tokens: int = 4096) -> None:
        super().__init__(max_tokens=max_tokens)
        if not 0 <= residual < 1:
            raise InputError(
                f"attention-rollout, residual: expected 0 or more, below 1, got {residual}."
            )
        self._residual = residual

    def _scores(
        self, model: TokenModel, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, None]:
        del batch, indices
        weights = _weights(model, ids, mask)
        # [CLS]'s row of the product, from the last layer down: vectors instead of matrices.
        flow = torch.zeros(len(ids), 1, ids.shape[1], dtype=torch.float64, device=ids.device)
        flow[:, :, CLS] = 1.0
        for layer in reversed(weights):
            mixed = flow @ layer.mean(1).double()
            flow = self._residual * flow + (1 - self._residual) * mixed
        return flow[:, 0], None


class AttentionXGradient(_Attention):
    """Attention weight x its gradient, summed over who reads and the heads, mean over the layers.

    Grad-SAM (Barkan et al. 2021) keeps positive gradients only; here that is a choice, since
    without it evidence against the target shows.

    Parameters
    ----------
    positive : bool
        Whether negative gradients count as zero.
    objective : "logit", "log_odds" or "probability", optional
        Whose gradient; without it, what the suite explains.
    max_tokens : int
        Positions in a micro-batch.
    """

    name = "attention-x-gradient"
    cost = (1, 1)

    def __init__(
        self, positive: bool = False, objective: str | None = None, max_tokens: int = 4096
    ) -> None:
        super().__init__(objective, max_tokens)
        self._positive = positive

    def _scores(
        self, model: TokenModel, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, None]:
        recording = Recording()
        with torch.enable_grad():
            words = model.network.embed(ids).detach().requires_grad_()
            logits = model.network.logits(words, mask, recording)
            start = self._starting_gradient(logits, batch, indices)
            gradients = torch.autograd.grad(logits, recording.weights, grad_outputs=start)
        scores = torch.zeros(ids.shape, dtype=torch.float64, device=ids.device)
        for weights, gradient in zip(recording.weights, gradients, strict=True):
            kept = gradient.clamp(min=0) if self._positive else gradient
            scores += (weights.detach() * kept).double().sum((1, 2))
        return scores / len(gradients), None
