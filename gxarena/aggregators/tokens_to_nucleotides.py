"""Strategies (c) and (d): from tokens' scores to those of nucleotides."""

from __future__ import annotations

import numpy as np

from gxarena.aggregators.projection import not_nested, projected
from gxarena.data import Attribution, Ints, Spans


class PassedOn:
    """(c) Each nucleotide gets its token's score."""

    conservative = False

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        owner = _refined(attribution, onto, "passed_on")
        return projected(attribution, attribution.scores[owner], onto)


class EquallyDistributed:
    """(d) A token's score is split evenly among its nucleotides; keeps the total."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        owner = _refined(attribution, onto, "equally_distributed")
        share = onto.widths / attribution.spans.widths[owner]
        return projected(attribution, attribution.scores[owner] * share, onto)


def _refined(attribution: Attribution, onto: Spans, name: str) -> Ints:
    """The source unit that each target unit lies in, shape (units of `onto`,)."""
    if not onto.refines(attribution.spans):
        raise not_nested(attribution, onto, name, "parts of the attribution's units")
    return np.searchsorted(attribution.spans.boundaries, onto.boundaries[:-1], side="right") - 1
