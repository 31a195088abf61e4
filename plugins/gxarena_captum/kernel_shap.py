"""Kernel SHAP by captum, on any maskable model."""

from __future__ import annotations

from typing import Any

from captum.attr import KernelShap as CaptumKernelShap
from torch import Tensor

from gxarena.errors import check_at_least
from gxarena_captum.perturbation import PerturbationMethod, Value


class KernelSHAP(PerturbationMethod):
    """Shapley values as a weighted linear regression on presence (Lundberg and Lee 2017).

    Scores add up to f(x) less f without any unit, nearly: those two samples weigh a million times
    the others. With fewer samples than players the regression has many solutions.

    Parameters
    ----------
    n_samples : int
        Masks, drawn from the sample's own seed.
    window, reference, n_references, batch_size
        See `gxarena_captum.feature_ablation.FeatureAblation`.
    """

    name = "kernel_shap"
    distributes = True

    def __init__(
        self,
        n_samples: int = 1000,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)
        check_at_least("kernel_shap, n_samples", n_samples, 3)
        self._n_samples = n_samples

    def _scores(self, value: Value, present: Tensor, **asking: Any) -> Tensor:
        method = CaptumKernelShap(value)
        found: Tensor = method.attribute(present, n_samples=self._n_samples, **asking)
        return found
