"""Methods that compare an input with references: the difference of f, distributed."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from gxarena.data import Attribution
from gxarena.errors import check_at_least
from gxarena.explainers.references import SHUFFLES, check_kind
from gxarena_captum.gradients import GradientMethod
from gxarena_torch.multipliers import from_multipliers
from gxarena_torch.rows import Rows, grouped, repeat


class AgainstReferences(GradientMethod):
    """Methods that distribute f(x) less the mean of f(reference)."""

    def __init__(
        self,
        reference: str,
        n_references: int,
        center_hypothetical: bool,
        max_positions: int,
        rows_per_reference: int = 1,
    ) -> None:
        check_kind(f"{self.name}, reference", reference)
        check_at_least(f"{self.name}, n_references", n_references)
        self._kind = reference
        self._n_references = n_references if reference == SHUFFLES else 1
        self._center = center_hypothetical
        super().__init__(max_positions, self._n_references * rows_per_reference)

    def _attributions(self, rows: Rows) -> list[Attribution]:
        references = rows.references(self._kind, self._n_references)
        return from_multipliers(
            rows.layouts,
            rows.embedded,
            references,
            self._multipliers(rows, references),
            _difference(rows, references),
            one_hot=rows.value.model.one_hot,
            center=self._center,
        )

    @abstractmethod
    def _multipliers(self, rows: Rows, references: Tensor) -> Tensor:
        """What the embedding is worth against each of the references, both (b, R, T, D)."""


def _difference(rows: Rows, references: Tensor) -> Tensor:
    """f(x) less the mean of f over the references (b, n, T, D); shape (b,), double."""
    n = references.shape[1]
    with torch.no_grad():
        at_input = rows.value(rows.embedded, rows.encoded, rows.targets)
        at_references = rows.value(
            references.flatten(0, 1), repeat(rows.encoded, n), repeat(rows.targets, n)
        )
    found: Tensor = at_input.double() - grouped(at_references.double(), n).mean(1)
    return found
