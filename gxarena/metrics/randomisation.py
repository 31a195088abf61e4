"""Model randomisation: does an explanation change when the model forgets all it has learned?

Pass or fail, never a contest: noise changes most (Hedstrom et al. 2024, arXiv:2405.02383; Binder
et al. 2023, arXiv:2211.12486).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained
from gxarena.errors import InputError, PluginError
from gxarena.metrics.correlation import rank_correlation
from gxarena.seeds import sample_seed


class ModelRandomisation:
    """Rank correlation of |scores| with those of a copy of the model that has learned nothing.

    Adebayo et al. 2018, NeurIPS, arXiv:1810.03292: the fully randomised end of the cascade, where
    every element of every parameter is proven changed. An explanation that is exactly the same
    has correlation 1, a constant one too.

    Parameters
    ----------
    threshold : float
        Below it in magnitude, the sample passes.
    """

    quantities: Mapping[str, Quantity] = {
        "passed": Quantity("none", (0.0, 1.0), "", "1 where the explanation did change"),
        "correlation": Quantity("none", (-1.0, 1.0), "", "of |scores| before and after, by rank"),
    }

    def __init__(self, threshold: float = 0.5) -> None:
        if not 0 < threshold <= 1:
            raise InputError(
                f"model_randomisation, threshold: expected above 0 and at most 1, got {threshold}."
            )
        self._threshold = threshold

    def score(self, explained: Explained, probe: Probe) -> Scored:
        after = probe.randomised(sample_seed(explained.seed, "randomised", "")).explain(
            explained.sequences,
            targets=explained.targets,
            ids=[sample.id for sample in explained.samples],
            annotations=[sample.annotations for sample in explained.samples],
        )
        for sample, one, other in zip(
            explained.samples, explained.attributions, after, strict=True
        ):
            if one.spans != other.spans:
                raise PluginError(
                    f"model_randomisation, sample '{sample.id}': expected the randomised model to "
                    "keep its units, got others."
                )
        first = [np.abs(attribution.scores) for attribution in explained.attributions]
        second = [np.abs(attribution.scores) for attribution in after]
        correlation, reasons = rank_correlation(first, second)
        for i, (before, now) in enumerate(zip(first, second, strict=True)):
            if np.isfinite(before).all() and np.array_equal(before, now):
                correlation[i] = 1.0
                reasons.pop(i, None)
        passed = np.where(np.isnan(correlation), np.nan, np.abs(correlation) < self._threshold)
        return Scored(
            {"passed": passed, "correlation": correlation},
            {"passed": reasons, "correlation": reasons},
        )
