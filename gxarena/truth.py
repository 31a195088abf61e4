"""Truth per nucleotide: which of a sample's annotations count, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np

from gxarena.data import Bools, Floats, Interval, Sample

DECOY = "decoy:"
"""Beginning of the names of intervals that are there but do not make the label."""


def counted(annotations: Sequence[Interval], names: Sequence[str] = ()) -> list[Interval]:
    """The annotations that are truth.

    Parameters
    ----------
    names : sequence of str
        Patterns such as ``"MA0139.*"``; where empty, every annotation but decoys.
    """
    if not names:
        return [one for one in annotations if not one.name.startswith(DECOY)]
    return [one for one in annotations if any(fnmatchcase(one.name, name) for name in names)]


def truth(sample: Sample, names: Sequence[str] = ()) -> Bools:
    """Whether each nucleotide is annotated, shape (L,)."""
    return marked(len(sample.sequence), counted(sample.annotations, names))


def information(sample: Sample, names: Sequence[str] = ()) -> Floats:
    """How much each annotated nucleotide says of its motif, 0 to 1, shape (L,); 0 outside.

    Where annotations overlap, the most that one says; NaN where one does not know.
    """
    most = np.zeros(len(sample.sequence))
    for one in counted(sample.annotations, names):
        place = slice(one.start, one.end)
        most[place] = np.maximum(most[place], one.information or np.nan)
    return most


def marked(length: int, intervals: Sequence[Interval]) -> Bools:
    """Whether each nucleotide lies in one of the intervals, shape (length,)."""
    inside = np.zeros(length, dtype=np.bool_)
    for interval in intervals:
        inside[interval.start : interval.end] = True
    return inside
