"""CP-LRP for the DNABERT-2 architecture: what decides how much passes is a constant.

Ali et al. 2022 (XAI for Transformers: better explanations through conservative propagation),
with the rules that LXT gives as CP-LRP:

- attention weights are constants: no relevance through the softmax, all of it through v;
- the GLU's gate is a constant: all of the relevance goes to the content;
- LayerNorm's standard deviation is a constant, and the pooler's tanh follows the identity rule, as
  in `gxarena_dnabert2.attnlrp`.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from gxarena_dnabert2.attnlrp import AttnLRPRules
from gxarena_dnabert2.word_gradients import WordGradients


class CPLRPRules(AttnLRPRules):
    """AttnLRP's rules for LayerNorm and tanh; constants where it shares relevance out."""

    def gate(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return function(x).detach()

    def attention(self, weights: Tensor) -> Tensor:
        return weights.detach()

    def factor(self, x: Tensor, share: int) -> Tensor:
        """The other factor is a constant, so there is nothing to share."""
        del share
        return x


class CPLRP(WordGradients):
    """Conservative propagation; parameters as `WordGradients`.

    ``diagnostics["explained"]`` as for `gxarena_dnabert2.attnlrp.AttnLRP`.
    """

    name = "cp-lrp"
    rules = CPLRPRules()
    distributes = True
