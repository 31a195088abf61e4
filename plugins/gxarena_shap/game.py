"""One sequence as a cooperative game: its units are the players, the explained value is the payoff.

A coalition is what a model is shown: units outside of it are the model's own unknown,
tokenisation held fixed. Special tokens are no players; they are always there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from shap.maskers import Masker

from gxarena import objective
from gxarena.api import MaskableModel
from gxarena.data import Bools, Floats, Ints


class Game:
    """The payoff of coalitions of one sequence's units.

    Parameters
    ----------
    model : MaskableModel
    sequence : str
    target : int
    what : str
        The objective, see `gxarena.objective`.
    owner : int array, shape (U,)
        The player each unit belongs to: its own index where every unit is a player.
    batch_size : int
        Most coalitions per call of the model.

    Attributes
    ----------
    forwards : int
        Sequences the model was given.
    """

    def __init__(
        self,
        model: MaskableModel,
        sequence: str,
        target: int,
        what: str,
        owner: Ints,
        batch_size: int,
    ) -> None:
        self._model, self._sequence, self._what = model, sequence, what
        self._target, self._owner, self._batch_size = target, owner, batch_size
        self._ends: dict[bool, float] = {}
        self.forwards = 0
        self.n_players = int(owner[-1]) + 1

    def __call__(self, coalitions: ArrayLike) -> Floats:
        """Payoffs, shape (M,), of coalitions (M, players): 1 where a player takes part."""
        members = np.asarray(coalitions) > 0
        return np.concatenate(
            [
                self._asked(members[start : start + self._batch_size])
                for start in range(0, len(members), self._batch_size)
            ]
        )

    @property
    def empty(self) -> float:
        """The payoff of nobody: everything is unknown."""
        return self._end(False)

    @property
    def whole(self) -> float:
        """The payoff of all: the sequence as it is."""
        return self._end(True)

    def _asked(self, members: Bools) -> Floats:
        self.forwards += len(members)
        hidden = ~members[:, self._owner]
        outputs = self._model.predict_masked([self._sequence] * len(members), list(hidden))
        return objective.value(self._what, outputs, np.full(len(members), self._target))

    def _end(self, everyone: bool) -> float:
        if everyone not in self._ends:
            self._ends[everyone] = float(self(np.full((1, self.n_players), everyone))[0])
        return self._ends[everyone]


class Coalitions(Masker):  # type: ignore[misc]  # shap has no types
    """What shap calls a masker; here it hands the coalition on, and `Game` knows what it means.

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
