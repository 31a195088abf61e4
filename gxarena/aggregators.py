"""Token <-> nucleotide: the paper's four strategies (Kurth et al. 2026, section 3, a to d).

Each is linear in the scores and works between any nested partitions; projecting onto the spans
an attribution is on already changes nothing. Scores of special tokens and diagnostics stay as
they are; hypothetical contributions do not outlive a change of units. Before pair metrics compare
two explanations, both are re-normalised to [-1, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gxarena.api import Aggregator
from gxarena.data import Attribution, Explained, Floats, Ints, Spans
from gxarena.errors import Unsupported


class Native:
    """As the explainer gave them; onto other spans it does not project."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        if attribution.spans != onto:
            raise Unsupported(
                f"aggregator 'native': expected the attribution's own {len(attribution.spans)} "
                f"units, got {len(onto)} others. Use sum, mean, passed_on or equally_distributed."
            )
        return attribution


class Sum:
    """(a) A token's score is the sum of its nucleotides'; keeps the total."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        starts = _coarsened(attribution, onto, "sum")
        return _projected(attribution, np.add.reduceat(attribution.scores, starts), onto)


class Mean:
    """(b) A token's score is the mean over its nucleotides.

    Between units wider than a nucleotide, each counts by its width.
    """

    conservative = False

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        starts = _coarsened(attribution, onto, "mean")
        weighted = np.add.reduceat(attribution.scores * attribution.spans.widths, starts)
        return _projected(attribution, weighted / onto.widths, onto)


class PassedOn:
    """(c) Each nucleotide gets its token's score."""

    conservative = False

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        owner = _refined(attribution, onto, "passed_on")
        return _projected(attribution, attribution.scores[owner], onto)


class EquallyDistributed:
    """(d) A token's score is split evenly among its nucleotides; keeps the total."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        owner = _refined(attribution, onto, "equally_distributed")
        share = onto.widths / attribution.spans.widths[owner]
        return _projected(attribution, attribution.scores[owner] * share, onto)


def project_all(aggregator: Aggregator, explained: Explained, onto: Sequence[Spans]) -> Explained:
    """Project each sample's attribution onto its spans."""
    projected = [
        aggregator.project(attribution, spans)
        for attribution, spans in zip(explained.attributions, onto, strict=True)
    ]
    unchanged = all(
        before.spans == after.spans
        for before, after in zip(explained.attributions, projected, strict=True)
    )
    return replace(explained.with_attributions(projected), native=explained.native and unchanged)


def _projected(attribution: Attribution, scores: Floats, onto: Spans) -> Attribution:
    if attribution.spans == onto:
        return attribution
    return replace(attribution, scores=scores, spans=onto, hypothetical=None)


def _coarsened(attribution: Attribution, onto: Spans, name: str) -> Ints:
    """The first source unit of each target unit, shape (units of `onto`,)."""
    if not attribution.spans.refines(onto):
        raise _not_nested(attribution, onto, name, "whole units of the attribution")
    return np.searchsorted(attribution.spans.boundaries, onto.boundaries[:-1])


def _refined(attribution: Attribution, onto: Spans, name: str) -> Ints:
    """The source unit that each target unit lies in, shape (units of `onto`,)."""
    if not onto.refines(attribution.spans):
        raise _not_nested(attribution, onto, name, "parts of the attribution's units")
    return np.searchsorted(attribution.spans.boundaries, onto.boundaries[:-1], side="right") - 1


def _not_nested(attribution: Attribution, onto: Spans, name: str, expected: str) -> Unsupported:
    return Unsupported(
        f"aggregator '{name}': expected target units made of {expected} "
        f"({len(attribution.spans)} units), got {len(onto)} units that cut across them."
    )
