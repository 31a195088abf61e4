"""To [-1, 1], special tokens out, before two explanations are compared (Kurth et al. 2026)."""

from __future__ import annotations

import numpy as np

from gxarena.data import Attribution, Explained, Floats


def renormalised(explained: Explained) -> Explained:
    """Each sample's scores as `renormalised_scores` gives them."""
    attributions = [a.with_scores(renormalised_scores(a)) for a in explained.attributions]
    return explained.with_attributions(attributions)


def renormalised_scores(attribution: Attribution) -> Floats:
    """Scores divided by the largest magnitude, shape (U,); special tokens do not count.

    A map without relevance, or that is not finite, stays as it is.
    """
    largest = np.abs(attribution.scores).max(initial=0.0)
    scaled: Floats = attribution.scores / largest if 0 < largest < np.inf else attribution.scores
    return scaled
