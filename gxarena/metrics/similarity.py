"""How far two explanations of the same samples agree: in magnitude and sign, or in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from scipy.stats import rankdata

from gxarena.api import Quantity, Scored
from gxarena.data import Explained, Floats
from gxarena.errors import InputError, Unsupported, check_choice
from gxarena.metrics.correlation import NOT_FINITE, rank_correlation
from gxarena.metrics.ragged import filled, padded

Ranking = Literal["signed", "magnitude"]
Renormalisation = Literal["before", "after", "never", "l1"]

DIFFERENT_TARGETS = "the two explain different targets"


class ContinuousJaccard:
    """Continuous Jaccard similarity (Shrikumar et al. 2018; Kurth et al. 2026, section 4.1).

    sum_i sign(v_i) sign(w_i) min(|v_i|, |w_i|) / sum_i max(|v_i|, |w_i|). It depends on scale:
    both sets are re-normalised per sample.

    Parameters
    ----------
    renormalise : "before", "after", "never" or "l1"
        To [-1, 1] before the projection onto common units, as in the paper, or after it; not at
        all; or, after the projection, so that the magnitudes of a map add up to 1.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (-1.0, 1.0), "", "1 equal, 0 unrelated, -1 opposite")
    }

    def __init__(self, renormalise: Renormalisation = "before") -> None:
        check_choice("continuous_jaccard, renormalise", renormalise, get_args(Renormalisation))
        self.renormalise = renormalise == "before"
        self._after = renormalise if renormalise in ("after", "l1") else None

    def compare(self, left: Explained, right: Explained) -> Scored:
        """Similarity of each sample's two attributions.

        Raises
        ------
        Unsupported
            A sample's two attributions are on different units.
        """
        check_same_units("continuous_jaccard", left, right)
        v, w = (
            padded([attribution.scores for attribution in explained.attributions])
            for explained in (left, right)
        )
        if self._after:
            size = np.max if self._after == "after" else np.sum
            v, w = (_divided(table, size(np.abs(table), axis=1)) for table in (v, w))
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


class RankCorrelation:
    """Spearman's correlation of two explanations' scores.

    As in Krishna et al. 2022, The disagreement problem, arXiv:2202.01602, section 3.

    Parameters
    ----------
    ranking : "signed" or "magnitude"
        Whether units are ranked by score or by |score|.
    """

    renormalise = False
    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (-1.0, 1.0), "", "1 same order, 0 unrelated, -1 opposite")
    }

    def __init__(self, ranking: Ranking = "signed") -> None:
        check_choice("rank_correlation, ranking", ranking, get_args(Ranking))
        self._ranking = ranking

    def compare(self, left: Explained, right: Explained) -> Scored:
        """Correlation of each sample's two attributions.

        Raises
        ------
        Unsupported
            A sample's two attributions are on different units.
        """
        check_same_units("rank_correlation", left, right)
        values, reasons = rank_correlation(_rows(left, self._ranking), _rows(right, self._ranking))
        return _same_target(values, reasons, left, right)


class TopKOverlap:
    """Share of the highest units that two explanations have in common.

    "Feature agreement" of Krishna et al. 2022, arXiv:2202.01602, section 3. Of units that tie for
    the last places each counts with its chance to get one, in each explanation by itself.

    Parameters
    ----------
    percent : float
        How many of the units are the highest, at least one.
    ranking : "signed" or "magnitude"
        Whether units are ranked by score or by |score|.
    """

    renormalise = False
    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (0.0, 1.0), "", "common share of the highest units"),
        "chance": Quantity("none", (0.0, 1.0), "", "what two random orders would share"),
    }

    def __init__(self, percent: float = 10, ranking: Ranking = "signed") -> None:
        check_choice("top_k_overlap, ranking", ranking, get_args(Ranking))
        if not 0 < percent <= 100:
            raise InputError(
                f"top_k_overlap, percent: expected above 0 and at most 100, got {percent}."
            )
        self._percent = percent
        self._ranking = ranking

    def compare(self, left: Explained, right: Explained) -> Scored:
        """Overlap of each sample's two attributions.

        Raises
        ------
        Unsupported
            A sample's two attributions are on different units.
        """
        check_same_units("top_k_overlap", left, right)
        rows = [_rows(explained, self._ranking) for explained in (left, right)]
        sizes = filled(rows[0]).sum(axis=1)
        k = np.maximum(1, np.round(self._percent / 100 * sizes))
        first, second = (_chances(padded(row, -np.inf), k) for row in rows)
        finite = [
            bool(np.isfinite(a).all() and np.isfinite(b).all()) for a, b in zip(*rows, strict=True)
        ]
        values = np.where(finite, (first * second).sum(axis=1) / k, np.nan)
        reasons = {i: NOT_FINITE for i, fine in enumerate(finite) if not fine}
        scored = _same_target(values, reasons, left, right)
        return Scored({**scored.values, "chance": k / sizes}, {**scored.reasons, "chance": {}})


def check_same_units(metric: str, left: Explained, right: Explained) -> None:
    """Raise Unsupported where a sample's two attributions are on different units."""
    for sample, one, other in zip(left.samples, left.attributions, right.attributions, strict=True):
        if one.spans != other.spans:
            raise Unsupported(
                f"{metric}, sample '{sample.id}': expected both on the same units, "
                f"got {len(one.spans)} and {len(other.spans)}. Use an aggregator that brings "
                "both to tokens or to nucleotides."
            )


def _divided(table: Floats, sizes: Floats) -> Floats:
    """Rows by their sizes; one without relevance, or that is not finite, stays as it is."""
    usable = np.isfinite(sizes) & (sizes > 0)
    return np.asarray(table / np.where(usable, sizes, 1.0)[:, None])


def _rows(explained: Explained, ranking: Ranking) -> list[Floats]:
    scores = [attribution.scores for attribution in explained.attributions]
    return scores if ranking == "signed" else [np.abs(row) for row in scores]


def _chances(rows: Floats, k: Floats) -> Floats:
    """Chance of each unit to be among the k highest, shape (N, most units)."""
    best = rankdata(-rows, method="min", axis=1)  # 1 for the highest, equal for ties
    worst = rankdata(-rows, method="max", axis=1)
    places = np.clip(k[:, None] - best + 1, 0, None)
    return np.minimum(1.0, places / (worst - best + 1))  # type: ignore[no-any-return]


def _same_target(
    values: Floats, reasons: dict[int, str], left: Explained, right: Explained
) -> Scored:
    """No value where the two explain different targets."""
    different = left.targets != right.targets
    marked = {int(i): DIFFERENT_TARGETS for i in np.flatnonzero(different)}
    return Scored({"": np.where(different, np.nan, values)}, {"": reasons | marked})
