"""Conservation: what the scores do not add up to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gxarena import objective
from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained, Floats


class ConservationError:
    """Part of the explained value that scores and special tokens do not add up to.

    |explained - sum| / |explained| (Bach et al. 2015, eq. 2: 0 where relevance is conserved);
    ``absorbed`` is the signed difference, for LRP the part that biases and stabilisers keep.
    Reads the explained value from the explainer's diagnostics; methods that distribute none
    have no value here. Never ranked: the mean of ratios is that of the few samples whose explained
    value is near 0; `Completeness` is.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("none", (0.0, None), "", "relative, 0 where the scores add up"),
        "absorbed": Quantity("none", (None, None), "of the objective", "signed difference"),
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        value, total, reasons = _balance(explained)
        with np.errstate(all="ignore"):  # what is not finite has no value, but a reason
            absorbed = _or_nan(value - total)
            relative = _or_nan(np.abs(absorbed) / np.abs(value))
        nothing = {int(i): NOTHING for i in np.flatnonzero(np.isnan(relative))}
        return Scored(
            {"": relative, "absorbed": absorbed}, {"": nothing | reasons, "absorbed": reasons}
        )


class Completeness:
    """What the scores add up to, against what they should: f(x) - f(reference).

    The axiom of Sundararajan et al. 2017, arXiv:1703.01365, section 3; `ConservationError` is the
    same gap relative to the explained value. The explainer says in its diagnostics what it
    distributes; what lies on special tokens counts. A gap of no more than float32's rounding
    (`ROUNDING`) is 0: who is exact by another arithmetic is no better.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("lower", (0.0, None), "of the objective", "|explained - sum of the scores|"),
        "ratio": Quantity("none", (None, None), "", "sum of the scores / explained, 1 if complete"),
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        value, total, reasons = _balance(explained)
        with np.errstate(all="ignore"):
            gap = _or_nan(np.abs(value - total))
            gap = np.where(gap <= ROUNDING * _size(explained, value), 0.0, gap)
            ratio = _or_nan(total / value)
        nothing = {int(i): NOTHING for i in np.flatnonzero(np.isnan(ratio))}
        return Scored({"": gap, "ratio": ratio}, {"": reasons, "ratio": nothing | reasons})


NOTHING = "the explained value is 0"
ROUNDING = 1e-5
"""Of what is added up: some eighty times float32's, as a network's own sums round too."""


def _size(explained: Explained, value: Floats) -> Floats:
    """Magnitude of all that a gap is made of, (N,): scores, the value, and outputs it is between.

    Not of the sum, which may cancel: 1e-7 of what is left is nothing that float32 can tell.
    """
    scores = np.array(
        [np.abs(a.scores).sum() + sum(map(abs, a.special.values())) for a in explained.attributions]
    )
    outputs = objective.value(explained.objective, explained.outputs, explained.targets)
    sizes: Floats = scores + np.abs(value) + np.abs(outputs)
    return sizes


def _balance(explained: Explained) -> tuple[Floats, Floats, dict[int, str]]:
    """Value explained and sum of all scores, (N,) each, and why there is no difference."""
    value = np.array([a.diagnostics.get("explained", np.nan) for a in explained.attributions])
    with np.errstate(all="ignore"):
        total = np.array([a.scores.sum() + sum(a.special.values()) for a in explained.attributions])
        undefined = ~np.isfinite(value - total)
    reasons = {
        int(i): "scores are not finite"
        if np.isfinite(value[i])
        else "the explainer distributes no value"
        for i in np.flatnonzero(undefined)
    }
    return value, total, reasons


def _or_nan(values: Floats) -> Floats:
    """NaN in place of infinity."""
    return np.where(np.isfinite(values), values, np.nan)
