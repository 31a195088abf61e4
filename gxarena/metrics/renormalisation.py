"""To [-1, 1], special tokens out, before two explanations are compared (Kurth et al. 2026)."""

from __future__ import annotations

import numpy as np

from gxarena.data import Explained


def renormalised(explained: Explained) -> Explained:
    """Scores divided per sample by the largest magnitude; special tokens do not count.

    A map without relevance, or that is not finite, stays as it is.
    """
    attributions = []
    for attribution in explained.attributions:
        largest = np.abs(attribution.scores).max(initial=0.0)
        scaled = attribution.scores / largest if 0 < largest < np.inf else attribution.scores
        attributions.append(attribution.with_scores(scaled))
    return explained.with_attributions(attributions)
