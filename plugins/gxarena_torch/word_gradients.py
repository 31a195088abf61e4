"""Explainers of token networks that score every position, micro-batch by micro-batch.

`PositionExplainer` is the loop; `WordGradients` scores by word embedding x gradient, under
whatever backward pass a set of rules describes.

Shapes: B sequences of a micro-batch, T positions, C outputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.errors import check_at_least, check_choice
from gxarena_torch.token_model import TokenModel

_OBJECTIVES = objective.OBJECTIVES


class PositionExplainer(ABC):
    """Scores every position of a token model.

    Parameters
    ----------
    objective : "logit", "log_odds" or "probability", optional
        What of the outputs is explained. Without it, what the suite explains.
    max_tokens : int
        Positions in a micro-batch: bounds memory, since a backward pass keeps activations.

    Attributes
    ----------
    name : str
        As suites call the explainer.
    """

    name: str

    def __init__(self, objective: str | None = None, max_tokens: int = 4096) -> None:
        if objective is not None:
            check_choice("objective", objective, _OBJECTIVES)
        check_at_least(f"{self.name}, max_tokens", max_tokens)
        self._objective = objective
        self._max_tokens = max_tokens

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """Score of every token; that of special tokens goes to ``special``."""
        network = self._known(model)
        objective.check_targets(batch.targets, network.n_outputs)
        encoded = network.encoded(batch.sequences)
        found: dict[int, Attribution] = {}
        with self._backward_rules(network):
            for indices, ids, mask in network.batches(encoded, self._max_tokens):
                scores, explained = self._scores(network, batch, indices, ids, mask)
                facts = _diagnostics(explained, len(indices))
                rows = scores.double().cpu().numpy()
                for index, row, fact in zip(indices, rows, facts, strict=True):
                    found[index] = encoded[index].attribution(row, fact)
        return [found[index] for index in range(len(batch))]

    @abstractmethod
    def _known(self, model: Model) -> TokenModel:
        """The model; Unsupported where it is none that this explainer can explain."""

    @abstractmethod
    def _scores(
        self, model: TokenModel, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Scores of each position, (B, T), and the value that they distribute, (B,), if any."""

    def _backward_rules(self, model: TokenModel) -> AbstractContextManager[None]:
        """What must hold of the network while its backward pass is taken; here nothing."""
        del model
        return nullcontext()

    def _starting_gradient(self, logits: Tensor, batch: Batch, indices: list[int]) -> Tensor:
        """The objective's gradient with respect to the raw outputs, (B, C)."""
        outputs = logits.detach().double().cpu().numpy()
        what = self._objective or batch.objective
        return torch.from_numpy(objective.gradient(what, outputs, batch.targets[indices])).to(
            logits
        )


class WordGradients(PositionExplainer):
    """Scores each position by its word embedding x gradient, summed over the width.

    Parameters as `PositionExplainer`; `objective` is where the backward pass starts.

    Attributes
    ----------
    distributes : bool
        Whether the scores are meant to add up to the value that the pass starts with,
        sum_c g_c z_c with outputs z and the objective's gradient g; it is then
        ``diagnostics["explained"]``.
    """

    distributes: bool
    cost = (1, 1)

    def _scores(
        self, model: TokenModel, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        with torch.enable_grad():
            words = model.embed(ids).detach().requires_grad_()
            logits = self._logits(model, ids, mask, words)
            start = self._starting_gradient(logits, batch, indices)
            (gradient,) = torch.autograd.grad(logits, words, grad_outputs=start)
        scores = (words.detach() * gradient).sum(-1)
        if not self.distributes:
            return scores, None
        return scores, (start.double() * logits.detach().double()).sum(-1)

    def _logits(self, model: TokenModel, ids: Tensor, mask: Tensor, words: Tensor) -> Tensor:
        """Raw outputs (B, C) whose backward pass is taken."""
        return model.logits(ids, mask, words)


def _diagnostics(explained: Tensor | None, n: int) -> list[dict[str, float]]:
    if explained is None:
        return [{}] * n
    return [{"explained": value} for value in explained.tolist()]
