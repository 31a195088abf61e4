"""Motifs against the database: TOMTOM (Gupta et al. 2007), judged by the motifs' own shuffles.

TOMTOM's p-value takes a motif's rows for draws from the database's. A flat motif, or one of G and C
alone, is none, and resembles some entry at 1e-9. What its rows resemble in any order, it does not
resemble: a motif is compared beside column shuffles of itself, and matches where it resembles
an entry more than they resemble any.
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

SHUFFLES = 999


@dataclass(frozen=True, eq=False)
class Matches:
    """How Q motifs resemble T entries.

    Attributes
    ----------
    targets : tuple of T Matrix
    resemblance : float array, shape (Q, T)
        TOMTOM's p-values.
    chance : float array, shape (Q,)
        The empirical p-value of a motif's best entry: how often its shuffles resemble any entry
        as much.
    chance_of : float array, shape (Q, T)
        That of an entry named beforehand: how often its shuffles resemble this entry as much.
    offsets : int array, shape (Q, T)
    reverse : bool array, shape (Q, T)
    """

    targets: tuple[Matrix, ...]
    resemblance: Floats
    chance: Floats
    chance_of: Floats
    offsets: Floats
    reverse: Bools

    @property
    def q(self) -> Floats:
        """`chance`, corrected for the motifs (Benjamini and Hochberg 1995), shape (Q,)."""
        return np.asarray(false_discovery_control(self.chance)) if len(self.chance) else self.chance

    def best(self, motif: int, level: float) -> Match | None:
        """The entry that resembles a motif most, where its q is below `level`."""
        if not self.q[motif] < level:
            return None
        target = int(self.resemblance[motif].argmin())
        entry = self.targets[target]
        return Match(
            id=entry.id,
            name=entry.name,
            q=float(self.q[motif]),
            reverse=bool(self.reverse[motif, target]),
            offset=int(self.offsets[motif, target]),
            frequencies=entry.frequencies,
            p=float(self.resemblance[motif, target]),
        )

    def q_of(self, expected: Sequence[str]) -> Floats:
        """`chance_of` entries by id, corrected for the motifs and the E entries; shape (Q, E)."""
        positions = {target.id: column for column, target in enumerate(self.targets)}
        chances = self.chance_of[:, [positions[identifier] for identifier in expected]]
        if not chances.size:
            return chances
        return np.asarray(false_discovery_control(chances, axis=None)).reshape(chances.shape)


def compare(
    motifs: Sequence[Floats],
    targets: Sequence[Matrix],
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Matches:
    """Compare motifs with entries of a database.

    A motif's values depend on the motif, the database and the seed alone. On one core 999 shuffles
    take a second for 15 rows and nine for 46, against the 879 matrices of vertebrates.

    Parameters
    ----------
    motifs : sequence of Q float arrays, shape (w, 4)
        Frequencies, informative rows alone.
    targets : sequence of T Matrix
    shuffles : int
        Orders of a motif's rows that are compared beside it; p-values are at least
        1 / (1 + shuffles).
    seed : int
    """
    entries = [target.frequencies.T for target in targets]
    shape = (len(motifs), len(targets))
    resemblance, chance_of = np.ones(shape), np.ones(shape)
    offsets, reverse = np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    chance = np.ones(len(motifs))
    for number, motif in enumerate(motifs):
        rng = np.random.default_rng(seed)
        queries = [motif, *(rng.permutation(motif) for _ in range(shuffles))]
        p, _, places, _, strands = tomtom([np.ascontiguousarray(q.T) for q in queries], entries)
        resemblance[number], offsets[number], reverse[number] = p[0], places[0], strands[0] > 0
        # The motif is one of its own orders: p-values are never 0, and hold at any number of them.
        chance_of[number] = (p <= p[0]).mean(axis=0)
        best = p.min(axis=1)
        chance[number] = (best <= best[0]).mean()
    return Matches(tuple(targets), resemblance, chance, chance_of, offsets, reverse)
