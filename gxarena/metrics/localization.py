"""Whether relevance lies where the truth is: annotated intervals against the scores' units.

A unit counts as annotated where at least half of its nucleotides are, so that tokens are judged at
their own resolution and nucleotides exactly; carry token scores to nucleotides by an aggregator to
judge both alike, and smooth them to judge both at one resolution. Ties are never broken by
position: each value is the mean over all orders of tied units. A sample without annotated units, or
with nothing else, has no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import digamma
from scipy.stats import rankdata

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Bools, Explained, Floats, Ints, Spans
from gxarena.errors import InputError, check_choice
from gxarena.metrics.ragged import filled, padded
from gxarena.metrics.windows import window_sums
from gxarena.truth import truth

Sign = Literal["signed", "magnitude"]
TIED = 12
"""Digits to which means of windows are told apart."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Scores and truth of N samples, samples of different size filled up.

    Attributes
    ----------
    scores : float array, shape (N, most units)
        Amounts that are ranked; filled up with -inf, which is never a unit's.
    annotated : bool array, shape (N, most units)
    sizes, n_annotated : int arrays, shape (N,)
    reasons : mapping of sample index to str
        Samples that cannot be judged; their rows are zero.
    """

    scores: Floats
    annotated: Bools
    sizes: Ints
    n_annotated: Ints
    reasons: Mapping[int, str]

    def scored(self, **values: Floats) -> Scored:
        """Values with NaN where a sample cannot be judged; ``value`` has the key ``""``."""
        for column in values.values():
            column[list(self.reasons)] = np.nan
        keyed = {"" if key == "value" else key: column for key, column in values.items()}
        return Scored(keyed, {key: dict(self.reasons) for key in keyed})


class _Localization:
    """What the metrics share.

    Parameters
    ----------
    sign : "signed" or "magnitude"
        Whether evidence against the target counts below everything else, or by its size.
    names : list of str
        Patterns of the annotations that count; every one but decoys where empty.
    smoothing : int
        Nucleotides that are judged together, an odd number: maps of different resolution at the
        same one. Above 1, each nucleotide has its unit's score, as by strategy (c), and then the
        mean of the scores, or of their sizes, in the window around it. Every map is judged on
        nucleotides then.
    """

    quantities: Mapping[str, Quantity]

    def __init__(
        self, sign: Sign = "signed", names: Sequence[str] = (), smoothing: int = 1
    ) -> None:
        check_choice("sign", sign, get_args(Sign))
        if not isinstance(smoothing, int) or smoothing < 1 or smoothing % 2 == 0:
            raise InputError(
                f"smoothing: expected an odd number of nucleotides, such as 11, got {smoothing}."
            )
        self._sign = sign
        self._names = tuple(names)
        self._smoothing = smoothing

    def _judged(self, explained: Explained) -> Judged:
        at_own_resolution = [
            (a.spans, np.abs(a.scores) if self._sign == "magnitude" else a.scores)
            for a in explained.attributions
        ]
        units, rows = zip(*self._smoothed(at_own_resolution), strict=True)
        marks = [
            np.add.reduceat(truth(sample, self._names).astype(np.int64), spans.boundaries[:-1]) * 2
            >= spans.widths
            for sample, spans in zip(explained.samples, units, strict=True)
        ]
        scores, inside = padded(rows), filled(rows)
        annotated, sizes = padded(marks), inside.sum(axis=1)
        n_annotated = annotated.sum(axis=1)
        finite = np.isfinite(scores).all(axis=1)
        cases = (
            ("scores are not finite", ~finite),
            ("no annotated unit", n_annotated == 0),
            ("every unit is annotated", n_annotated == sizes),
        )
        reasons: dict[int, str] = {}
        for reason, met in cases:
            reasons |= {i: reason for i in np.flatnonzero(met).tolist() if i not in reasons}
        amounts = np.where(inside, scores, -np.inf)
        amounts[list(reasons)] = 0.0
        return Judged(amounts, annotated, sizes, n_annotated, reasons)

    def _smoothed(self, maps: list[tuple[Spans, Floats]]) -> list[tuple[Spans, Floats]]:
        """Units and scores at the metric's resolution, as they are where that is the maps' own."""
        if self._smoothing == 1:
            return maps
        rows = [scores[spans.owner] for spans, scores in maps]
        smooth = moving_mean(padded(rows), filled(rows), self._smoothing)
        return [
            (Spans.nucleotides(len(row)), line[: len(row)])
            for row, line in zip(rows, smooth, strict=True)
        ]


class AUPRC(_Localization):
    """Area under the precision-recall curve (average precision; Davis and Goadrich 2006)."""

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (0.0, 1.0), "", "1 where every annotated unit is ahead"),
        "base_rate": Quantity("none", (0.0, 1.0), "", "annotated share"),
        "chance": Quantity("none", (0.0, 1.0), "", "what a random order gives on average"),
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        order = np.argsort(-judged.scores, axis=1, kind="stable")
        ordered = np.take_along_axis(judged.scores, order, axis=1)
        hits = np.cumsum(np.take_along_axis(judged.annotated, order, axis=1), axis=1)
        # Tied units come together: precision and recall are read where a tie ends.
        ends = np.ones(ordered.shape, dtype=np.bool_)
        ends[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
        before = np.maximum.accumulate(np.where(ends, hits, 0), axis=1)
        before = np.concatenate([np.zeros((len(hits), 1)), before[:, :-1]], axis=1)
        precision = hits / (np.arange(hits.shape[1]) + 1)
        area = np.where(ends, (hits - before) * precision, 0.0).sum(axis=1)
        return judged.scored(
            value=_ratio(area, judged.n_annotated),
            base_rate=_ratio(judged.n_annotated, judged.sizes),
            chance=_chance(judged.sizes, judged.n_annotated),
        )


def _chance(sizes: Ints, n_annotated: Ints) -> Floats:
    """Mean average precision over all orders: above the base rate where few are annotated.

    A unit is annotated at rank k with probability P/n, and then 1 + (k - 1)(P - 1)/(n - 1) of the
    first k are, on average; summed over k with the harmonic number H_n.
    """
    harmonic = digamma(sizes + 1) + np.euler_gamma
    others = (n_annotated - 1) / np.maximum(sizes - 1, 1)
    chance: Floats = (harmonic + others * (sizes - harmonic)) / sizes
    return chance


class AUROC(_Localization):
    """Area under the ROC curve: how often an annotated unit is ahead of another (Hanley 1982)."""

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (0.0, 1.0), "", "1 where every annotated unit is ahead, .5 chance")
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        # What fills a row up ranks below its units: count ranks from behind it.
        ranks = rankdata(judged.scores, axis=1)
        ranks -= judged.scores.shape[1] - judged.sizes[:, None]
        hits = judged.n_annotated.astype(np.float64)
        above = np.where(judged.annotated, ranks, 0.0).sum(axis=1) - hits * (hits + 1) / 2
        return judged.scored(value=_ratio(above, hits * (judged.sizes - hits)))


class RelevanceMass(_Localization):
    """Share of the relevance that lies on annotated units (Arras et al. 2022, eq. 4).

    Signed: of the positive relevance; magnitude: of all magnitudes.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (0.0, 1.0), "", "share of the relevance on annotated units")
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        amounts = np.maximum(judged.scores, 0.0)
        # By the largest first: sums of subnormal or huge scores stay exact.
        largest = amounts.max(axis=1, keepdims=True)
        amounts = np.divide(amounts, largest, out=np.zeros_like(amounts), where=largest > 0)
        values = _ratio(np.where(judged.annotated, amounts, 0.0).sum(axis=1), amounts.sum(axis=1))
        scored = judged.scored(value=values)
        empty = np.flatnonzero(largest[:, 0] <= 0).tolist()
        reasons = dict.fromkeys(empty, "no relevance for the target") | dict(judged.reasons)
        return Scored(scored.values, {"": reasons})


class RelevanceRank(_Localization):
    """Share of the K highest units that are annotated, K being how many are (Arras 2022, eq. 5)."""

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (0.0, 1.0), "", "annotated share of the K highest units")
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        return judged.scored(
            value=_ratio(_top_hits(judged, judged.n_annotated), judged.n_annotated)
        )


class PointingGame(_Localization):
    """Whether the highest unit is annotated (Zhang et al. 2018, IJCV 126:1084)."""

    quantities: Mapping[str, Quantity] = {
        "": Quantity("higher", (0.0, 1.0), "", "1 where the highest unit is annotated")
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        return judged.scored(value=_top_hits(judged, np.ones_like(judged.sizes)))


def moving_mean(rows: Floats, inside: Bools, width: int) -> Floats:
    """Means of the windows around each place, of what of them lies inside; shape (N, L).

    Means that differ by rounding alone are the same, so that ties stay ties: they are rounded to a
    billionth of a thousandth of the row's largest.
    """
    half = width // 2
    held = np.pad(np.where(inside, rows, 0.0), ((0, 0), (half, half)))
    there = np.pad(inside.astype(np.float64), ((0, 0), (half, half)))
    with np.errstate(invalid="ignore"):  # what is not finite has a reason elsewhere
        means = window_sums(held, width) / np.maximum(window_sums(there, width), 1.0)
        largest = np.abs(means).max(axis=1, keepdims=True)
        shares = np.divide(means, largest, out=np.zeros_like(means), where=largest != 0)
        rounded: Floats = np.round(shares, TIED) * largest
    return rounded


def _top_hits(judged: Judged, n_top: Ints) -> Floats:
    """Annotated units among each sample's `n_top` highest; ties count by their expectation."""
    ordered = -np.sort(-judged.scores, axis=1)
    lowest = np.take_along_axis(ordered, np.maximum(n_top, 1)[:, None] - 1, axis=1)
    above, tied = judged.scores > lowest, judged.scores == lowest
    places = n_top - above.sum(axis=1)
    chance = (tied & judged.annotated).sum(axis=1) / tied.sum(axis=1)
    return np.asarray((above & judged.annotated).sum(axis=1) + places * chance, dtype=np.float64)


def _ratio(amounts: Floats | Ints, totals: Floats | Ints) -> Floats:
    """amounts / totals, NaN where a total is 0."""
    ratios = np.full(len(amounts), np.nan)
    np.divide(amounts, totals, out=ratios, where=np.asarray(totals) > 0)
    return ratios
