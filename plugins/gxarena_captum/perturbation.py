"""What captum's perturbation methods share: one presence game per sequence, asked in batches.

captum perturbs *presence*, one number per player; what stands in for an absent unit is the
model's own unknown, or a reference's embedding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch, Bools, Floats, Spans
from gxarena.errors import check_at_least
from gxarena.explainers.presence import Outputs, Presence, hidden, maskable
from gxarena.explainers.references import SHUFFLES, check_kind
from gxarena_torch.explained_value import ExplainedValue, differentiable
from gxarena_torch.multipliers import to_numpy
from gxarena_torch.rows import Rows, micro_batches
from gxarena_torch.seeds import torch_seeded

Value = Callable[[Tensor], Tensor]
"""The explained value (M,) of players' presence (M, players)."""


class PerturbationMethod(ABC):
    """One of captum's methods on any maskable model.

    Parameters
    ----------
    window : int
        Consecutive units that form one player; the last may be shorter.
    reference, n_references, batch_size
        See `gxarena_captum.feature_ablation.FeatureAblation`.
    """

    name: str
    distributes: ClassVar[bool] = False
    """Whether the scores add up to f(x) less f without any unit."""

    def __init__(self, window: int, reference: str, n_references: int, batch_size: int) -> None:
        check_at_least(f"{self.name}, window", window)
        check_at_least(f"{self.name}, n_references", n_references)
        check_at_least(f"{self.name}, batch_size", batch_size)
        check_kind(f"{self.name}, reference", reference)
        self._window, self._reference = window, reference
        self._n_references = n_references if reference == SHUFFLES else 1
        self._masks_per_pass = max(1, batch_size // self._n_references)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One score per unit; ``diagnostics["forwards"]`` is what the sequence took.

        Raises
        ------
        Unsupported
            The model is not maskable, or, for another reference, not differentiable.
        InputError
            The model has no such reference.
        """
        objective.check_targets(batch.targets, model.n_outputs)
        spans = model.spans(batch.sequences)
        return [self._attribution(model, batch, row, units) for row, units in enumerate(spans)]

    @abstractmethod
    def _scores(self, value: Value, present: Tensor, **asking: Any) -> Tensor:
        """Scores (1, players) by captum, of a `value` and the presence of all (1, players).

        ``**asking`` is for captum's ``attribute``: what absence is, and how many masks at a time.
        """

    def _attribution(self, model: Model, batch: Batch, row: int, spans: Spans) -> Attribution:
        game = Presence(
            self._outputs(model, batch, row),
            np.arange(len(spans)) // self._window,
            int(batch.targets[row]),
            batch.objective,
            self._masks_per_pass,
        )
        diagnostics: dict[str, float] = {}
        if self.distributes or game.n_players == 1:
            whole, empty = game.all_or_nothing()
        if game.n_players == 1:  # captum's samplers have nothing to draw
            scores = game.shared(np.array([whole - empty]))
        else:
            with torch_seeded(int(batch.seeds[row]) if len(batch.seeds) else 0):
                scores = game.shared(self._of_players(game))
        if self.distributes:
            explained = whole - empty
            diagnostics = {"explained": explained, "absorbed": explained - float(scores.sum())}
        return Attribution(
            scores,
            spans,
            diagnostics=diagnostics | {"forwards": float(game.forwards * self._n_references)},
        )

    def _of_players(self, game: Presence) -> Floats:
        """Scores of players, (players,)."""

        def value(present: Tensor) -> Tensor:
            return torch.from_numpy(game(present.numpy()))

        everyone = torch.ones(1, game.n_players, dtype=torch.float64)
        asking = {"baselines": 0.0, "perturbations_per_eval": self._masks_per_pass}
        return to_numpy(self._scores(value, everyone, **asking)[0])

    def _outputs(self, model: Model, batch: Batch, row: int) -> Outputs:
        if self._reference == "unknown":
            return hidden(maskable(model, self.name), batch.sequences[row])
        value = ExplainedValue(differentiable(model, self.name), batch.objective)
        alone = Batch(
            (batch.sequences[row],),
            batch.targets[row : row + 1],
            batch.objective,
            origins=(batch.drawn_from[row],),
        )
        (rows,) = micro_batches(value, alone, 1)
        return _replaced(rows, rows.references(self._reference, self._n_references))


def _replaced(rows: Rows, references: Tensor) -> Outputs:
    """Absent units take a reference's embedding; the mean over the R references' outputs.

    Parameters
    ----------
    rows : Rows
        The one sequence.
    references : tensor, shape (1, R, T, D)
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
            found = to_numpy(model.forward_embedded(embedded, encoded))
        return np.asarray(found.reshape(len(away), n, -1).mean(1))

    return outputs
