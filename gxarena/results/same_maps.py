"""Which explainers give the same maps: a board shows those as one entry with several names.

Attributions are large and stay in the store; a cell records a fingerprint of them instead, from
which distances between maps follow (a random projection: Johnson and Lindenstrauss 1984).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gxarena.data import Explained, Floats
from gxarena.seeds import sample_seed

DIRECTIONS = 16
TOLERANCE = 1e-3
"""Relative distance up to which maps are the same: a stabiliser's epsilon or float32's rounding."""


def fingerprint(explained: Explained) -> list[float]:
    """A few numbers that tell the maps of a set of samples from others.

    Each sample's scores are divided by their largest magnitude, so that scale plays no part.

    Returns
    -------
    list of 1 + `DIRECTIONS` floats
        The norm of all scores, then their projections on random directions that depend on the
        samples' ids alone.
    """
    square, projections = 0.0, np.zeros(DIRECTIONS)
    for sample, attribution in zip(explained.samples, explained.attributions, strict=True):
        largest = np.abs(attribution.scores).max()
        scores = attribution.scores / largest if largest else attribution.scores
        rng = np.random.default_rng(sample_seed(0, "fingerprint", sample.id))
        projections += rng.standard_normal((DIRECTIONS, len(scores))) @ scores
        square += float(scores @ scores)
    return [float(np.sqrt(square)), *projections.tolist()]


def same(one: Floats, other: Floats) -> bool:
    """Whether two fingerprints are of the same maps, up to `TOLERANCE`.

    The mean square of the projections' differences estimates the maps' squared distance.
    """
    distance = np.sqrt(np.mean((one[1:] - other[1:]) ** 2))
    return bool(distance <= TOLERANCE * max(one[0], other[0]))


def entries(fingerprints: Sequence[Sequence[Floats] | None]) -> list[int]:
    """For each contestant the first one that gives the same maps: itself where none does.

    Parameters
    ----------
    fingerprints : sequence of sequences
        One a contestant, one fingerprint a replicate; None where unknown (equal to nobody).
    """
    first: list[int] = []
    for position, mine in enumerate(fingerprints):
        equal = (e for e in sorted(set(first)) if _all_same(fingerprints[e], mine))
        first.append(next(equal, position))
    return first


def _all_same(one: Sequence[Floats] | None, other: Sequence[Floats] | None) -> bool:
    if not one or not other or len(one) != len(other):
        return False
    return all(same(a, b) for a, b in zip(one, other, strict=True))
