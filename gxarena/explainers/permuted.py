"""Control: another explainer's scores in places that mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.explainers.wrapping import wrapped
from gxarena.registry import Registry

_STREAM = 0x7E
"""Apart from what the wrapped explainer draws from the same seed."""


class Permuted:
    """Another explainer's scores, exchanged at random among units of the same width.

    Values and widths stay, so that whatever a score owes to how an explanation's numbers are
    distributed, or to the lengths of tokens, this has too: the floor of agreement, and a null of
    what is found in explanations. A unit that is alone in its width keeps its score. Special tokens
    keep theirs, and there are no hypothetical contributions. Sample b's order is drawn from
    ``batch.seeds[b]`` alone.

    Parameters
    ----------
    registry : Registry
        Where the explainer is found.
    explainer : str
        The explainer whose scores are taken, by name.
    **parameters
        The wrapped explainer's.
    """

    def __init__(self, registry: Registry, explainer: str = "lrp", **parameters: Any) -> None:
        self.wrapped = wrapped(registry, "permuted", explainer, parameters)
        self.cost = getattr(self.wrapped, "cost", None)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """What the wrapped explainer says, in another order."""
        return self.rearranged(self.wrapped.explain(model, batch), batch)

    def rearranged(self, found: Sequence[Attribution], batch: Batch) -> list[Attribution]:
        """The same scores, in another order."""
        return [_permuted(a, seed) for a, seed in zip(found, batch.seeds.tolist(), strict=True)]


def _permuted(attribution: Attribution, seed: int) -> Attribution:
    widths = attribution.spans.widths
    drawn = np.random.default_rng([seed, _STREAM]).random(len(widths))
    scores = np.empty_like(attribution.scores)
    # Both orders go width by width: one as the units stand, the other at random.
    scores[np.argsort(widths, kind="stable")] = attribution.scores[np.lexsort((drawn, widths))]
    return replace(attribution, scores=scores, hypothetical=None)
