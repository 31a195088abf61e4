"""AttnLRP for Hugging Face classifiers (see `gxarena_hf.rules`)."""

from __future__ import annotations

import torch
from torch import Tensor

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported, suggest
from gxarena_hf.model import HuggingFace
from gxarena_hf.rules import attnlrp_rules
from gxarena_hf.tokenizer import Encoded

_OBJECTIVES = objective.OBJECTIVES


class AttnLRP:
    """Attention-aware layer-wise relevance propagation.

    Relevance of a position is word embedding x modified gradient, summed over the width.

    Parameters
    ----------
    objective : "logit", "log_odds" or "probability", optional
        Where relevance starts: the objective's gradient times the outputs. Without it, what the
        suite explains.
    max_tokens : int
        Positions in a micro-batch: bounds memory, since the backward pass keeps activations.
    """

    cost = (1, 1)

    def __init__(self, objective: str | None = None, max_tokens: int = 4096) -> None:
        if objective is not None and objective not in _OBJECTIVES:
            raise InputError(f"objective: unknown '{objective}'. {suggest(objective, _OBJECTIVES)}")
        if max_tokens < 1:
            raise InputError(f"max_tokens: expected 1 or more, got {max_tokens}.")
        self._objective = objective
        self._max_tokens = max_tokens

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """Relevance of every token; that of special tokens goes to ``special``.

        ``diagnostics["explained"]`` is the value distributed, sum_c g_c z_c with outputs z and
        the objective's gradient g.
        """
        if not isinstance(model, HuggingFace):
            raise Unsupported(f"attnlrp-hf: expected the model 'hf', got {type(model).__name__}.")
        objective.check_targets(batch.targets, model.n_outputs)
        encoded = model.encoded(batch.sequences)
        found: dict[int, Attribution] = {}
        with attnlrp_rules(model.network):
            for indices, ids, mask in model.batches(encoded, self._max_tokens):
                relevance, explained = self._relevance(model, batch, indices, ids, mask)
                for index, row, value in zip(indices, relevance, explained.tolist(), strict=True):
                    found[index] = _attribution(encoded[index], row, value)
        return [found[index] for index in range(len(batch))]

    def _relevance(
        self, model: HuggingFace, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Relevance of each position, (B, T), and the value distributed, (B,)."""
        with torch.enable_grad():
            words = model.embed(ids).detach().requires_grad_()
            logits = model.logits(ids, mask, words)
            outputs = logits.detach().double().cpu().numpy()
            what = self._objective or batch.objective
            start = objective.gradient(what, outputs, batch.targets[indices])
            weights = torch.from_numpy(start).to(logits)
            (gradient,) = torch.autograd.grad(logits, words, grad_outputs=weights)
        relevance = (words.detach() * gradient).sum(-1).double().cpu()
        return relevance, torch.from_numpy((start * outputs).sum(axis=1))


def _attribution(encoded: Encoded, relevance: Tensor, explained: float) -> Attribution:
    positions = relevance[: len(encoded.ids)].numpy()
    return Attribution(
        scores=positions[encoded.is_unit],
        spans=encoded.spans,
        special=dict(zip(encoded.special, positions[~encoded.is_unit].tolist(), strict=True)),
        diagnostics={"explained": explained},
    )
