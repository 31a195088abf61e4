"""AttnLRP for the DNABERT-2 architecture, by LXT's efficient rules.

Achtibat et al. 2024 (AttnLRP), computed as modified gradient x input (Arras et al. 2025; LXT's
efficient rules), adapted to ALiBi and gated linear units as in Kurth et al. 2026, section 3:

- GELU and the pooler's tanh: identity rule (AttnLRP, eq. 9);
- LayerNorm: its standard deviation is a constant to the backward pass, as in LXT's code. That is
  not eq. 9, see `gxarena_torch.lxt_rules.detached_layer_norm`;
- softmax(Q K^T / sqrt(d) + ALiBi) V: uniform rule on both products (eq. 7), so that v gets half
  and q and k a quarter each, apart from the bias, which keeps its own share;
- the GLU's product: uniform rule, half to the gate and half to the content.

Relevance of a position is word embedding x gradient, summed over the width. Rules travel with
the forward pass (`gxarena_dnabert2.backward.Rules`): nothing is patched, hooked or left behind.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from gxarena_dnabert2.backward import Rules
from gxarena_dnabert2.word_gradients import WordGradients
from gxarena_torch.lxt_rules import detached_layer_norm, identity_rule, uniform_rule

FIRST = 16
"""Positions that the last layer gives, [CLS] among them, which alone is read: a twelfth of a pass
would compute what nobody reads, and carry zeros backwards. Matrix products of fewer than four rows
are added up in another order, and would move last bits."""


class AttnLRPRules(Rules):
    """LXT's efficient rules at the places where the network asks."""

    fused_attention = False

    def elementwise(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return identity_rule(function, x)

    def factor(self, x: Tensor, share: int) -> Tensor:
        return uniform_rule(x, share)

    def layer_norm(self, norm: nn.LayerNorm, x: Tensor) -> Tensor:
        return detached_layer_norm(norm, x)

    def last(self, layer: nn.Module, x: Tensor, bias: Tensor) -> Tensor:
        y: Tensor = layer(x, bias, self, FIRST)
        return y


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
