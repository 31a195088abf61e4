"""A metric of Quantus as a gxarena metric.

Each sample is given to Quantus by itself, as a vector of units: what Quantus calls the input is
1 for every unit, and a unit that it perturbs becomes 0, which stands for the model's own unknown.
So perturbed inputs never leave the alphabet, tokens and nucleotides are treated alike, and no
sample's score depends on another's, on the batch or on the order. Quantus' random draws come from
the sample's own seed.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import quantus
import torch
from torch import Tensor, nn

from gxarena import objective
from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Attribution, Bools, Explained, Floats, Sample
from gxarena.errors import Unsupported, check_at_least, check_choice
from gxarena.seeds import numpy_seeded, sample_seed
from gxarena.truth import truth
from gxarena_quantus.catalogue import ENTRIES, REFUSED

_PRESET = {
    "normalise": False,
    "return_aggregate": False,
    "disable_warnings": True,
    "display_progressbar": False,
}
"""Ours to decide; Quantus' normalisation goes over the whole batch."""


class Quantus:
    """One metric of Quantus.

    Scores are divided by the sample's largest magnitude first, so that Quantus' absolute epsilons
    mean the same for every scale. Where Quantus gives a curve, the value is its mean. Where only
    the order of the scores counts, equal ones get a random order from the sample's seed; Quantus
    would take the last, or first, in the sequence.

    Parameters
    ----------
    metric : str
        Name of Quantus' class, e.g. ``"Sparseness"``.
    settings : mapping, optional
        Further parameters of that class, e.g. ``{"nr_runs": 50}``.
    normalise : bool
        Divide by the largest magnitude.

    Raises
    ------
    Unsupported
        A metric that no gxarena cell can give what it needs.
    """

    def __init__(
        self, metric: str, settings: Mapping[str, Any] | None = None, normalise: bool = True
    ) -> None:
        if metric in REFUSED:
            raise Unsupported(f"quantus, metric '{metric}': not offered, since {REFUSED[metric]}.")
        check_choice("quantus, metric", metric, ENTRIES)
        self._name = metric
        self._entry = ENTRIES[metric]
        self._class = getattr(quantus, metric)
        self._settings = self._checked(dict(settings or {}))
        # Taken here, since Quantus takes them after it has refused scores all below zero.
        self._magnitudes = bool(self._settings.get("abs", self._default("abs")))
        self._normalise = normalise
        self.quantities: Mapping[str, Quantity] = {
            "": Quantity(self._entry.better, self._entry.bounds, "", self._entry.summary)
        }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Values for the N samples; NaN and a reason where Quantus has none.

        Raises
        ------
        Unsupported
            Questions to the model are asked unit by unit, so the scores must be on its own.
        """
        if self._entry.needs == "probe" and not explained.native:
            raise Unsupported(
                f"quantus, metric '{self._name}': expected scores on the model's own units, got "
                "others. Use the aggregator 'native'."
            )
        values = np.full(len(explained), np.nan)
        reasons: dict[int, str] = {}
        for i, (sample, attribution) in enumerate(
            zip(explained.samples, explained.attributions, strict=True)
        ):
            marks = self._marks(sample, attribution)
            scores = np.abs(attribution.scores) if self._magnitudes else attribution.scores
            reason = _undefined(scores, marks, int(self._settings.get("features_in_step", 1)))
            if not reason:
                values[i] = self._value(explained, i, scores, marks, probe)
                reason = "" if np.isfinite(values[i]) else "Quantus gives no finite number"
            if reason:
                values[i], reasons[i] = np.nan, reason
        return Scored({"": values}, {"": reasons})

    def _value(
        self, explained: Explained, i: int, scores: Floats, marks: Bools | None, probe: Probe
    ) -> float:
        sample = explained.samples[i]
        scores = scores / (np.abs(scores).max() if self._normalise else 1.0)
        shape = (1, 1, len(scores))
        seed = sample_seed(explained.seed, f"score/{self._entry.component}", sample.id)
        if self._name in _BY_ORDER:
            scores = _untied(scores, seed)
        with numpy_seeded(seed), warnings.catch_warnings():
            # Correlations of constant curves: the value is then NaN, and says so.
            warnings.simplefilter("ignore")
            try:
                found = self._class(**self._sized(len(scores)))(
                    model=_Answers(explained, i, probe).eval(),
                    x_batch=np.ones(shape),
                    y_batch=np.zeros(1, dtype=np.int64),
                    a_batch=scores.reshape(shape),
                    s_batch=None if marks is None else marks.astype(np.float64).reshape(shape),
                    channel_first=True,
                    softmax=False,
                    device="cpu",
                )
            except AttributeError as error:
                # Quantus asks the correlation of constant answers, a plain NaN, for its shape.
                if "'float' object has no attribute 'shape'" not in str(error):
                    raise
                return float("nan")
        return float(np.mean(np.asarray(found[0], dtype=np.float64)))

    def _marks(self, sample: Sample, attribution: Attribution) -> Bools | None:
        """Units of which at least half is annotated, where the metric wants to know."""
        if self._entry.needs != "truth":
            return None
        annotated = truth(sample).astype(np.int64)
        counts = np.add.reduceat(annotated, attribution.spans.boundaries[:-1])
        return np.asarray(2 * counts >= attribution.spans.widths)

    def _checked(self, settings: dict[str, Any]) -> dict[str, Any]:
        """All settings of the class, once those that were given are known to exist."""
        known = set(inspect.signature(self._class.__init__).parameters) - {"self", "kwargs"}
        for key in settings:
            check_choice(f"quantus, settings of '{self._name}'", key, known - set(_PRESET))
        unknown = {"perturb_baseline": 0.0} if "perturb_baseline" in known else {}
        if "features_in_step" in settings:
            check_at_least("quantus, settings, features_in_step", settings["features_in_step"])
        return {**_PRESET, **unknown, **self._entry.settings, **settings}

    def _default(self, setting: str) -> Any:
        return inspect.signature(self._class.__init__).parameters[setting].default

    def _sized(self, n_units: int) -> dict[str, Any]:
        """Settings with what Quantus wants in units: shares of the sequence, never more than it."""
        settings = dict(self._settings)
        for metric, key, share in _SIZES:
            if metric == self._name:
                wanted = settings.get(key, max(1, n_units // share))
                settings[key] = min(int(wanted), n_units)
        return settings


_SIZES = (("FaithfulnessCorrelation", "subset_size", 5), ("TopKIntersection", "k", 10))


_BY_ORDER = frozenset({"RelevanceRankAccuracy", "TopKIntersection", "PixelFlipping"})
"""Metrics that read nothing but the order of the scores, and would break ties by position."""


def _untied(scores: Floats, seed: int) -> Floats:
    """The scores' ranks as shares, (U,), equal scores in an order drawn from the sample's seed."""
    lots = np.random.default_rng(seed).permutation(len(scores))
    ranks = np.empty(len(scores))
    ranks[np.lexsort((lots, scores))] = np.arange(1, len(scores) + 1)
    return ranks / len(scores)


class _Answers(nn.Module):
    """The model as Quantus sees it: (B, 1, U) of units there or not, to the explained value."""

    def __init__(self, explained: Explained, i: int, probe: Probe) -> None:
        super().__init__()
        self._explained, self._i, self._probe = explained, i, probe

    def forward(self, presence: Tensor) -> Tensor:
        masks = list(presence[:, 0].numpy() != 1)
        sequences = [self._explained.samples[self._i].sequence] * len(masks)
        outputs = self._probe.predict_masked(sequences, masks)
        targets = np.full(len(masks), self._explained.targets[self._i])
        values = objective.value(self._explained.objective, outputs, targets)
        return torch.from_numpy(values)[:, None]


def _undefined(scores: Floats, marks: Bools | None, step: int) -> str:
    """Why a sample has no value; empty where it has one."""
    if not np.isfinite(scores).all():
        return "scores are not finite"
    if not scores.any():
        return "no relevance at all"
    if np.ptp(scores) == 0:
        return "all scores are equal, which Quantus refuses"
    if (scores < 0).all():
        return "all scores are below zero, which Quantus refuses"
    if len(scores) % step:
        return "features_in_step does not divide the number of units"
    if marks is not None and marks.all():
        return "every unit is annotated"
    if marks is not None and not marks.any():
        return "no unit is annotated"
    return ""
