"""How concentrated an explanation is: Gini index and entropy.

Both are functions of the magnitudes' shares, so they do not change when scores are scaled; no
absolute epsilon is added anywhere. A map without any relevance, or with NaN, has no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from scipy.special import entr

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained, Floats, Ints
from gxarena.errors import check_choice
from gxarena.metrics.ragged import padded

Sign = Literal["magnitude", "positive"]


class Gini:
    """Gini index of the scores (Chalasani et al. 2020; `quantus.Sparseness`'s formula).

    With a_1 <= ... <= a_U: sum_i (2 i - U - 1) a_i / (U sum_i a_i); 0 where all are equal,
    1 - 1/U where one unit has all.

    Parameters
    ----------
    sign : "magnitude" or "positive"
        Whether |score| counts, or only the part that speaks for the target.
    """

    quantities: Mapping[str, Quantity]

    def __init__(self, sign: Sign = "magnitude") -> None:
        self._sign = _checked(sign)
        self.quantities = {"": Quantity("higher", (0.0, 1.0), "", "0 even, towards 1 sparse")}

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        shares, sizes, reasons = _shares(explained, self._sign)
        ordered = np.sort(shares, axis=1)
        # The zeros that fill a row up sort first: count ranks from behind them.
        rank = np.arange(ordered.shape[1]) + 1 - (ordered.shape[1] - sizes[:, None])
        values = ((2 * rank - sizes[:, None] - 1) * ordered).sum(axis=1) / sizes
        return _scored(np.clip(values, 0.0, None), reasons)


class Entropy:
    """Entropy of the scores' shares in nats (Bhatt et al. 2020; `quantus.Complexity`).

    Parameters
    ----------
    sign : "magnitude" or "positive"
        Whether |score| counts, or only the part that speaks for the target.
    normalised : bool
        Divide by ln U, the entropy of an even map of U units.
    """

    quantities: Mapping[str, Quantity]

    def __init__(self, sign: Sign = "magnitude", normalised: bool = False) -> None:
        self._sign = _checked(sign)
        self._normalised = normalised
        bounds = (0.0, 1.0) if normalised else (0.0, None)
        unit = "" if normalised else "nats"
        self.quantities = {"": Quantity("lower", bounds, unit, "0 where one unit has all")}

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        shares, sizes, reasons = _shares(explained, self._sign)
        values = entr(shares).sum(axis=1)
        if self._normalised:
            # A single unit is as even as can be and as concentrated: 0 either way.
            # Rounding carries even maps a bit over 1.
            values = np.minimum(values / np.log(np.maximum(sizes, 2)), 1.0)
        return _scored(values, reasons)


def _shares(explained: Explained, sign: Sign) -> tuple[Floats, Ints, dict[int, str]]:
    """Shares that sum to 1, shape (N, most units), filled up with 0; units; why undefined."""
    rows = [attribution.scores for attribution in explained.attributions]
    scores = padded(rows)
    finite = np.isfinite(scores).all(axis=1)
    amounts = np.abs(scores) if sign == "magnitude" else np.maximum(scores, 0.0)
    largest = amounts.max(axis=1, initial=0.0)
    reasons = {int(i): "scores are not finite" for i in np.flatnonzero(~finite)}
    reasons |= {int(i): "no relevance at all" for i in np.flatnonzero(finite & (largest == 0))}
    defined = finite & (largest > 0)
    # By the largest first: shares of subnormal or huge scores stay exact.
    amounts = np.divide(
        amounts, largest[:, None], out=np.full_like(amounts, np.nan), where=defined[:, None]
    )
    sizes = np.array([len(row) for row in rows], dtype=np.int64)
    return amounts / amounts.sum(axis=1, keepdims=True), sizes, reasons


def _scored(values: Floats, reasons: dict[int, str]) -> Scored:
    return Scored({"": values}, {"": reasons})


def _checked(sign: str) -> Sign:
    check_choice("sign", sign, get_args(Sign))
    return sign  # type: ignore[return-value]
