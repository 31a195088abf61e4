"""Embedding times gradient, on one-hot and on token models."""

from __future__ import annotations

import torch

from gxarena.data import Attribution
from gxarena_captum.gradients import MAX_POSITIONS, GradientMethod, gradients
from gxarena_torch.multipliers import from_multipliers
from gxarena_torch.rows import Rows


class InputXGradient(GradientMethod):
    """Embedding times gradient, summed over the width (Shrikumar et al. 2016).

    One-hot models: hypothetical contributions are the gradient itself.

    Parameters
    ----------
    center_hypothetical : bool
        Subtract the mean over the four letters from the hypothetical contributions.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "input_x_gradient"
    cost = (1, 1)

    def __init__(
        self, center_hypothetical: bool = False, max_positions: int = MAX_POSITIONS
    ) -> None:
        super().__init__(max_positions)
        self._center = center_hypothetical

    def _attributions(self, rows: Rows) -> list[Attribution]:
        gradient = gradients(rows, rows.embedded)
        nothing = torch.zeros_like(rows.embedded)[:, None]
        return from_multipliers(
            rows.layouts,
            rows.embedded,
            nothing,
            gradient[:, None],
            one_hot=rows.value.model.one_hot,
            center=self._center,
        )
