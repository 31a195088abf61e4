"""The presence game: what a model answers when some units of a sequence are away.

Occlusion, ablation, LIME and every Shapley method ask this one question, and differ in nothing
but which units they take away together. It needs predictions and NumPy, no framework, so it
lives in the core: plugins that wrap other people's methods hand it to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from gxarena import objective
from gxarena.api import MaskableModel, Model
from gxarena.data import Bools, Floats, Ints
from gxarena.errors import Unsupported

Outputs = Callable[[Bools], Floats]
"""Raw outputs (M, C) of one sequence with the units under masks (M, U) away."""


class Presence:
    """The explained value of one sequence, by which of its players are there.

    Parameters
    ----------
    outputs : callable
        Raw outputs (M, C) with the units under masks (M, U) away.
    player_of : int array, shape (U,)
        The player that each unit belongs to, rising from 0; a player's units come and go together.
    target : int
    what : str
        The objective (see `gxarena.objective`).
    batch_size : int
        Most masks per call of `outputs`.

    Attributes
    ----------
    n_players : int
    forwards : int
        Masks asked so far.
    """

    def __init__(
        self, outputs: Outputs, player_of: Ints, target: int, what: str, batch_size: int
    ) -> None:
        self._outputs, self._player_of = outputs, player_of
        self._target, self._what, self._batch_size = target, what, batch_size
        self.n_players = int(player_of[-1]) + 1
        self.forwards = 0

    def __call__(self, present: ArrayLike) -> Floats:
        """Values (M,) of players' presence (M, players): 1 where one is there, 0 where not."""
        away = np.asarray(present)[:, self._player_of] < 0.5
        self.forwards += len(away)
        (values,) = ask(
            np.array([self._target]),
            self._what,
            [len(away)],
            self._batch_size,
            lambda _, which: self._outputs(away[which]),
        )
        return values

    def all_or_nothing(self) -> tuple[float, float]:
        """The value of the whole sequence, and without any of its units."""
        whole, empty = self([[1.0] * self.n_players, [0.0] * self.n_players]).tolist()
        return whole, empty

    def shared(self, of_players: Floats) -> Floats:
        """Scores of units (U,): each player's, in equal parts."""
        return np.asarray((of_players / np.bincount(self._player_of))[self._player_of])


def maskable(model: Model, explainer: str) -> MaskableModel:
    """The model; Unsupported where it cannot hide units."""
    if not isinstance(model, MaskableModel):
        raise Unsupported(
            f"{explainer}: expected a maskable model (predict_masked), got "
            f"{type(model).__name__}. Use ism."
        )
    return model


def hidden(model: MaskableModel, sequence: str) -> Outputs:
    """Absent units become the model's own unknown, tokenisation held fixed."""
    return lambda away: model.predict_masked([sequence] * len(away), list(away))


def ask(
    targets: Ints,
    what: str,
    counts: list[int],
    batch_size: int,
    outputs: Callable[[Ints, Ints], Floats],
) -> list[Floats]:
    """The explained value of each sample's questions, in bounded batches over all samples.

    Parameters
    ----------
    targets : int array, shape (N,)
        Of the samples.
    what : str
        The objective.
    counts : list of N int
        Questions about each sample.
    batch_size : int
        Most questions per call of `outputs`.
    outputs : callable
        From the questions' samples and their numbers within the sample, both of shape (A,), to
        raw outputs (A, C).
    """
    values = [
        objective.value(what, outputs(rows, which), targets[rows])
        for rows, which in _batches(counts, batch_size)
    ]
    return np.split(np.concatenate(values), np.cumsum(counts)[:-1])


def _batches(counts: list[int], size: int) -> Iterator[tuple[Ints, Ints]]:
    """Questions of all samples in a row, `size` at a time: sample, and number within it."""
    firsts = np.cumsum([0, *counts])
    for start in range(0, int(firsts[-1]), size):
        question = np.arange(start, min(start + size, int(firsts[-1])))
        rows = np.searchsorted(firsts, question, side="right") - 1
        yield rows, question - firsts[rows]
