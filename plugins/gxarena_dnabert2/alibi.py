"""ALiBi: attention with linear biases, in place of position embeddings (Press et al. 2022)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

NEGLIGIBLE = float("-inf")
"""Attention bias of padding."""


def alibi_slopes(n_heads: int) -> list[float]:
    """One slope per head (Press et al. 2022, and their code for heads that are no power of 2).

    For a power of two, the geometric series from 2^(-8/n) with that ratio; otherwise the series
    of the power of two below, then every other element of the series of the one above.
    """
    below = 2 ** math.floor(math.log2(n_heads))

    def series(n: int) -> list[float]:
        return [2.0 ** (-8.0 * (i + 1) / n) for i in range(n)]

    return series(below) + series(2 * below)[::2][: n_heads - below]


def alibi_bias(slopes: Tensor, attention_mask: Tensor) -> Tensor:
    """-slope |i - j| for each head, and nothing of padding.

    Made for whatever length comes: the official code's ``alibi_starting_size`` is no limit here.

    Parameters
    ----------
    slopes : Tensor, (H,)
    attention_mask : Tensor, (B, T)
        0 where there is padding.

    Returns
    -------
    Tensor, (B, H, T, T)
    """
    position = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    distance = (position[:, None] - position[None, :]).abs()
    alibi = -slopes[:, None, None] * distance
    padding = attention_mask[:, None, None, :] == 0
    return alibi[None].masked_fill(padding, NEGLIGIBLE)
