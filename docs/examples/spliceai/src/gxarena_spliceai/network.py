"""SpliceAI-10k's network for one position, computed where that position needs it.

Jaganathan et al. 2019, Predicting splicing from primary sequence with deep learning, Cell 176:535,
Fig. 1 and Methods. Published with zero-padded convolutions over all positions, of which the outer
5,000 on either side are cropped away; a single position so reads 10,001 nucleotides and never the
padding. Here convolutions are unpadded and the output is that single position. Two things follow
that change no number but for the order of rounding:

- *Phases.* Behind dilations of 25 only every 25th position is read, before them, at dilations of
  10, only every 5th. Positions that nobody reads are not computed.
- *Margins.* What lies around a region and does not change is computed once. Of each residual unit's
  input, positions that the region cannot reach are taken from there, as far as the unit reads.

Every step is a module of its own that is used once, as zennit and DeepLIFT want it. The BatchNorm
in the middle of a unit is merged into the convolution before it; the one at its start, which
follows a sum, is a depthwise convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from zennit.layer import Sum

from gxarena_spliceai.describe import OUTPUTS

CHANNELS = 32
GROUPS = ((11, 1), (11, 4), (21, 10), (41, 25))
"""Width and dilation of the convolutions in each group of units."""
UNITS = 4
"""Residual units of a group."""
CONTEXT = UNITS * sum(dilation * (width - 1) for width, dilation in GROUPS)
"""Nucleotides that the position reads on either side: 5,000."""

Margins = Sequence[tuple[Tensor, Tensor]]
"""Of each unit's input what lies on the left and on the right of what a region reaches."""


class Unit(nn.Module):
    """Twice BatchNorm, ReLU, convolution; and the input added: (B, 32, T) to (B, 32, T - 2 reach).

    Parameters
    ----------
    width, dilation : int
        Of its two convolutions.
    """

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.reach = dilation * (width - 1)
        self.norm = nn.Conv1d(CHANNELS, CHANNELS, 1, groups=CHANNELS)
        self.first_relu = nn.ReLU()
        self.first = nn.Conv1d(CHANNELS, CHANNELS, width, dilation=dilation)
        self.second_relu = nn.ReLU()
        self.second = nn.Conv1d(CHANNELS, CHANNELS, width, dilation=dilation)
        self.sum = Sum(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 32, T) to (B, 32, T - 2 reach)."""
        made = self.second(self.second_relu(self.first(self.first_relu(self.norm(x)))))
        kept = x[..., self.reach : x.shape[-1] - self.reach]
        added: Tensor = self.sum(torch.stack([made, kept], dim=1))
        return added


class SpliceAI(nn.Module):
    """One-hot sequences (B, 4, 10,001) to the logits of their middle position, (B, 3).

    Attributes
    ----------
    units : nn.ModuleList
        All 16; dilations are counted in positions that are there (see `steps`).
    skips : nn.ModuleList
        Of the first layer's output and of each group's: what the last layer reads of them.
    steps : tuple of int
        Of each unit, every how many-th position of its input is left over from the one before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, CHANNELS, 1)
        self.units = nn.ModuleList()
        steps, apart = [], 1
        for width, dilation in GROUPS:
            step = 5 if dilation % (5 * apart) == 0 else 1
            apart *= step
            steps += [step] + [1] * (UNITS - 1)
            self.units.extend(Unit(width, dilation // apart) for _ in range(UNITS))
        self.steps = tuple(steps)
        self.skips = nn.ModuleList(nn.Conv1d(CHANNELS, CHANNELS, 1) for _ in (0, *GROUPS))
        self.sum = Sum(dim=1)
        self.head = nn.Conv1d(CHANNELS, len(OUTPUTS), 1)

    def forward(self, one_hot: Tensor, margins: Margins = ()) -> Tensor:
        """Logits (B, 3) of whole sequences, or of regions (B, 4, 2 radius + 1) in `margins`."""
        x = self.first(one_hot)
        skipped = [self.skips[0](_middle(x))]
        for number, (unit, step) in enumerate(zip(self.units, self.steps, strict=True)):
            x = _every(x, step)
            if margins:
                left, right = (side.expand(len(x), -1, -1) for side in margins[number])
                x = torch.cat([left, x, right], dim=-1)
            x = unit(x)
            if (number + 1) % UNITS == 0:
                skipped.append(self.skips[(number + 1) // UNITS](_middle(x)))
        logits: Tensor = self.head(self.sum(torch.stack(skipped, dim=1)))
        return logits[..., 0]

    def margins(self, one_hot: Tensor, radius: int) -> list[tuple[Tensor, Tensor]]:
        """What whole sequences (B, 4, 10,001) have around their middle 2 radius + 1 positions.

        Each is (B, 32, width), with the width that `forward` needs; what stands in the middle does
        not matter.
        """
        found = []
        x = self.first(one_hot)
        for unit, step in zip(self.units, self.steps, strict=True):
            x, radius, reach = _every(x, step), radius // step, cast(Unit, unit).reach
            half = x.shape[-1] // 2
            # Twice what a unit reaches: once for what it changes, once for what that is made of.
            end = min(radius + 2 * reach, half)
            left, right = x[..., half - end : half - radius], x[..., half + radius + 1 :]
            found.append((left, right[..., : end - radius]))
            x, radius = unit(x), end - reach
        return found


def _middle(x: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    return x[..., half : half + 1]


def _every(x: Tensor, step: int) -> Tensor:
    """Every step-th position, the middle one among them."""
    return x[..., (x.shape[-1] // 2) % step :: step] if step > 1 else x
