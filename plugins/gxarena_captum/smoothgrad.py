"""SmoothGrad: the gradient averaged over noisy copies, on one-hot and on token models."""

from __future__ import annotations

import torch

from gxarena.data import Attribution
from gxarena.errors import check_at_least
from gxarena_captum.gradients import MAX_POSITIONS, GradientMethod, gradients
from gxarena_captum.saliency import chosen_norm
from gxarena_torch.multipliers import attribution, to_numpy
from gxarena_torch.rows import Rows


class SmoothGrad(GradientMethod):
    """The gradient, averaged over noisy copies of the input (Smilkov et al. 2017).

    Noise is Gaussian, on the units alone, and drawn from the sample's own seed.

    Parameters
    ----------
    n_samples : int
        Noisy copies of each sequence.
    noise : float
        Standard deviation of the noise, as a share of the range (greatest less least) of the
        sequence's embedding.
    times_input : bool
        Multiply the mean gradient by the embedding and sum, instead of taking its norm.
    norm : "l2", "l1" or "max"
        Over the width, where `times_input` is false.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "smoothgrad"

    def __init__(
        self,
        n_samples: int = 32,
        noise: float = 0.1,
        times_input: bool = False,
        norm: str = "l2",
        max_positions: int = MAX_POSITIONS,
    ) -> None:
        check_at_least(f"{self.name}, n_samples", n_samples)
        check_at_least(f"{self.name}, noise", noise, 0)
        super().__init__(max_positions)
        self._n, self._noise, self._times_input = n_samples, noise, times_input
        self._norm = chosen_norm(self.name, norm)
        self.cost = (n_samples, n_samples)

    def _attributions(self, rows: Rows) -> list[Attribution]:
        units = rows.units()
        inside = units[..., None]
        highest = rows.embedded.masked_fill(~inside, -torch.inf).amax((1, 2), keepdim=True)
        lowest = rows.embedded.masked_fill(~inside, torch.inf).amin((1, 2), keepdim=True)
        draws = [torch.Generator().manual_seed(seed) for seed in rows.seeds]
        total = torch.zeros_like(rows.embedded)
        for _ in range(self._n):
            noise = torch.zeros_like(rows.embedded)
            for row, layout, generator in zip(noise, rows.layouts, draws, strict=True):
                shape = (len(layout.units), row.shape[-1])
                drawn = torch.randn(shape, generator=generator)
                row[torch.from_numpy(layout.units).to(row.device)] = drawn.to(row)
            total += gradients(rows, rows.embedded + noise * self._noise * (highest - lowest))
        mean = total / self._n
        scores = (mean * rows.embedded).sum(-1) if self._times_input else self._norm(mean)
        return [attribution(*pair) for pair in zip(rows.layouts, to_numpy(scores), strict=True)]
