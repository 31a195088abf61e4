"""The last layer's backward pass where [CLS] alone is read of what it gives.

The gradient of all other positions is zero there, and a twelfth of a pass would carry zeros
backwards. Values are those of all positions; what depends on [CLS] is computed once more, for the
backward pass.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gxarena_dnabert2.backward import Rules

FIRST = 16
"""Positions that are carried backwards, [CLS] among them. Matrix products of fewer than four rows
are added up in another order, and would move last bits."""


class _BackwardOfFirst(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, layer: nn.Module, x: Tensor, bias: Tensor, rules: Rules) -> Tensor:
        ctx.save_for_backward(x, bias)
        ctx.layer, ctx.rules = layer, rules
        y: Tensor = layer(x, bias, rules)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None, None]:
        x, bias = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            y = ctx.layer(x, bias, ctx.rules, FIRST)
            (found,) = torch.autograd.grad(y, x, gradient[:, :FIRST])
        return None, found, None, None


def backward_of_first(layer: nn.Module, x: Tensor, bias: Tensor, rules: Rules) -> Tensor:
    """What a layer gives, (B, T, D), to be differentiated by the first position's alone."""
    y: Tensor = _BackwardOfFirst.apply(layer, x, bias, rules)
    return y
