"""What shap is told of players: how they are masked, how they merge, and which units they own."""

from __future__ import annotations

import numpy as np
from shap.maskers import Masker

from gxarena.data import Bools, Floats, Ints


class Coalitions(Masker):  # type: ignore[misc]  # shap has no types
    """What shap calls a masker: hands the coalition on, as `Presence` knows what it means.

    Parameters
    ----------
    n_players : int
    hierarchy : float array, shape (players - 1, 4), optional
        How players merge, in scipy's linkage format.
    """

    immutable_outputs = True

    def __init__(self, n_players: int, hierarchy: Floats | None = None) -> None:
        self.shape = (1, n_players)
        self.clustering = hierarchy

    def __call__(self, mask: Bools, everyone: Bools) -> tuple[Bools]:
        return ((mask & everyone)[None],)


def balanced_hierarchy(n_players: int) -> Floats:
    """Neighbours merge two by two, then pairs of pairs, and so on; shape (players - 1, 4).

    Rows are scipy's: the two merged clusters, a distance (here the level), the size.
    """
    clusters = [(player, 1) for player in range(n_players)]
    rows: list[tuple[int, int, int, int]] = []
    level = 0
    while len(clusters) > 1:
        level += 1
        merged = []
        for left, right in zip(clusters[::2], clusters[1::2], strict=False):
            size = left[1] + right[1]
            merged.append((n_players + len(rows), size))
            rows.append((left[0], right[0], level, size))
        clusters = merged + clusters[len(clusters) // 2 * 2 :]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def stretches(n_units: int, n_players: int | None) -> Ints:
    """Units dealt out in order to at most so many players of equal size, shape (U,)."""
    count = n_units if n_players is None else min(n_players, n_units)
    return np.arange(n_units) * count // n_units
