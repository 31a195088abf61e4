"""Word embedding x gradient, under the backward pass that a set of rules describes."""

from __future__ import annotations

import torch
from torch import Tensor

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported, suggest
from gxarena_dnabert2.model import DNABERT2
from gxarena_dnabert2.modeling import Rules
from gxarena_dnabert2.tokenizer import Encoded

_OBJECTIVES = objective.OBJECTIVES


class WordGradients:
    """Explains each position by its word embedding x gradient, summed over the width.

    Parameters
    ----------
    objective : "logit", "log_odds" or "probability", optional
        Where the backward pass starts: the objective's gradient times the outputs. Without it,
        what the suite explains.
    max_tokens : int
        Positions in a micro-batch: bounds memory, since the backward pass keeps activations.

    Attributes
    ----------
    name : str
        As suites call the explainer.
    rules : Rules
        The backward pass.
    distributes : bool
        Whether the scores are meant to add up to the value that the pass starts with.
    """

    name: str
    rules: Rules
    distributes: bool
    cost = (1, 1)

    def __init__(self, objective: str | None = None, max_tokens: int = 4096) -> None:
        if objective is not None and objective not in _OBJECTIVES:
            raise InputError(f"objective: unknown '{objective}'. {suggest(objective, _OBJECTIVES)}")
        self._objective = objective
        self._max_tokens = max_tokens

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """Score of every token; that of [CLS] and [SEP] goes to ``special``."""
        network = dnabert2(model, self.name)
        objective.check_targets(batch.targets, network.n_outputs)
        encoded = network.tokenizer.encode(batch.sequences)
        found: dict[int, Attribution] = {}
        for indices, ids, mask in network.batches(encoded, self._max_tokens):
            relevance, explained = self._relevance(network, batch, indices, ids, mask)
            for index, row, value in zip(indices, relevance, explained.tolist(), strict=True):
                diagnostics = {"explained": value} if self.distributes else {}
                found[index] = positions_to_units(encoded[index], row, diagnostics)
        return [found[index] for index in range(len(batch))]

    def _relevance(
        self, model: DNABERT2, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Relevance of each position, (B, T), and the value distributed, (B,)."""
        what = self._objective or batch.objective
        with torch.enable_grad():
            words = model.network.embed(ids).detach().requires_grad_()
            logits = model.network.logits(words, mask, self.rules)
            start = starting_gradient(what, logits, batch, indices)
            (gradient,) = torch.autograd.grad(logits, words, grad_outputs=start)
        relevance = (words.detach() * gradient).sum(-1).double().cpu()
        return relevance, (start.double() * logits.detach().double()).sum(-1).cpu()


def dnabert2(model: Model, explainer: str) -> DNABERT2:
    """The model, once it is known to be one of this plugin's."""
    if not isinstance(model, DNABERT2):
        raise Unsupported(f"{explainer}: expected a DNABERT-2 model, got {type(model).__name__}.")
    return model


def starting_gradient(what: str, logits: Tensor, batch: Batch, indices: list[int]) -> Tensor:
    """The objective's gradient with respect to the raw outputs, (B, C)."""
    outputs = logits.detach().double().cpu().numpy()
    start = objective.gradient(what, outputs, batch.targets[indices])
    return torch.from_numpy(start).to(logits)


def positions_to_units(
    encoded: Encoded, positions: Tensor, diagnostics: dict[str, float]
) -> Attribution:
    """Scores of model positions (T,), padding included, as units and special tokens."""
    scores = positions[: len(encoded.ids)].double().cpu().numpy()
    return Attribution(
        scores=scores[encoded.is_unit],
        spans=encoded.spans,
        special=dict(zip(encoded.special, scores[~encoded.is_unit].tolist(), strict=True)),
        diagnostics=diagnostics,
    )
