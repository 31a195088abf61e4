"""GradientSHAP, or expected gradients, on one-hot and on token models."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gxarena.errors import check_at_least
from gxarena.explainers.references import SHUFFLES
from gxarena_captum.gradients import MAX_POSITIONS, gradients
from gxarena_captum.references import AgainstReferences
from gxarena_torch.rows import Rows


class GradientSHAP(AgainstReferences):
    """Expected gradients: the gradient at random points between the input and references.

    Lundberg and Lee 2017; Erion et al. 2021, equation 4. Points and references are drawn from the
    sample's own seed. The completeness error, ``absorbed``, falls with the root of `n_samples`.

    Parameters
    ----------
    reference, n_references, center_hypothetical, max_positions
        See `gxarena_captum.integrated_gradients.IntegratedGradients`.
    n_samples : int
        Points of each sequence.
    """

    name = "gradient_shap"

    def __init__(
        self,
        reference: str = SHUFFLES,
        n_references: int = 20,
        n_samples: int = 100,
        center_hypothetical: bool = False,
        max_positions: int = MAX_POSITIONS,
    ) -> None:
        check_at_least(f"{self.name}, n_samples", n_samples)
        super().__init__(reference, n_references, center_hypothetical, max_positions)
        self._n_samples = n_samples
        self.cost = (n_samples + self._n_references + 1, n_samples)

    def _multipliers(self, rows: Rows, references: Tensor) -> Tensor:
        n = references.shape[1]
        rngs = [np.random.default_rng(seed) for seed in rows.seeds]
        # Every reference as often as any other: less variance than drawing each anew.
        which = torch.tensor(
            np.array([rng.permutation(np.arange(self._n_samples) % n) for rng in rngs])
        ).to(rows.embedded.device)
        share = torch.tensor(np.array([rng.random(self._n_samples) for rng in rngs])).to(
            rows.embedded
        )
        # What a reference's points give, summed; the mean over references then weighs points alike.
        sums = torch.zeros_like(references)
        row = torch.arange(len(rows), device=which.device)
        for sample in range(self._n_samples):
            chosen = references[row, which[:, sample]]
            points = chosen + share[:, sample, None, None] * (rows.embedded - chosen)
            sums[row, which[:, sample]] += gradients(rows, points)
        return sums * (n / self._n_samples)
