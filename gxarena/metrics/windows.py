"""Relevance of annotated stretches, beside that of equally wide windows of the sample's background.

A unit counts by the share of it that lies in a stretch: its score is spread evenly over its
nucleotides. Sums are of scores relative to the sample's largest and rounded, so that scale does not
matter and windows that are alike tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gxarena.data import Attribution, Bools, Explained, Floats, Interval, Ints
from gxarena.metrics.ragged import padded
from gxarena.metrics.robustness import on_nucleotides
from gxarena.truth import marked

DECIMALS = 9
"""Of the largest score: sums that differ by less are alike."""

ROWS_AT_ONCE = 1024
"""Bounds memory: the windows of so many stretches exist at a time."""


@dataclass(frozen=True, eq=False)
class Beside:
    """M stretches, each beside the windows of its own width and sample.

    Attributes
    ----------
    sums : float array, shape (M,)
        Signed relevance of each stretch, the sample's largest score being 1.
    n_windows : int array, shape (M,)
        Windows, at every position, of units that touch no annotation.
    n_below, n_above : int array, shape (M,)
        Windows whose sum is smaller in magnitude; is at least as large.
    """

    sums: Floats
    n_windows: Ints
    n_below: Ints
    n_above: Ints


def beside_background(
    explained: Explained, owners: Sequence[int], stretches: Sequence[Interval]
) -> Beside:
    """Compare stretches with the background of the samples that they lie in.

    Parameters
    ----------
    explained : Explained
        Scores of the samples that own a stretch are finite.
    owners : sequence of M int
        The sample that each stretch lies in.
    stretches : sequence of M Interval
    """
    found = {key: np.zeros(len(owners), dtype=np.int64) for key in ("windows", "below", "above")}
    sums = np.zeros(len(owners))
    widths = np.array([one.end - one.start for one in stretches], dtype=np.int64)
    starts = np.array([one.start for one in stretches], dtype=np.int64)
    index, owning = np.unique(np.asarray(owners, dtype=np.int64), return_inverse=True)
    chosen = [explained.attributions[i] for i in index]
    scores = padded([_relative(attribution) for attribution in chosen])
    free = padded(
        [
            _background(attribution, explained.samples[i].annotations)
            for i, attribution in zip(index, chosen, strict=True)
        ]
    )
    for width in np.unique(widths).tolist():
        alike = np.flatnonzero(widths == width)
        for begin in range(0, len(alike), ROWS_AT_ONCE):
            rows = alike[begin : begin + ROWS_AT_ONCE]
            windows = np.round(window_sums(scores[owning[rows]], width), DECIMALS)
            counts = window_sums(free[owning[rows]].astype(np.int64), width) == width
            own = windows[np.arange(len(rows)), starts[rows]]
            above = np.abs(windows) >= np.abs(own)[:, None]
            sums[rows] = own
            found["windows"][rows] = counts.sum(axis=1)
            found["below"][rows] = (counts & ~above).sum(axis=1)
            found["above"][rows] = (counts & above).sum(axis=1)
    return Beside(sums, found["windows"], found["below"], found["above"])


def _relative(attribution: Attribution) -> Floats:
    """Scores on nucleotides, the largest in magnitude being 1; all 0 where they are; shape (L,)."""
    scores = on_nucleotides(attribution)
    largest = np.abs(scores).max()
    return scores / largest if largest > 0 else scores


def _background(attribution: Attribution, annotations: Sequence[Interval]) -> Bools:
    """Nucleotides of units that touch no annotation, shape (L,).

    A token that lies in a motif by one letter has the motif's relevance, and is no background.
    """
    spans = attribution.spans
    touched = np.logical_or.reduceat(marked(spans.length, annotations), spans.boundaries[:-1])
    return np.asarray(~touched[spans.owner])


def window_sums(rows: Floats | Ints, width: int) -> Floats | Ints:
    """Sums at every position, shape (M, L - width + 1): always added up from left to right.

    Differences of cumulative sums would tell windows apart that are alike.
    """
    n_windows = rows.shape[1] - width + 1
    sums = np.zeros((len(rows), n_windows), dtype=rows.dtype)
    for offset in range(width):
        sums += rows[:, offset : offset + n_windows]
    return sums
