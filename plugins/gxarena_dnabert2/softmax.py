"""Softmax without the weights that are too small to count, which are the slowest to compute with.

ALiBi takes something off for each position in between, so that far weights are below what a float
holds in full. Some processors multiply such numbers many times slower: of a thousand tokens the
products with them took half of an explanation's time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

NOTHING = 1e-19
"""A weight up to this is zero. It is about the root of the smallest that float32 holds in full, so
that neither a weight nor its product with a gradient above this is smaller. The weights of a row
sum to one, of which float32 tells parts of 1e-7."""


class _Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor) -> Tensor:
        torch.softmax(logits, -1, out=logits)
        torch.threshold_(logits, NOTHING, 0.0)
        ctx.mark_dirty(logits)
        ctx.save_for_backward(logits)
        return logits

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (weights,) = ctx.saved_tensors
        # What torch's own softmax does, and no part of what is public of torch.
        found: Tensor = torch.ops.aten._softmax_backward_data(gradient, weights, -1, weights.dtype)
        return found


def softmax_(logits: Tensor) -> Tensor:
    """Softmax over the last axis, in place, and zero up to `NOTHING`, also to the gradient.

    In place: of a thousand tokens the logits are most of what a pass writes.
    """
    weights: Tensor = _Softmax.apply(logits)
    return weights
