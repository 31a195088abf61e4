"""Gradient methods on one-hot and on token models: captum's, on embeddings, batched.

Every method here gives each position's *multipliers*, shape (T, D): what a change of the embedding
there is worth. Scores are multipliers times the input, or its difference from a reference. On
one-hot models the multipliers also say what the other letters would contribute.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch, Floats
from gxarena.errors import InputError, suggest
from gxarena.explainers.references import KINDS, SHUFFLES, check_kind
from gxarena_captum.explained import ExplainedValue, differentiable
from gxarena_captum.rows import (
    Rows,
    attribution,
    check_positive,
    grouped,
    micro_batches,
    repeat,
)

NORMS = {
    "l1": lambda gradient: gradient.abs().sum(-1),
    "l2": lambda gradient: gradient.norm(dim=-1),
    "max": lambda gradient: gradient.abs().amax(-1),
}

MAX_POSITIONS = 16384
"""Positions, of all sequences, steps and references, in one pass: bounds memory."""


class _Gradients(ABC):
    """What the methods share: micro-batches in, attributions out in the batch's order."""

    name: str
    cost: tuple[int, int]

    def __init__(self, max_positions: int, rows_per_sequence: int = 1) -> None:
        check_positive(self.name, max_positions=max_positions)
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


class Saliency(_Gradients):
    """The size of the gradient at each position (Simonyan et al. 2014).

    Parameters
    ----------
    norm : "l2", "l1" or "max"
        Over the width of the embedding; ``max`` of the absolute values is the paper's, over
        colours.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "saliency"
    cost = (1, 1)

    def __init__(self, norm: str = "l2", max_positions: int = MAX_POSITIONS) -> None:
        super().__init__(max_positions)
        self._norm = _chosen_norm(self.name, norm)

    def _attributions(self, rows: Rows) -> list[Attribution]:
        scores = to_numpy(self._norm(gradients(rows, rows.embedded)))
        return [attribution(*pair) for pair in zip(rows.layouts, scores, strict=True)]


class InputXGradient(_Gradients):
    """Embedding times gradient, summed over the width (Shrikumar et al. 2016).

    One-hot models: hypothetical contributions are the gradient itself.

    Parameters
    ----------
    center_hypothetical : bool
        Subtract the mean over the four letters from the hypothetical contributions.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "input_x_gradient"
    cost = (1, 1)

    def __init__(
        self, center_hypothetical: bool = False, max_positions: int = MAX_POSITIONS
    ) -> None:
        super().__init__(max_positions)
        self._center = center_hypothetical

    def _attributions(self, rows: Rows) -> list[Attribution]:
        gradient = gradients(rows, rows.embedded)
        nothing = torch.zeros_like(rows.embedded)[:, None]
        return from_multipliers(rows, nothing, gradient[:, None], None, self._center)


class SmoothGrad(_Gradients):
    """The gradient, averaged over noisy copies of the input (Smilkov et al. 2017).

    Noise is Gaussian, on the units alone, and drawn from the sample's own seed.

    Parameters
    ----------
    n_samples : int
        Noisy copies of each sequence.
    noise : float
        Standard deviation of the noise, as a share of the range (greatest less least) of the
        sequence's embedding.
    times_input : bool
        Multiply the mean gradient by the embedding and sum, instead of taking its norm.
    norm : "l2", "l1" or "max"
        Over the width, where `times_input` is false.
    max_positions : int
        Positions in one pass through the network: bounds memory.
    """

    name = "smoothgrad"

    def __init__(
        self,
        n_samples: int = 32,
        noise: float = 0.1,
        times_input: bool = False,
        norm: str = "l2",
        max_positions: int = MAX_POSITIONS,
    ) -> None:
        check_positive(self.name, n_samples=n_samples)
        if not (np.isfinite(noise) and noise >= 0):
            raise InputError(f"smoothgrad, noise: expected a number of at least 0, got {noise}.")
        super().__init__(max_positions)
        self._n, self._noise, self._times_input = n_samples, noise, times_input
        self._norm = _chosen_norm(self.name, norm)
        self.cost = (n_samples, n_samples)

    def _attributions(self, rows: Rows) -> list[Attribution]:
        units = rows.units()
        inside = units[..., None]
        highest = rows.embedded.masked_fill(~inside, -torch.inf).amax((1, 2), keepdim=True)
        lowest = rows.embedded.masked_fill(~inside, torch.inf).amin((1, 2), keepdim=True)
        draws = [torch.Generator().manual_seed(seed) for seed in rows.seeds]
        total = torch.zeros_like(rows.embedded)
        for _ in range(self._n):
            noise = torch.zeros_like(rows.embedded)
            for row, layout, generator in zip(noise, rows.layouts, draws, strict=True):
                shape = (len(layout.units), row.shape[-1])
                drawn = torch.randn(shape, generator=generator)
                row[torch.from_numpy(layout.units).to(row.device)] = drawn.to(row)
            total += gradients(rows, rows.embedded + noise * self._noise * (highest - lowest))
        mean = total / self._n
        scores = (mean * rows.embedded).sum(-1) if self._times_input else self._norm(mean)
        return [attribution(*pair) for pair in zip(rows.layouts, to_numpy(scores), strict=True)]


class _AgainstReferences(_Gradients):
    """Methods that distribute f(x) less the mean of f(reference)."""

    def __init__(
        self,
        reference: str,
        n_references: int,
        center_hypothetical: bool,
        max_positions: int,
        rows_per_reference: int = 1,
    ) -> None:
        check_kind(f"{self.name}, reference", reference, (*KINDS, SHUFFLES))
        check_positive(self.name, n_references=n_references)
        self._kind = reference
        self._n_references = n_references if reference == SHUFFLES else 1
        self._center = center_hypothetical
        super().__init__(max_positions, self._n_references * rows_per_reference)

    def _attributions(self, rows: Rows) -> list[Attribution]:
        references = rows.references(self._kind, self._n_references)
        multipliers = self._multipliers(rows, references)
        explained = difference(rows, references)
        return from_multipliers(rows, references, multipliers, explained, self._center)

    @abstractmethod
    def _multipliers(self, rows: Rows, references: Tensor) -> Tensor:
        """What the embedding is worth against each of the references, both (b, R, T, D)."""


class IntegratedGradients(_AgainstReferences):
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
        check_positive(self.name, n_steps=n_steps)
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
            internal_batch_size=max(self._max_positions // length, len(rows) * n),
        )
        return grouped(multipliers.detach(), n)


class GradientSHAP(_AgainstReferences):
    """Expected gradients: the gradient at random points between the input and references.

    Lundberg and Lee 2017; Erion et al. 2021, equation 4. Points and references are drawn from the
    sample's own seed. The completeness error, ``absorbed``, falls with the root of `n_samples`.

    Parameters
    ----------
    reference, n_references, center_hypothetical, max_positions
        See `IntegratedGradients`.
    n_samples : int
        Points of each sequence.
    """

    name = "gradient_shap"

    def __init__(
        self,
        reference: str = SHUFFLES,
        n_references: int = 20,
        n_samples: int = 100,
        center_hypothetical: bool = False,
        max_positions: int = MAX_POSITIONS,
    ) -> None:
        check_positive(self.name, n_samples=n_samples)
        super().__init__(reference, n_references, center_hypothetical, max_positions)
        self._n_samples = n_samples
        self.cost = (n_samples + self._n_references + 1, n_samples)

    def _multipliers(self, rows: Rows, references: Tensor) -> Tensor:
        n = references.shape[1]
        rngs = [np.random.default_rng(seed) for seed in rows.seeds]
        # Every reference as often as any other: less variance than drawing each anew.
        which = torch.tensor(
            np.array([rng.permutation(np.arange(self._n_samples) % n) for rng in rngs])
        ).to(rows.embedded.device)
        share = torch.tensor(np.array([rng.random(self._n_samples) for rng in rngs])).to(
            rows.embedded
        )
        # What a reference's points give, summed; the mean over references then weighs points alike.
        sums = torch.zeros_like(references)
        row = torch.arange(len(rows), device=which.device)
        for sample in range(self._n_samples):
            chosen = references[row, which[:, sample]]
            points = chosen + share[:, sample, None, None] * (rows.embedded - chosen)
            sums[row, which[:, sample]] += gradients(rows, points)
        return sums * (n / self._n_samples)


def gradients(rows: Rows, points: Tensor) -> Tensor:
    """The gradient of the explained value at `points`, (b, T, D)."""
    gradient: Tensor = CaptumSaliency(rows.value).attribute(
        points.detach().requires_grad_(),
        abs=False,
        additional_forward_args=(rows.encoded, rows.targets),
    )
    return gradient.detach()


def difference(rows: Rows, references: Tensor) -> Tensor:
    """f(x) less the mean of f over the references (b, n, T, D); shape (b,), double."""
    n = references.shape[1]
    with torch.no_grad():
        at_input = rows.value(rows.embedded, rows.encoded, rows.targets)
        at_references = rows.value(
            references.flatten(0, 1), repeat(rows.encoded, n), repeat(rows.targets, n)
        )
    found: Tensor = at_input.double() - grouped(at_references.double(), n).mean(1)
    return found


def from_multipliers(
    rows: Rows,
    references: Tensor,
    multipliers: Tensor,
    explained: Tensor | None,
    center: bool,
) -> list[Attribution]:
    """Attributions from multipliers and references, both (b, R, T, D): the mean over R.

    A position's score is sum_d (x_d - r_d) m_d. On one-hot models letter c would contribute
    m_c - sum_d r_d m_d there: (e_c - r) m, with the multipliers held at the observed sequence
    (Shrikumar et al. 2017, DeepLIFT, and TF-MoDISco's hypothetical contributions).
    """
    multipliers = multipliers.double()
    apart = rows.embedded.double()[:, None] - references.double()
    scores = (apart * multipliers).sum(-1).mean(1)
    hypothetical: list[Floats | None] = [None] * len(rows)
    if rows.value.model.one_hot:
        of_references = (references.double() * multipliers).sum(-1, keepdim=True)
        letters = (multipliers - of_references).mean(1)
        if center:
            letters = letters - letters.mean(-1, keepdim=True)
        hypothetical = list(to_numpy(letters))
    values = [None] * len(rows) if explained is None else explained.tolist()
    return [
        attribution(*parts)
        for parts in zip(rows.layouts, to_numpy(scores), hypothetical, values, strict=True)
    ]


def to_numpy(tensor: Tensor) -> Floats:
    found: Floats = tensor.detach().double().cpu().numpy()
    return found


def _chosen_norm(where: str, norm: str) -> Callable[[Tensor], Tensor]:
    if norm not in NORMS:
        raise InputError(f"{where}, norm: unknown '{norm}'. {suggest(norm, NORMS)}")
    return NORMS[norm]
