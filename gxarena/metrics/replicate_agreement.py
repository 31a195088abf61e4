"""How far an explanation is of the task, and how far of one set of weights."""

from __future__ import annotations

from collections.abc import Mapping

from gxarena.api import PairMetric, Quantity, Scored
from gxarena.data import Explained
from gxarena.metrics.similarity import ContinuousJaccard, RankCorrelation


class ReplicateAgreement:
    """How alike an explainer's maps of one sample are over replicates of the model.

    Replicates are trained alike but for their seed, so that they know the same of the task. Of each
    replicate this is the mean, over all the others that explain the same target, of the continuous
    Jaccard similarity and of Spearman's correlation (see `gxarena.metrics.similarity`). Scores are
    re-normalised per sample to [-1, 1] first.

    Beside it stands that of random scores, which is 0 but for chance. Replicates do differ, so that
    a faithful explanation need not agree wholly; one that does not look at the model always does.
    """

    renormalise = True
    quantities: Mapping[str, Quantity] = {
        "jaccard": Quantity(
            "higher", (-1.0, 1.0), "", "mean continuous Jaccard similarity with other replicates"
        ),
        "rank_correlation": Quantity(
            "higher", (-1.0, 1.0), "", "mean rank correlation with other replicates"
        ),
    }

    def __init__(self) -> None:
        self._parts: dict[str, PairMetric] = {
            "jaccard": ContinuousJaccard(),
            "rank_correlation": RankCorrelation(),
        }

    def compare(self, left: Explained, right: Explained) -> Scored:
        """Likeness of each sample's two attributions; the mean over replicates is the runner's.

        Raises
        ------
        Unsupported
            A sample's two attributions are on different units.
        """
        found = {name: metric.compare(left, right) for name, metric in self._parts.items()}
        return Scored(
            {name: scored.values[""] for name, scored in found.items()},
            {name: scored.reasons[""] for name, scored in found.items()},
        )
