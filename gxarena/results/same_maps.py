"""Which explainers give the same maps: a board shows those as one entry with several names.

Attributions are large and stay in the store; a cell records a fingerprint of them instead, from
which distances between maps follow (a random projection: Johnson and Lindenstrauss 1984).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gxarena.data import Explained, Floats
from gxarena.seeds import sample_seed

DIRECTIONS = 64
"""So that the estimated distance is within a tenth of the true one, more or less."""
TOLERANCE = 5e-3
"""Relative distance up to which maps are the same: a stabiliser's epsilon or float32's rounding."""


def fingerprint(parts: Iterable[Explained]) -> list[float]:
    """A few numbers that tell the maps of a set of samples, given in parts, from others.

    Each sample's scores are divided by their largest magnitude, and its logarithm is projected
    beside them: every sample weighs the same, and maps that differ by a factor are not the same.

    Returns
    -------
    list of 1 + `DIRECTIONS` floats
        The norm of all scores, then the projections on random directions that depend on the
        samples' ids alone.
    """
    square, projections = 0.0, np.zeros(DIRECTIONS)
    pairs = (zip(one.samples, one.attributions, strict=True) for one in parts)
    for sample, attribution in itertools.chain.from_iterable(pairs):
        largest = np.abs(attribution.scores).max()
        scores = attribution.scores / largest if largest else attribution.scores
        rng = np.random.default_rng(sample_seed(0, "fingerprint", sample.id))
        projections += rng.standard_normal((DIRECTIONS, len(scores))) @ scores
        # A factor moves this as far as it would move the scores, whatever their number.
        logarithm = np.log(largest) * np.sqrt(scores @ scores) if largest else 0.0
        projections += rng.standard_normal(DIRECTIONS) * logarithm
        square += float(scores @ scores)
    return [float(np.sqrt(square)), *projections.tolist()]


def same(one: Floats, other: Floats) -> bool:
    """Whether two sets of fingerprints, one a replicate, are of the same maps up to `TOLERANCE`.

    The mean square of the projections' differences estimates the maps' squared distance; over all
    replicates together, so that it does not hang on the one where rounding does most.

    Parameters
    ----------
    one, other : float arrays, shape (R, 1 + DIRECTIONS)
    """
    distance = np.sqrt(np.mean((one[:, 1:] - other[:, 1:]) ** 2))
    norm = np.sqrt(np.mean(np.maximum(one[:, 0], other[:, 0]) ** 2))
    return bool(distance <= TOLERANCE * norm)


def entries(fingerprints: Sequence[Mapping[int, Floats]]) -> list[int]:
    """For each contestant the first one that gives the same maps: itself where none does.

    Parameters
    ----------
    fingerprints : sequence of mappings
        One a contestant, from the replicate's position to its fingerprint, where it is known.
        Two are compared on the replicates that both have, and equal only if they share one: an
        explanation that failed once does not part twins.
    """
    first: list[int] = []
    for position, mine in enumerate(fingerprints):
        equal = (e for e in sorted(set(first)) if _of_the_same(fingerprints[e], mine))
        first.append(next(equal, position))
    return first


def _of_the_same(one: Mapping[int, Floats], other: Mapping[int, Floats]) -> bool:
    shared = sorted(one.keys() & other.keys())
    if not shared:
        return False
    return same(*(np.stack([prints[i] for i in shared]) for prints in (one, other)))
