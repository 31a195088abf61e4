"""LIME by captum, on any maskable model."""

from __future__ import annotations

from typing import Any

from captum._utils.models.linear_model import SkLearnLasso
from captum.attr import Lime as CaptumLime
from torch import Tensor

from gxarena.errors import check_at_least, check_positive
from gxarena_captum.perturbation import PerturbationMethod, Value


class LIME(PerturbationMethod):
    """A sparse linear model of presence, fitted near the sequence (Ribeiro et al. 2016).

    captum's defaults: each player is there with probability 1/2, samples weigh by the exponential
    of their cosine distance, the model is a lasso.

    Parameters
    ----------
    n_samples : int
        Masks, drawn from the sample's own seed.
    alpha : float
        Strength of the lasso; 0.01 in captum, where it leaves little of an objective whose range
        is small.
    window, reference, n_references, batch_size
        See `gxarena_captum.feature_ablation.FeatureAblation`.
    """

    name = "lime"

    def __init__(
        self,
        n_samples: int = 500,
        alpha: float = 0.01,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)
        check_at_least(f"{self.name}, n_samples", n_samples)
        check_positive(f"{self.name}, alpha", alpha)
        self._n_samples, self._alpha = n_samples, alpha

    def _scores(self, value: Value, present: Tensor, **asking: Any) -> Tensor:
        # Without a state scikit-learn draws from numpy's global generator, though to no effect.
        lasso = SkLearnLasso(alpha=self._alpha, random_state=0)
        method = CaptumLime(value, interpretable_model=lasso)
        found: Tensor = method.attribute(present, n_samples=self._n_samples, **asking)
        return found
