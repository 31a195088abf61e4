"""Feature ablation by captum, on any maskable model."""

from __future__ import annotations

from typing import Any

from captum.attr import FeatureAblation as CaptumFeatureAblation
from torch import Tensor

from gxarena_captum.perturbation import PerturbationMethod, Value


class FeatureAblation(PerturbationMethod):
    """The drop of the explained value when one player is away.

    Parameters
    ----------
    window : int
        Consecutive units that form one player; its score is divided equally among them.
    reference : str
        What stands in for an absent unit: ``unknown``, the model's own (N or [UNK]), or, on
        differentiable models, ``zeros``, ``uniform``, ``mask``, ``pad`` or ``shuffles``.
    n_references : int
        Shuffles, over whose outputs the mean is taken.
    batch_size : int
        Rows in one pass through the network: bounds memory.
    """

    name = "feature_ablation"

    def __init__(
        self,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)

    def _scores(self, value: Value, present: Tensor, **asking: Any) -> Tensor:
        method = CaptumFeatureAblation(value)
        found: Tensor = method.attribute(present, **asking)
        return found
