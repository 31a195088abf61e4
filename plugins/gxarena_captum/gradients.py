"""What captum's gradient methods share: micro-batches of embeddings in, attributions out."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch
from gxarena.errors import check_at_least
from gxarena_torch.explained_value import ExplainedValue, differentiable
from gxarena_torch.rows import Rows, micro_batches

MAX_POSITIONS = 16384
"""Positions, of all sequences, steps and references, in one pass: bounds memory."""


class GradientMethod(ABC):
    """What the methods share: micro-batches in, attributions out in the batch's order."""

    name: str
    cost: tuple[int, int]

    def __init__(self, max_positions: int, rows_per_sequence: int = 1) -> None:
        check_at_least(f"{self.name}, max_positions", max_positions)
        self._max_positions = max_positions
        self._rows_per_sequence = rows_per_sequence

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One attribution per sequence; scores of special tokens go to ``special``.

        Raises
        ------
        Unsupported
            The model is not differentiable.
        InputError
            The model has no such reference.
        """
        objective.check_targets(batch.targets, model.n_outputs)
        value = ExplainedValue(differentiable(model, self.name), batch.objective)
        found: dict[int, Attribution] = {}
        pieces = micro_batches(value, batch, self._max_positions, self._rows_per_sequence)
        with torch.enable_grad():
            for rows in pieces:
                found.update(zip(rows.indices, self._attributions(rows), strict=True))
        return [found[index] for index in range(len(batch))]

    @abstractmethod
    def _attributions(self, rows: Rows) -> list[Attribution]:
        """One attribution per row."""


def gradients(rows: Rows, points: Tensor) -> Tensor:
    """The gradient of the explained value at `points`, (b, T, D)."""
    gradient: Tensor = CaptumSaliency(rows.value).attribute(
        points.detach().requires_grad_(),
        abs=False,
        additional_forward_args=(rows.encoded, rows.targets),
    )
    return gradient.detach()
