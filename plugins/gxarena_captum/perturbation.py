"""Perturbation methods of captum on any maskable model: what happens when units are away.

captum works on *presence*, one number per unit, and asks the model in batches; what stands in for
an absent unit is the model's own unknown, or a reference's embedding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from captum._utils.models.linear_model import SkLearnLasso
from captum.attr import FeatureAblation as CaptumFeatureAblation
from captum.attr import KernelShap as CaptumKernelShap
from captum.attr import Lime as CaptumLime
from captum.attr import Occlusion as CaptumOcclusion
from captum.attr import ShapleyValueSampling as CaptumShapleyValueSampling
from torch import Tensor

from gxarena import objective
from gxarena.api import Model
from gxarena.data import Attribution, Batch, Floats, Spans
from gxarena.errors import InputError
from gxarena.explainers.references import KINDS, SHUFFLES, check_kind
from gxarena_captum.explained import ExplainedValue, differentiable
from gxarena_captum.presence import Outputs, Presence, masked, replaced
from gxarena_captum.rows import check_positive, micro_batches


class _Perturbation(ABC):
    """What the methods share: one game per sequence, whose masks are asked in batches."""

    name: str
    distributes: ClassVar[bool] = False
    """Whether the scores add up to f(x) less f without any unit."""

    def __init__(self, window: int, reference: str, n_references: int, batch_size: int) -> None:
        check_positive(self.name, window=window, n_references=n_references, batch_size=batch_size)
        check_kind(f"{self.name}, reference", reference, (*KINDS, SHUFFLES))
        self._window, self._reference, self._batch_size = window, reference, batch_size
        self._n_references = n_references if reference == SHUFFLES else 1

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
        return [self._one(model, batch, row, units) for row, units in enumerate(spans)]

    def _one(self, model: Model, batch: Batch, row: int, spans: Spans) -> Attribution:
        size = max(1, self._batch_size // self._n_references)
        game = Presence(
            self._outputs(model, batch, row),
            len(spans),
            self._window,
            int(batch.targets[row]),
            batch.objective,
            size,
        )
        diagnostics: dict[str, float] = {}
        if self.distributes or game.n_players == 1:
            whole, empty = game.all_or_nothing()
        if game.n_players == 1:  # captum's samplers have nothing to draw
            scores = game.shared(np.array([whole - empty]))
        else:
            with torch.random.fork_rng():
                torch.manual_seed(int(batch.seeds[row]) if len(batch.seeds) else 0)
                scores = self._scores(game, size)
        if self.distributes:
            explained = whole - empty
            diagnostics = {"explained": explained, "absorbed": explained - float(scores.sum())}
        return Attribution(
            scores,
            spans,
            diagnostics=diagnostics | {"forwards": float(game.forwards * self._n_references)},
        )

    def _outputs(self, model: Model, batch: Batch, row: int) -> Outputs:
        if self._reference == "unknown":
            return masked(model, batch.sequences[row], self.name)
        value = ExplainedValue(differentiable(model, self.name), batch.objective)
        alone = Batch(
            (batch.sequences[row],),
            batch.targets[row : row + 1],
            batch.objective,
            origins=(batch.drawn_from[row],),
        )
        (rows,) = micro_batches(value, alone, 1)
        return replaced(rows, rows.references(self._reference, self._n_references))

    @abstractmethod
    def _scores(self, game: Presence, batch_size: int) -> Floats:
        """Scores of units, (U,)."""


class FeatureAblation(_Perturbation):
    """The drop of the explained value when one player is away.

    Parameters
    ----------
    window : int
        Consecutive units that form one player; its score is divided equally among them.
    reference : str
        What stands in for an absent unit: ``unknown``, the model's own (N or [UNK]), or, on
        differentiable models, ``zeros``, ``uniform``, ``mask``, ``pad`` or ``shuffles``.
    n_references : int
        Shuffles, over whose outputs the mean is taken.
    batch_size : int
        Rows in one pass through the network: bounds memory.
    """

    name = "feature_ablation"

    def __init__(
        self,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)

    def _scores(self, game: Presence, batch_size: int) -> Floats:
        found = CaptumFeatureAblation(game).attribute(
            _everyone(game), baselines=0.0, perturbations_per_eval=batch_size
        )
        return game.shared(_numbers(found))


class Occlusion(_Perturbation):
    """The mean drop of the explained value over the sliding windows that cover a unit.

    Zeiler and Fergus 2014, as captum has it; the core's ``occlusion`` gives the same without torch.

    Parameters
    ----------
    window, stride : int
        Units hidden at a time, and from one window to the next; `window` at most.
    reference, n_references, batch_size
        See `FeatureAblation`.
    """

    name = "occlusion-captum"

    def __init__(
        self,
        window: int = 1,
        stride: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        if not 1 <= stride <= window:
            raise InputError(
                f"{self.name}, stride: expected 1 to {window}, the window's units, got {stride}."
            )
        # Every unit is a player here: windows overlap.
        super().__init__(1, reference, n_references, batch_size)
        self._width, self._stride = window, stride

    def _scores(self, game: Presence, batch_size: int) -> Floats:
        width = min(self._width, game.n_players)
        found = CaptumOcclusion(game).attribute(
            _everyone(game),
            (width,),
            strides=(min(self._stride, width),),
            baselines=0.0,
            perturbations_per_eval=batch_size,
        )
        return _numbers(found)


class ShapleySampling(_Perturbation):
    """Shapley values by random orders of the players (Castro et al. 2009).

    Scores add up to f(x) less f without any unit. It takes `n_samples` passes per player.

    Parameters
    ----------
    n_samples : int
        Orders, drawn from the sample's own seed.
    window, reference, n_references, batch_size
        See `FeatureAblation`.
    """

    name = "shapley_sampling"
    distributes = True

    def __init__(
        self,
        n_samples: int = 25,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)
        check_positive(self.name, n_samples=n_samples)
        self._n_samples = n_samples

    def _scores(self, game: Presence, batch_size: int) -> Floats:
        found = CaptumShapleyValueSampling(game).attribute(
            _everyone(game),
            baselines=0.0,
            n_samples=self._n_samples,
            perturbations_per_eval=batch_size,
        )
        return game.shared(_numbers(found))


class LIME(_Perturbation):
    """A sparse linear model of presence, fitted near the sequence (Ribeiro et al. 2016).

    captum's defaults: each player is there with probability 1/2, samples weigh by the exponential
    of their cosine distance, the model is a lasso.

    Parameters
    ----------
    n_samples : int
        Masks, drawn from the sample's own seed.
    alpha : float
        Strength of the lasso; 0.01 in captum, where it leaves little of an objective whose range
        is small.
    window, reference, n_references, batch_size
        See `FeatureAblation`.
    """

    name = "lime"

    def __init__(
        self,
        n_samples: int = 500,
        alpha: float = 0.01,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)
        check_positive(self.name, n_samples=n_samples)
        if not (np.isfinite(alpha) and alpha > 0):
            raise InputError(f"lime, alpha: expected a number above 0, got {alpha}.")
        self._n_samples, self._alpha = n_samples, alpha

    def _scores(self, game: Presence, batch_size: int) -> Floats:
        method = CaptumLime(game, interpretable_model=SkLearnLasso(alpha=self._alpha))
        found = method.attribute(
            _everyone(game),
            baselines=0.0,
            n_samples=self._n_samples,
            perturbations_per_eval=batch_size,
        )
        return game.shared(_numbers(found))


class KernelSHAP(_Perturbation):
    """Shapley values as a weighted linear regression on presence (Lundberg and Lee 2017).

    Scores add up to f(x) less f without any unit, nearly: those two samples weigh a million times
    the others. With fewer samples than players the regression has many solutions.

    Parameters
    ----------
    n_samples : int
        Masks, drawn from the sample's own seed.
    window, reference, n_references, batch_size
        See `FeatureAblation`.
    """

    name = "kernel_shap"
    distributes = True

    def __init__(
        self,
        n_samples: int = 1000,
        window: int = 1,
        reference: str = "unknown",
        n_references: int = 10,
        batch_size: int = 256,
    ) -> None:
        super().__init__(window, reference, n_references, batch_size)
        if n_samples < 3:
            raise InputError(f"kernel_shap, n_samples: expected 3 or more, got {n_samples}.")
        self._n_samples = n_samples

    def _scores(self, game: Presence, batch_size: int) -> Floats:
        found = CaptumKernelShap(game).attribute(
            _everyone(game),
            baselines=0.0,
            n_samples=self._n_samples,
            perturbations_per_eval=batch_size,
        )
        return game.shared(_numbers(found))


def _everyone(game: Presence) -> Tensor:
    return torch.ones(1, game.n_players, dtype=torch.float64)


def _numbers(found: Tensor) -> Floats:
    return np.asarray(found[0].double().numpy())
