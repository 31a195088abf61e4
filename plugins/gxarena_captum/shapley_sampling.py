"""Shapley values by sampled orders of the players, by captum, on any maskable model."""

from __future__ import annotations

from typing import Any

from captum.attr import ShapleyValueSampling as CaptumShapleyValueSampling
from torch import Tensor

from gxarena.errors import check_at_least
from gxarena_captum.perturbation import PerturbationMethod, Value


class ShapleySampling(PerturbationMethod):
    """Shapley values by random orders of the players (Castro et al. 2009).

    Scores add up to f(x) less f without any unit. It takes `n_samples` passes per player.

    Parameters
    ----------
    n_samples : int
        Orders, drawn from the sample's own seed.
    window, reference, n_references, batch_size
        See `gxarena_captum.feature_ablation.FeatureAblation`.
    """

    name = "shapley_sampling"
    distributes = True

    def __init__(
        self,
        n_samples: int = 25,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)
        check_at_least(f"{self.name}, n_samples", n_samples)
        self._n_samples = n_samples

    def _scores(self, value: Value, present: Tensor, **asking: Any) -> Tensor:
        method = CaptumShapleyValueSampling(value)
        found: Tensor = method.attribute(present, n_samples=self._n_samples, **asking)
        return found
