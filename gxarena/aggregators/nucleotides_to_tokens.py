"""Strategies (a) and (b): from nucleotides' scores to those of tokens."""

from __future__ import annotations

import numpy as np

from gxarena.aggregators.projection import not_nested, projected
from gxarena.data import Attribution, Ints, Spans


class Sum:
    """(a) A token's score is the sum of its nucleotides'; keeps the total."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        starts = _coarsened(attribution, onto, "sum")
        return projected(attribution, np.add.reduceat(attribution.scores, starts), onto)


class Mean:
    """(b) A token's score is the mean over its nucleotides.

    Between units wider than a nucleotide, each counts by its width.
    """

    conservative = False

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        starts = _coarsened(attribution, onto, "mean")
        weighted = np.add.reduceat(attribution.scores * attribution.spans.widths, starts)
        return projected(attribution, weighted / onto.widths, onto)


def _coarsened(attribution: Attribution, onto: Spans, name: str) -> Ints:
    """The first source unit of each target unit, shape (units of `onto`,)."""
    if not attribution.spans.refines(onto):
        raise not_nested(attribution, onto, name, "whole units of the attribution")
    return np.searchsorted(attribution.spans.boundaries, onto.boundaries[:-1])
