"""Saliency: the size of the gradient, on one-hot and on token models."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from gxarena.data import Attribution
from gxarena.errors import check_choice
from gxarena_captum.gradients import MAX_POSITIONS, GradientMethod, gradients
from gxarena_torch.multipliers import attribution, to_numpy
from gxarena_torch.rows import Rows

NORMS = {
    "l1": lambda gradient: gradient.abs().sum(-1),
    "l2": lambda gradient: gradient.norm(dim=-1),
    "max": lambda gradient: gradient.abs().amax(-1),
}


class Saliency(GradientMethod):
    """The size of the gradient at each position (Simonyan et al. 2014).

    Parameters
    ----------
    norm : "l2", "l1" or "max"
        Over the width of the embedding; ``max`` of the absolute values is the paper's, over
        colours.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "saliency"
    cost = (1, 1)

    def __init__(self, norm: str = "l2", max_positions: int = MAX_POSITIONS) -> None:
        super().__init__(max_positions)
        self._norm = chosen_norm(self.name, norm)

    def _attributions(self, rows: Rows) -> list[Attribution]:
        scores = to_numpy(self._norm(gradients(rows, rows.embedded)))
        return [attribution(*pair) for pair in zip(rows.layouts, scores, strict=True)]


def chosen_norm(where: str, norm: str) -> Callable[[Tensor], Tensor]:
    """A norm over the last axis, the width of the embedding, by name."""
    check_choice(f"{where}, norm", norm, NORMS)
    return NORMS[norm]
