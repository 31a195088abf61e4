"""Which units of a sequence are there: the game that perturbation methods play with a model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from gxarena import objective
from gxarena.api import MaskableModel, Model
from gxarena.data import Bools, Floats
from gxarena.errors import Unsupported
from gxarena_captum.rows import Rows

Outputs = Callable[[Bools], Floats]
"""Raw outputs (M, C) with the units under masks (M, U) away."""


class Presence:
    """The explained value of one sequence, by which of its players are there.

    A player is a unit, or `window` consecutive ones; the last may be shorter.

    Parameters
    ----------
    outputs : callable
        Raw outputs (M, C) with the units under masks (M, U) away.
    n_units, window : int
    target : int
    what : str
        The objective.
    batch_size : int
        Most masks per call of `outputs`.

    Attributes
    ----------
    forwards : int
        Masks asked so far.
    """

    def __init__(
        self, outputs: Outputs, n_units: int, window: int, target: int, what: str, batch_size: int
    ) -> None:
        self._outputs = outputs
        self._target, self._what, self._batch_size = target, what, batch_size
        self.player = np.arange(n_units) // window
        self.n_players = int(self.player[-1]) + 1
        self.forwards = 0

    def __call__(self, present: Tensor) -> Tensor:
        """Values (M,) of players' presence (M, P): 1 where one is there, 0 where not."""
        away = present.numpy()[:, self.player] < 0.5
        self.forwards += len(away)
        values = [self._values(part) for part in self._parts(away)]
        return torch.from_numpy(np.concatenate(values))

    def all_or_nothing(self) -> tuple[float, float]:
        """The value of the whole sequence, and without any of its units."""
        whole, empty = self(torch.tensor([[1.0], [0.0]]).expand(2, self.n_players)).tolist()
        return whole, empty

    def shared(self, of_players: Floats) -> Floats:
        """Scores of units (U,): each player's, in equal parts."""
        return np.asarray((of_players / np.bincount(self.player))[self.player])

    def _parts(self, away: Bools) -> list[Bools]:
        return [
            away[start : start + self._batch_size]
            for start in range(0, len(away), self._batch_size)
        ]

    def _values(self, away: Bools) -> Floats:
        targets = np.full(len(away), self._target)
        return objective.value(self._what, self._outputs(away), targets)


def masked(model: Model, sequence: str, explainer: str) -> Outputs:
    """Units become the model's own unknown, tokenisation held fixed."""
    if not isinstance(model, MaskableModel):
        raise Unsupported(
            f"{explainer}: expected a maskable model (predict_masked), got {type(model).__name__}."
        )
    return lambda away: model.predict_masked([sequence] * len(away), list(away))


def replaced(rows: Rows, references: Tensor) -> Outputs:
    """Units take a reference's embedding, (1, R, T, D); the mean over the R references' outputs.

    `rows` holds the one sequence.
    """
    model, units = rows.value.model, torch.from_numpy(rows.layouts[0].units)
    n = references.shape[1]

    def outputs(away: Bools) -> Floats:
        gone = torch.zeros(len(away), rows.embedded.shape[1], dtype=torch.bool)
        gone[:, units] = torch.from_numpy(away)
        gone = gone.to(rows.embedded.device)[:, None, :, None]
        embedded = torch.where(gone, references, rows.embedded[:, None]).flatten(0, 1)
        encoded = rows.encoded.expand(len(embedded), *rows.encoded.shape[1:])
        with torch.inference_mode():
            found = model.forward_embedded(embedded, encoded).double().cpu().numpy()
        return np.asarray(found.reshape(len(away), n, -1).mean(1))

    return outputs
