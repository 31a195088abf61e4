"""AttnLRP for the DNABERT-2 architecture, by LXT's efficient rules.

Achtibat et al. 2024 (AttnLRP), computed as modified gradient x input (Arras et al. 2025; LXT's
efficient rules), adapted to ALiBi and gated linear units as in Kurth et al. 2026, section 3:

- LayerNorm, GELU and the pooler's tanh: identity rule (AttnLRP, eq. 9);
- softmax(Q K^T / sqrt(d) + ALiBi) V: uniform rule on both products (eq. 7), so that v gets half
  and q and k a quarter each, apart from the bias, which keeps its own share;
- the GLU's product: uniform rule, half to the gate and half to the content.

Relevance of a position is word embedding x gradient, summed over the width. Rules travel with
the forward pass (`gxarena_dnabert2.modeling.Rules`): nothing is patched, hooked or left behind.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from lxt.efficient.rules import divide_gradient, identity_rule_implicit
from torch import Tensor, nn

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported, suggest
from gxarena_dnabert2.model import DNABERT2
from gxarena_dnabert2.modeling import Rules
from gxarena_dnabert2.tokenizer import Encoded


class AttnLRPRules(Rules):
    """LXT's efficient rules at the places where the network asks."""

    fused_attention = False

    def elementwise(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        y: Tensor = identity_rule_implicit(function, x)
        return y

    def factor(self, x: Tensor, share: int) -> Tensor:
        y: Tensor = divide_gradient(x, share)
        return y

    def layer_norm(self, norm: nn.LayerNorm, x: Tensor) -> Tensor:
        """The identity rule: the standard deviation is a constant to the backward pass."""
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred**2).mean(-1, keepdim=True)
        return centred * torch.rsqrt(variance + norm.eps).detach() * norm.weight + norm.bias


RULES = AttnLRPRules()


class AttnLRP:
    """Attention-aware layer-wise relevance propagation.

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
        self._objective = objective
        self._max_tokens = max_tokens

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """Relevance of every token; that of [CLS] and [SEP] goes to ``special``.

        ``diagnostics["explained"]`` is the value distributed, sum_c g_c z_c with outputs z and
        the objective's gradient g: for ``logit`` the logit, for two classes and ``log_odds``
        their difference.
        """
        if not isinstance(model, DNABERT2):
            raise Unsupported(f"attnlrp: expected a DNABERT-2 model, got {type(model).__name__}.")
        objective.check_targets(batch.targets, model.n_outputs)
        encoded = model.tokenizer.encode(batch.sequences)
        found: dict[int, Attribution] = {}
        for indices, ids, mask in model.batches(encoded, self._max_tokens):
            relevance, explained = self._relevance(model, batch, indices, ids, mask)
            for index, row, value in zip(indices, relevance, explained.tolist(), strict=True):
                found[index] = _attribution(encoded[index], row, value)
        return [found[index] for index in range(len(batch))]

    def _relevance(
        self, model: DNABERT2, batch: Batch, indices: list[int], ids: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Relevance of each position, (B, T), and the value distributed, (B,)."""
        with torch.enable_grad():
            words = model.network.embed(ids).detach().requires_grad_()
            logits = model.network.logits(words, mask, RULES)
            outputs = logits.detach().double().cpu().numpy()
            what = self._objective or batch.objective
            start = objective.gradient(what, outputs, batch.targets[indices])
            weights = torch.from_numpy(start).to(logits)
            (gradient,) = torch.autograd.grad(logits, words, grad_outputs=weights)
        relevance = (words.detach() * gradient).sum(-1).double().cpu()
        return relevance, torch.from_numpy((start * outputs).sum(axis=1))


_OBJECTIVES = objective.OBJECTIVES


def _attribution(encoded: Encoded, relevance: Tensor, explained: float) -> Attribution:
    positions = relevance[: len(encoded.ids)].numpy()
    return Attribution(
        scores=positions[encoded.is_unit],
        spans=encoded.spans,
        special=dict(zip(encoded.special, positions[~encoded.is_unit].tolist(), strict=True)),
        diagnostics={"explained": explained},
    )
