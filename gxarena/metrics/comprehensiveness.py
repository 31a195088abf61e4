"""Comprehensiveness and sufficiency: is the rationale needed, and is it enough?

DeYoung et al. 2020, ERASER, ACL, arXiv:1911.03429, section 4.2, aggregated over its budgets. The
paper's k% of tokens are k% of nucleotides here, met with whole units
(`gxarena.metrics.removal`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, get_args

import numpy as np

from gxarena import objective
from gxarena.api import Better, Probe, Quantity, Scored
from gxarena.data import Bools, Explained, Floats
from gxarena.errors import check_choice
from gxarena.metrics import removal
from gxarena.metrics.correlation import NOT_FINITE
from gxarena.metrics.faithfulness import (
    SAMPLES_AT_ONCE,
    Ranking,
    checked_budgets,
)
from gxarena.metrics.fills import Fill, answers_without
from gxarena.metrics.ragged import filled, padded
from gxarena.metrics.scales import Scaled, bounds_of


class _Erasure(Scaled, ABC):
    """What the two share: the drop of the target's score, mean over the budgets.

    The paper's sum also has the empty budget, which is the same for every explainer: left out, as
    in its own code.

    Parameters
    ----------
    fill : "unknown", "random", "complement" or "dinucleotide"
        What replaces a unit: see `gxarena.metrics.faithfulness.Faithfulness`.
    budgets : sequence of K float, or of K str
        Percent of nucleotides that are the rationale; or nucleotides, as ``["10nt", "50nt"]``.
    ranking : "signed" or "magnitude"
        What makes a unit important.
    """

    _name: ClassVar[str]
    _better: ClassVar[Better]
    _said: ClassVar[str]

    def __init__(
        self,
        fill: Fill = "unknown",
        budgets: Sequence[removal.Budget] = (1, 5, 10, 20, 50),
        ranking: Ranking = "signed",
    ) -> None:
        check_choice(f"{self._name}, fill", fill, get_args(Fill))
        check_choice(f"{self._name}, ranking", ranking, get_args(Ranking))
        self._fill = fill
        self._budgets = checked_budgets(f"{self._name}, budgets", budgets)
        self._ranking = ranking
        self.quantities = self._named()

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Mean drop in probability, in logits and in what is explained."""
        values = {key: np.full(len(explained), np.nan) for key in self.quantities}
        finite = [bool(np.isfinite(a.scores).all()) for a in explained.attributions]
        defined = np.flatnonzero(finite)
        for start in range(0, len(defined), SAMPLES_AT_ONCE):
            chosen = defined[start : start + SAMPLES_AT_ONCE]
            for key, drops in self._drops(explained, chosen.tolist(), probe).items():
                values[key][chosen] = drops
        reasons = {i: NOT_FINITE for i in range(len(explained)) if not finite[i]}
        return Scored(values, self._reasons(explained.outputs, reasons))

    def _drops(self, explained: Explained, chosen: list[int], probe: Probe) -> dict[str, Floats]:
        masks = self._erased(*self._rationales(explained, chosen))
        answers = answers_without(self._fill, explained, chosen, masks, probe)
        targets, outputs = explained.targets[chosen], explained.outputs[chosen]
        copies = masks.shape[1]
        return {
            unit: objective.value(what, outputs, targets)
            - objective.value(what, answers, np.repeat(targets, copies))
            .reshape(len(chosen), copies)
            .mean(axis=1)
            for unit, what in self._told_by(outputs).items()
        }

    def _rationales(self, explained: Explained, chosen: list[int]) -> tuple[Bools, Bools]:
        """Most important units at each budget, (n, K, most units), and where there are units."""
        attributions = [explained.attributions[i] for i in chosen]
        spans = [attribution.spans for attribution in attributions]
        scores = padded([attribution.scores for attribution in attributions])
        inside = filled([attribution.scores for attribution in attributions])
        # Equal scores are broken as faithfulness breaks them: the same units go first.
        seeds = removal.sample_seeds(
            explained.seed, "faithfulness/ties", [explained.samples[i].id for i in chosen]
        )
        keys = scores if self._ranking == "signed" else np.abs(scores)
        ranks = removal.removal_ranks(keys, removal.seeded_uniform(spans, seeds), inside)
        return removal.budget_masks(ranks, spans, self._budgets)[0], inside

    def _named(self) -> Mapping[str, Quantity]:
        return {
            unit: Quantity(self._better, bounds_of(unit), unit.replace("_", "-"), self._said)
            for unit in self._scales
        }

    @abstractmethod
    def _erased(self, rationales: Bools, inside: Bools) -> Bools:
        """Units to replace, shape as `rationales`."""


class Comprehensiveness(_Erasure):
    """Drop when the rationale is taken away: a high one says that it was needed."""

    _name = "comprehensiveness"
    _better, _said = "higher", "drop without the rationale"

    def _erased(self, rationales: Bools, inside: Bools) -> Bools:
        del inside
        return rationales


class Sufficiency(_Erasure):
    """Drop when nothing but the rationale is left: a low one says that it was enough."""

    _name = "sufficiency"
    _better, _said = "lower", "drop with it alone"

    def _erased(self, rationales: Bools, inside: Bools) -> Bools:
        return ~rationales & inside[:, None, :]
