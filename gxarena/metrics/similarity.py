"""How far two explanations of the same samples agree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gxarena.api import Quantity, Scored
from gxarena.data import Explained
from gxarena.errors import Unsupported
from gxarena.metrics.ragged import padded

DIFFERENT_TARGETS = "the two explain different targets"


class ContinuousJaccard:
    """Continuous Jaccard similarity (Shrikumar et al. 2018; Kurth et al. 2026, section 4.1).

    sum_i sign(v_i) sign(w_i) min(|v_i|, |w_i|) / sum_i max(|v_i|, |w_i|). It depends on scale:
    both sets are re-normalised per sample to [-1, 1] before they are projected, as in the paper.

    Parameters
    ----------
    renormalise : bool
        False compares the scores as they are.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (-1.0, 1.0), "", "1 equal, 0 unrelated, -1 opposite")
    }

    def __init__(self, renormalise: bool = True) -> None:
        self.renormalise = renormalise

    def compare(self, left: Explained, right: Explained) -> Scored:
        """Similarity of each sample's two attributions.

        Raises
        ------
        Unsupported
            A sample's two attributions are on different units.
        """
        check_same_units("continuous_jaccard", left, right)
        v = padded([attribution.scores for attribution in left.attributions])
        w = padded([attribution.scores for attribution in right.attributions])
        agreement = (np.sign(v) * np.sign(w) * np.minimum(np.abs(v), np.abs(w))).sum(axis=1)
        largest = np.maximum(np.abs(v), np.abs(w)).sum(axis=1)
        finite = np.isfinite(largest)
        same_target = left.targets == right.targets
        defined = finite & same_target & (largest > 0)
        values = np.divide(agreement, largest, out=np.full(len(largest), np.nan), where=defined)
        reasons: dict[int, str] = {}
        for index in np.flatnonzero(~defined).tolist():
            if not same_target[index]:
                reasons[index] = DIFFERENT_TARGETS
            elif not finite[index]:
                reasons[index] = "scores are not finite"
            else:
                reasons[index] = "no relevance at all in either"
        return Scored({"": values}, {"": reasons})


def check_same_units(metric: str, left: Explained, right: Explained) -> None:
    """Raise Unsupported where a sample's two attributions are on different units."""
    for sample, one, other in zip(left.samples, left.attributions, right.attributions, strict=True):
        if one.spans != other.spans:
            raise Unsupported(
                f"{metric}, sample '{sample.id}': expected both on the same units, "
                f"got {len(one.spans)} and {len(other.spans)}. Use an aggregator that brings "
                "both to tokens or to nucleotides."
            )
