"""Motifs against the database: TOMTOM (Gupta et al. 2007) with what keeps noise from matching.

A flat matrix resembles everything and random 10-mers have small p-values often, so a motif is
trimmed to its informative rows first, one without any is compared with nothing, and p-values are
corrected over every motif and every entry together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from memelite import tomtom
from scipy.stats import false_discovery_control

from gxarena.api import Match
from gxarena.data import Bools, Floats
from gxarena_jaspar.matrices import Matrix

ROW_INFORMATION = 0.25
"""Bits at which a row at either end counts as informative."""
LEAST_INFORMATION = 5.0
LEAST_ROWS = 4
"""Bits in all, and rows, below which a motif is compared with nothing."""
PSEUDOCOUNT = 1e-3


def trimmed(frequencies: Floats) -> tuple[int, int]:
    """The informative rows ``[start, end)`` of a motif, shape (w, 4); (0, 0) where it is noise."""
    information = information_content(frequencies)
    informative = np.flatnonzero(information >= ROW_INFORMATION)
    if len(informative) == 0:
        return 0, 0
    start, end = int(informative[0]), int(informative[-1]) + 1
    enough = information[start:end].sum() >= LEAST_INFORMATION and end - start >= LEAST_ROWS
    return (start, end) if enough else (0, 0)


def information_content(frequencies: Floats) -> Floats:
    """Bits per row over even letters, shape (w,)."""
    even = (frequencies + PSEUDOCOUNT) / (1 + 4 * PSEUDOCOUNT)
    return np.asarray(2 + (even * np.log2(even)).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Matches:
    """How Q motifs resemble T entries.

    Attributes
    ----------
    targets : tuple of T Matrix
    q : float array, shape (Q, T)
        Benjamini-Hochberg over all Q x T p-values; 1 for a motif that is noise.
    offsets : int array, shape (Q, T)
    reverse : bool array, shape (Q, T)
    """

    targets: tuple[Matrix, ...]
    q: Floats
    offsets: Floats
    reverse: Bools

    def best(self, motif: int, level: float) -> Match | None:
        """The entry that resembles a motif most, where its q is below `level`."""
        target = int(self.q[motif].argmin())
        if not self.q[motif, target] < level:
            return None
        entry = self.targets[target]
        return Match(
            id=entry.id,
            name=entry.name,
            q=float(self.q[motif, target]),
            reverse=bool(self.reverse[motif, target]),
            offset=int(self.offsets[motif, target]),
            frequencies=entry.frequencies,
        )

    def recovered(self, expected: str, level: float) -> bool:
        """Whether some motif resembles the entry with this id."""
        column = [target.id for target in self.targets].index(expected)
        return bool((self.q[:, column] < level).any())


def compare(motifs: Sequence[Floats], targets: Sequence[Matrix]) -> Matches:
    """Compare motifs with entries of a database.

    Parameters
    ----------
    motifs : sequence of Q float arrays, shape (w, 4)
        Frequencies, untrimmed.
    targets : sequence of T Matrix
    """
    shape = (len(motifs), len(targets))
    p, offsets, reverse = np.ones(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    rows = [trimmed(motif) for motif in motifs]
    kept = [i for i, (start, end) in enumerate(rows) if end > start]
    if kept:
        queries = [np.ascontiguousarray(motifs[i][slice(*rows[i])].T) for i in kept]
        p[kept], _, offsets[kept], _, strands = tomtom(queries, [t.frequencies.T for t in targets])
        reverse[kept] = strands > 0
    q = false_discovery_control(np.clip(p, 0.0, 1.0), axis=None) if kept else p
    return Matches(tuple(targets), q.reshape(shape), offsets, reverse)


def column_shuffled(motif: Floats, rng: np.random.Generator) -> Floats:
    """A motif with its informative rows in random order: the null of every comparison."""
    start, end = trimmed(motif)
    shuffled = motif.copy()
    shuffled[start:end] = rng.permutation(motif[start:end])
    return shuffled
