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

from gxarena_dnabert2.backward import WordGradients
from gxarena_dnabert2.modeling import Rules


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


class AttnLRP(WordGradients):
    """Attention-aware layer-wise relevance propagation; parameters as `WordGradients`.

    ``diagnostics["explained"]`` is the value distributed, sum_c g_c z_c with outputs z and the
    objective's gradient g: for ``logit`` the logit, for two classes and ``log_odds`` their
    difference.
    """

    name = "attnlrp"
    rules = RULES
    distributes = True
