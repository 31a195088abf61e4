"""Whether relevance lies where the truth is: annotated intervals against the scores' units.

A unit counts as annotated where at least half of its nucleotides are, so that tokens are judged at
their own resolution and nucleotides exactly; carry token scores to nucleotides by an aggregator to
judge both alike, and smooth them to judge both at one resolution. Ties are never broken by
position: each value is the mean over all orders of tied units, but of `AUPRC`, to which tied units
come together: a map of one value is at its base rate, below its chance. A sample without annotated
units, or with nothing else, has no value.

Truth may be weighted: a unit of weight w counts as w units do, one that says nothing as none.

Beside each value stands ``positional``, what a map reaches that knows places alone
(`gxarena.metrics.positional`).
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
from gxarena.metrics.positional import KEY, Positional, Sign, control_of
from gxarena.metrics.ragged import filled, padded
from gxarena.metrics.smoothing import moving_mean
from gxarena.truth import information, truth

Weights = Literal["even", "information"]


def _quantities(summary: str, **further: Quantity) -> Mapping[str, Quantity]:
    """A value from 0 to 1, its control by position, and what else a metric tells."""
    value = Quantity("higher", (0.0, 1.0), "", summary)
    return {"": value, **further, KEY: control_of(value)}


@dataclass(frozen=True, eq=False)
class Judged:
    """Scores and truth of N samples, samples of different size filled up.

    Attributes
    ----------
    scores : float array, shape (N, most units)
        Amounts that are ranked; filled up with -inf, which is never a unit's.
    annotated : bool array, shape (N, most units)
    weights : float array, shape (N, most units)
        As how many units each one counts; 0 where filled up.
    sizes, n_annotated : int arrays, shape (N,)
    reasons : mapping of sample index to str
        Samples that cannot be judged; their rows are zero.
    """

    scores: Floats
    annotated: Bools
    weights: Floats
    sizes: Ints
    n_annotated: Ints
    reasons: Mapping[int, str]

    @property
    def hits(self) -> Floats:
        """Weights of annotated units, 0 of the others, shape (N, most units)."""
        return np.where(self.annotated, self.weights, 0.0)

    def scored(self, **values: Floats) -> Scored:
        """Values with NaN where a sample cannot be judged; ``value`` has the key ``""``."""
        for column in values.values():
            column[list(self.reasons)] = np.nan
        keyed = {"" if key == "value" else key: column for key, column in values.items()}
        return Scored(keyed, {key: dict(self.reasons) for key in keyed})


class _Localization(Positional):
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
        self._weights: Weights = "even"

    def _judged(self, explained: Explained) -> Judged:
        at_own_resolution = [
            (a.spans, np.abs(a.scores) if self._sign == "magnitude" else a.scores)
            for a in explained.attributions
        ]
        units, rows = zip(*self._smoothed(at_own_resolution), strict=True)
        pairs = list(zip(explained.samples, units, strict=True))
        counts = [
            np.add.reduceat(truth(sample, self._names).astype(np.int64), spans.boundaries[:-1])
            for sample, spans in pairs
        ]
        marks = [n * 2 >= spans.widths for n, spans in zip(counts, units, strict=True)]
        scores, inside = padded(rows), filled(rows)
        annotated, sizes = padded(marks), inside.sum(axis=1)
        n_annotated = annotated.sum(axis=1)
        weights = inside.astype(np.float64)
        if self._weights == "information":
            sums = [
                np.add.reduceat(information(sample, self._names), spans.boundaries[:-1])
                for sample, spans in pairs
            ]
            each = padded(sums) / np.maximum(padded(counts), 1)
            weights = np.where(annotated, each, weights)
        finite = np.isfinite(scores).all(axis=1)
        cases = (
            ("scores are not finite", ~finite),
            ("no annotated unit", n_annotated == 0),
            ("every unit is annotated", n_annotated == sizes),
            ("an annotation does not say how informative it is", ~np.isfinite(weights).all(axis=1)),
            ("no annotated unit says anything", ~np.where(annotated, weights, 0.0).any(axis=1)),
        )
        reasons: dict[int, str] = {}
        for reason, met in cases:
            reasons |= {i: reason for i in np.flatnonzero(met).tolist() if i not in reasons}
        amounts = np.where(inside, scores, -np.inf)
        amounts[list(reasons)] = 0.0
        weights[list(reasons)] = 0.0
        return Judged(amounts, annotated, weights, sizes, n_annotated, reasons)

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


class _Weighable(_Localization):
    """What metrics share whose truth may be weighted.

    Parameters
    ----------
    sign, names, smoothing
        See `_Localization`.
    weights : "even" or "information"
        With information an annotated unit counts by the mean information of its annotated
        nucleotides: bits of the motif's column over its most informative one. Data sets have it
        where they were asked for it (``information = true`` of planted and scan).
    """

    def __init__(
        self,
        sign: Sign = "signed",
        names: Sequence[str] = (),
        smoothing: int = 1,
        weights: Weights = "even",
    ) -> None:
        super().__init__(sign, names, smoothing)
        check_choice("weights", weights, get_args(Weights))
        self._weights = weights
        if weights != "even":  # nothing in closed form says what a random order gives then
            self.quantities = {k: q for k, q in self.quantities.items() if k != "chance"}


class AUPRC(_Weighable):
    """Area under the precision-recall curve (average precision; Davis and Goadrich 2006)."""

    quantities = _quantities(
        "1 where every annotated unit is ahead",
        base_rate=Quantity("none", (0.0, 1.0), "", "annotated share"),
        chance=Quantity("none", (0.0, 1.0), "", "what a random order gives on average"),
    )

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        order = np.argsort(-judged.scores, axis=1, kind="stable")
        ordered = np.take_along_axis(judged.scores, order, axis=1)
        hits, all_units = (
            np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
            for weights in (judged.hits, judged.weights)
        )
        # Tied units come together: precision and recall are read where a tie ends.
        ends = np.ones(ordered.shape, dtype=np.bool_)
        ends[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
        before = np.maximum.accumulate(np.where(ends, hits, 0), axis=1)
        before = np.concatenate([np.zeros((len(hits), 1)), before[:, :-1]], axis=1)
        precision = np.divide(hits, all_units, out=np.zeros_like(hits), where=all_units > 0)
        area = np.where(ends, (hits - before) * precision, 0.0).sum(axis=1)
        truth_weight = judged.hits.sum(axis=1)
        values = {
            "value": _ratio(area, truth_weight),
            "base_rate": _ratio(truth_weight, judged.weights.sum(axis=1)),
        }
        if "chance" in self.quantities:
            values["chance"] = _chance(judged.sizes, judged.n_annotated)
        return judged.scored(**values)


def _chance(sizes: Ints, n_annotated: Ints) -> Floats:
    """Mean average precision over all orders: above the base rate where few are annotated.

    A unit is annotated at rank k with probability P/n, and then 1 + (k - 1)(P - 1)/(n - 1) of the
    first k are, on average; summed over k with the harmonic number H_n.
    """
    harmonic = digamma(sizes + 1) + np.euler_gamma
    others = (n_annotated - 1) / np.maximum(sizes - 1, 1)
    chance: Floats = (harmonic + others * (sizes - harmonic)) / sizes
    return chance


class AUROC(_Weighable):
    """Area under the ROC curve: how often an annotated unit is ahead of another (Hanley 1982)."""

    quantities = _quantities("1 where every annotated unit is ahead, .5 chance")

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        # What fills a row up, or is left out, ranks below all others: of the ranks among all units
        # and among annotated ones, less what is below either, the difference is how many others an
        # annotated unit is ahead of, a tied one by half.
        width, n_others = judged.scores.shape[1], judged.sizes - judged.n_annotated
        among_all = rankdata(judged.scores, axis=1) - (width - judged.sizes)[:, None]
        annotated = np.where(judged.annotated, judged.scores, -np.inf)
        among_annotated = rankdata(annotated, axis=1) - (width - judged.n_annotated)[:, None]
        ahead = np.where(judged.annotated, among_all - among_annotated, 0.0)
        pairs = judged.hits.sum(axis=1) * n_others
        return judged.scored(value=_ratio((judged.hits * ahead).sum(axis=1), pairs))


class RelevanceMass(_Weighable):
    """Share of the relevance that lies on annotated units (Arras et al. 2022, eq. 4).

    Signed: of the positive relevance; magnitude: of all magnitudes.
    """

    quantities = _quantities("share of the relevance on annotated units")

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        amounts = np.maximum(judged.scores, 0.0)
        # By the largest first: sums of subnormal or huge scores stay exact.
        largest = amounts.max(axis=1, keepdims=True)
        amounts = np.divide(amounts, largest, out=np.zeros_like(amounts), where=largest > 0)
        amounts *= judged.weights
        total = amounts.sum(axis=1)
        values = _ratio(np.where(judged.annotated, amounts, 0.0).sum(axis=1), total)
        scored = judged.scored(value=values)
        empty = np.flatnonzero(total <= 0).tolist()
        reasons = dict.fromkeys(empty, "no relevance for the target") | dict(judged.reasons)
        return Scored(scored.values, {"": reasons})


class RelevanceRank(_Weighable):
    """Share of the K highest units that are annotated, K being how many are (Arras 2022, eq. 5).

    Weighted, K is what the annotated units weigh together, and the last unit may count in part.
    """

    quantities = _quantities("annotated share of the K highest units")

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        top = judged.hits.sum(axis=1)
        return judged.scored(value=_ratio(_top_hits(judged, top), top))


class PointingGame(_Localization):
    """Whether the highest unit is annotated (Zhang et al. 2018, IJCV 126:1084)."""

    quantities = _quantities("1 where the highest unit is annotated")

    def score(self, explained: Explained, probe: Probe) -> Scored:
        del probe
        judged = self._judged(explained)
        return judged.scored(value=_top_hits(judged, np.ones(len(judged.sizes))))


def _top_hits(judged: Judged, top: Floats) -> Floats:
    """What annotated units weigh among the highest ones that weigh `top` together, shape (N,).

    Ties count by their expectation, 0 where nothing is asked for.
    """
    order = np.argsort(-judged.scores, axis=1, kind="stable")
    weighed = np.cumsum(np.take_along_axis(judged.weights, order, axis=1), axis=1)
    last = np.minimum((weighed < top[:, None]).sum(axis=1), weighed.shape[1] - 1)
    last_unit = np.take_along_axis(order, last[:, None], axis=1)
    lowest = np.take_along_axis(judged.scores, last_unit, axis=1)
    above, tied = judged.scores > lowest, judged.scores == lowest
    places = top - np.where(above, judged.weights, 0.0).sum(axis=1)
    of_ties = np.where(tied, judged.weights, 0.0).sum(axis=1)
    chance = _ratio(np.where(tied, judged.hits, 0.0).sum(axis=1), of_ties)
    hits = np.where(above, judged.hits, 0.0).sum(axis=1) + places * chance
    return np.asarray(np.where(top > 0, hits, 0.0))


def _ratio(amounts: Floats | Ints, totals: Floats | Ints) -> Floats:
    """amounts / totals, NaN where a total is 0."""
    ratios = np.full(len(amounts), np.nan)
    np.divide(amounts, totals, out=ratios, where=np.asarray(totals) > 0)
    return ratios
