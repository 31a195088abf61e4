"""Explainers that need no gradient of a model: controls."""

from __future__ import annotations

import numpy as np

from gxarena.api import Model
from gxarena.data import Attribution, Batch


class Random:
    """The control every explainer must beat: standard normal scores on the model's units.

    Sample b's scores are drawn from ``batch.seeds[b]`` alone.
    """

    cost = (0, 0)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        return [
            Attribution(np.random.default_rng(seed).standard_normal(len(spans)), spans)
            for seed, spans in zip(batch.seeds.tolist(), model.spans(batch.sequences), strict=True)
        ]
