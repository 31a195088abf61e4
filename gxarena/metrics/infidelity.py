"""Infidelity: do the scores of units foretell what the model loses when they are unknown?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gxarena import objective
from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Bools, Explained, Floats
from gxarena.errors import InputError
from gxarena.metrics import removal
from gxarena.metrics.correlation import NOT_FINITE
from gxarena.metrics.faithfulness import SAMPLES_AT_ONCE
from gxarena.metrics.fills import answers_without
from gxarena.metrics.ragged import filled, padded


class Infidelity:
    """Mean squared error of the scores as a forecast of the drop under random masks.

    Yeh et al. 2019, NeurIPS, arXiv:1901.09392, eq. 1, with I the contributions of the masked
    units: mean over masks of (sum of their scores - (f(x) - f(x without them)))^2, f the
    objective that was explained. Since many methods are defined up to a factor, the main value
    is the one at the sample's best factor (their section 4); ``raw`` is without.

    Parameters
    ----------
    masks : int
        Random masks per sample, drawn from the sample's own seed.
    share : float
        Chance of each unit to be masked.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("lower", (0.0, None), "squared objective", "at the scores' best factor"),
        "raw": Quantity("lower", (0.0, None), "squared objective", "of the scores as they are"),
    }

    def __init__(self, masks: int = 32, share: float = 0.2) -> None:
        if not isinstance(masks, int) or masks < 1:
            raise InputError(
                f"infidelity, masks: expected a whole number, at least 1, got {masks}."
            )
        if not 0 < share < 1:
            raise InputError(f"infidelity, share: expected between 0 and 1, got {share}.")
        self._masks = masks
        self._share = share

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Squared errors; NaN where scores are not finite."""
        values = {key: np.full(len(explained), np.nan) for key in self.quantities}
        finite = [bool(np.isfinite(a.scores).all()) for a in explained.attributions]
        defined = np.flatnonzero(finite)
        for start in range(0, len(defined), SAMPLES_AT_ONCE):
            chosen = defined[start : start + SAMPLES_AT_ONCE]
            foretold, lost = self._forecasts(explained, chosen.tolist(), probe)
            values["raw"][chosen] = ((foretold - lost) ** 2).mean(axis=1)
            factor = _best_factor(foretold, lost)
            values[""][chosen] = ((factor * foretold - lost) ** 2).mean(axis=1)
        reasons = {i: NOT_FINITE for i in range(len(explained)) if not finite[i]}
        return Scored(values, dict.fromkeys(values, reasons))

    def _forecasts(
        self, explained: Explained, chosen: list[int], probe: Probe
    ) -> tuple[Floats, Floats]:
        """Sum of the masked units' scores, and the drop; shape (n, masks) each."""
        rows = [explained.attributions[i].scores for i in chosen]
        masks = self._drawn(explained, chosen) & filled(rows)[:, None, :]
        answers = answers_without("unknown", explained, chosen, masks, probe)
        targets, outputs = explained.targets[chosen], explained.outputs[chosen]
        what = explained.objective
        after = objective.value(what, answers, np.repeat(targets, self._masks))
        before = objective.value(what, outputs, targets)
        foretold = (masks * padded(rows)[:, None, :]).sum(axis=2)
        return foretold, before[:, None] - after.reshape(len(chosen), self._masks)

    def _drawn(self, explained: Explained, chosen: list[int]) -> Bools:
        """Random masks, shape (n, masks, most units)."""
        ids = [explained.samples[i].id for i in chosen]
        sizes = [len(explained.attributions[i].spans) for i in chosen]
        drawn = np.zeros((len(chosen), self._masks, max(sizes)), dtype=np.bool_)
        seeds = removal.sample_seeds(explained.seed, "infidelity/masks", ids)
        for row, seed, size in zip(drawn, seeds, sizes, strict=True):
            row[:, :size] = np.random.default_rng(seed).random((self._masks, size)) < self._share
        return drawn


def _best_factor(foretold: Floats, lost: Floats) -> Floats:
    """The factor with the least squared error, shape (n, 1); 0 where nothing is foretold.

    Never negative, unlike in captum's ``normalize``: scores of the wrong sign are no forecast.
    """
    largest = np.abs(foretold).max(axis=1, keepdims=True)
    scale = np.where(largest > 0, largest, 1.0)
    unit = foretold / scale
    square = (unit**2).sum(axis=1, keepdims=True)
    best = np.zeros_like(square)
    np.divide((unit * lost).sum(axis=1, keepdims=True), square, out=best, where=square > 0)
    return np.maximum(best, 0.0) / scale  # type: ignore[no-any-return]
