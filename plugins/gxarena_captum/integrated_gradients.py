"""Integrated gradients by captum, on one-hot and on token models."""

from __future__ import annotations

from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from torch import Tensor

from gxarena.errors import check_at_least
from gxarena_captum.gradients import MAX_POSITIONS
from gxarena_captum.references import AgainstReferences
from gxarena_torch.rows import Rows, grouped, repeat


class IntegratedGradients(AgainstReferences):
    """The gradient, averaged on the way from a reference (Sundararajan et al. 2017).

    Gauss-Legendre quadrature by captum. With shuffles the mean over all of them.

    Parameters
    ----------
    reference : str
        ``zeros``, ``uniform``, ``unknown`` (N or [UNK]), ``mask``, ``pad`` or ``shuffles``; special
        tokens and padding stay as they are.
    n_references : int
        Shuffles of each sequence; of the others there is one.
    n_steps : int
        Points of the quadrature.
    center_hypothetical : bool
        Subtract the mean over the four letters from the hypothetical contributions.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "integrated_gradients"

    def __init__(
        self,
        reference: str = "unknown",
        n_references: int = 10,
        n_steps: int = 50,
        center_hypothetical: bool = False,
        max_positions: int = MAX_POSITIONS,
    ) -> None:
        check_at_least(f"{self.name}, n_steps", n_steps)
        super().__init__(reference, n_references, center_hypothetical, max_positions)
        self._n_steps = n_steps
        steps = n_steps * self._n_references
        self.cost = (steps + self._n_references + 1, steps)

    def _multipliers(self, rows: Rows, references: Tensor) -> Tensor:
        n = references.shape[1]
        length = references.shape[2]
        multipliers = CaptumIntegratedGradients(rows.value, multiply_by_inputs=False).attribute(
            repeat(rows.embedded, n),
            baselines=references.flatten(0, 1),
            additional_forward_args=(repeat(rows.encoded, n), repeat(rows.targets, n)),
            n_steps=self._n_steps,
            # captum warns where a pass cannot hold all the rows once.
            internal_batch_size=max(rows.most_positions // length, len(rows) * n),
        )
        return grouped(multipliers.detach(), n)
