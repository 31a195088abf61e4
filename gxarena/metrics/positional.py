"""The control by position: how well an explainer's mean map localizes, given to every sample.

Where truth lies at the same place of every sequence, whoever always points there finds it, and so
does the gradient of a network that has learned nothing but reads the middle of its window best.
What such a map reaches without looking at the sequence stands beside what the explainer reaches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, cast

import numpy as np

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained, Floats, Ints

Sign = Literal["signed", "magnitude"]

KEY = "positional"
NO_OTHERS = "no other sample's map to take the mean of"


def control_of(quantity: Quantity) -> Quantity:
    """The control's quantity beside that one: nobody is ranked by it."""
    what = "what the mean map of all other samples reaches: the control by position"
    return Quantity("none", quantity.bounds, quantity.unit, what)


class Positional(ABC):
    """A metric of samples with a control by position (see `gxarena.api.ControlledMetric`)."""

    _sign: Sign = "magnitude"

    @abstractmethod
    def score(self, explained: Explained, probe: Probe) -> Scored:
        """What it says of samples; it asks no model."""

    def control(self, explained: Explained) -> Scored:
        """What it says of each sample's truth and the mean map of all others (`mean_maps`)."""
        scored = self.score(mean_maps(explained, self._sign), cast(Probe, None))
        reasons = dict(scored.reasons.get("", {}))
        finite = [bool(np.isfinite(one.scores).all()) for one in explained.attributions]
        if sum(finite) < 2:
            reasons |= {i: NO_OTHERS for i in range(len(explained)) if finite[i]}
        return Scored({KEY: scored.values[""]}, {KEY: reasons})


def mean_maps(explained: Explained, sign: Sign) -> Explained:
    """Each sample with the mean of all other samples' maps instead of its own.

    Maps lie with the middles of their sequences on each other, each nucleotide having its unit's
    score, and count at the same height: by their largest magnitude. The mean is over those that
    reach a place, 0 where none does, and a unit's score is its nucleotides' mean. A sample's own
    map is left out, or it would find itself in the mean. Maps that are not finite are in no mean,
    and stay as they are; so does everything where there is no other.

    Parameters
    ----------
    explained : Explained
    sign : "signed" or "magnitude"
        Whether the mean is of scores or of their sizes.
    """
    maps = explained.attributions
    own = np.concatenate([one.scores[one.spans.owner] for one in maps])
    lengths = np.array([one.spans.length for one in maps])
    starts = np.cumsum(lengths) - lengths
    finite = np.logical_and.reduceat(np.isfinite(own), starts)
    if finite.sum() < 2:
        blank = [one.with_scores(np.full(len(one.spans), np.nan)) for one in maps]
        return explained.with_attributions(blank)
    others = _means_of_others(own, lengths, np.repeat(finite, lengths), sign)
    found = []
    for one, good, start, length in zip(maps, finite, starts, lengths, strict=True):
        if not good:
            found.append(one)
            continue
        row = others[start : start + length]
        sums = np.add.reduceat(row, one.spans.boundaries[:-1])
        found.append(one.with_scores(sums / one.spans.widths))
    return explained.with_attributions(found)


def _means_of_others(own: Floats, lengths: Ints, finite: Floats, sign: Sign) -> Floats:
    """At every nucleotide of every sample, the mean of the other samples' maps at that place.

    Parameters
    ----------
    own : float array, shape (P,)
        The maps of all samples, one behind the other.
    lengths : int array, shape (N,)
    finite : bool array, shape (P,)
        Which nucleotides are of maps that count.
    """
    starts = np.cumsum(lengths) - lengths
    left = lengths // 2
    places = np.arange(len(own)) - np.repeat(starts + left - left.max(), lengths)
    sizes = np.where(finite, np.abs(own), 0.0)
    largest = np.repeat(np.maximum.reduceat(sizes, starts), lengths)
    heights = sizes if sign == "magnitude" else np.where(finite, own, 0.0)
    heights = np.divide(heights, largest, out=np.zeros_like(own), where=largest > 0)
    totals, counts = np.bincount(places, heights), np.bincount(places, finite)
    n_others = counts[places] - finite
    means = np.zeros_like(own)
    np.divide(totals[places] - heights, n_others, out=means, where=n_others > 0)
    return means
