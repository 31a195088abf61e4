"""Shapley and Owen values of a sequence's units, by the shap package, on any maskable model.

Each keeps efficiency: the scores add up to f(x) - f(everything unknown), which is what
``diagnostics["explained"]`` holds; ``diagnostics["forwards"]`` is what it took.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import shap

from gxarena import objective
from gxarena.api import MaskableModel, Model
from gxarena.data import Attribution, Batch, Floats, Spans
from gxarena.errors import InputError, check_at_least
from gxarena.explainers.presence import Presence, hidden, maskable
from gxarena.seeds import numpy_seeded
from gxarena_shap.coalitions import Coalitions, balanced_hierarchy, stretches

MOST_EXACT = 20
"""Players whose 2^n coalitions can still be asked for."""


class ShapleyMethod(ABC):
    """What the four explainers share: one game per sequence, its own seed, bounded batches."""

    name: str
    _players: int | None = None

    def __init__(self, batch_size: int) -> None:
        check_at_least(f"{self.name}, batch_size", batch_size)
        self._batch_size = batch_size

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        """One score per unit.

        Raises
        ------
        Unsupported
            The model is not maskable.
        """
        asked = maskable(model, self.name)
        objective.check_targets(batch.targets, model.n_outputs)
        spans = model.spans(batch.sequences)
        seeds = batch.seeds if len(batch.seeds) else np.zeros(len(batch), dtype=np.int64)
        return [
            self._attribution(asked, batch, row, units, seed)
            for row, (units, seed) in enumerate(zip(spans, seeds.tolist(), strict=True))
        ]

    def _attribution(
        self, model: MaskableModel, batch: Batch, row: int, spans: Spans, seed: int
    ) -> Attribution:
        game = Presence(
            hidden(model, batch.sequences[row]),
            stretches(len(spans), self._players),
            int(batch.targets[row]),
            batch.objective,
            self._batch_size,
        )
        # One by one: both in a batch would round differently, and published boards hold these.
        whole, empty = (float(game(np.full((1, game.n_players), there))[0]) for there in (1, 0))
        if game.n_players == 1:
            values = np.array([whole - empty])
        else:
            with numpy_seeded(seed) as short:
                values = self._values(game, short)
        return Attribution(
            game.shared(values),
            spans,
            diagnostics={"explained": whole - empty, "forwards": float(game.forwards)},
        )

    @abstractmethod
    def _values(self, game: Presence, seed: int) -> Floats:
        """The players' values, shape (players,)."""


class Partition(ShapleyMethod):
    """Owen values over a balanced hierarchy of neighbouring units.

    Exact where `evaluations` cover the whole hierarchy (about U squared); else the clusters that
    matter most are opened first, and units of a cluster that was not opened share its value.

    Parameters
    ----------
    evaluations : int
        Coalitions asked for, at most.
    batch_size : int
        Coalitions per call of the model. Clusters are opened that many at a time.
    """

    name = "shap-partition"

    def __init__(self, evaluations: int = 512, batch_size: int = 64) -> None:
        super().__init__(batch_size)
        check_at_least("shap-partition, evaluations", evaluations, 4)
        self._evaluations = evaluations

    def _values(self, game: Presence, seed: int) -> Floats:
        del seed  # it draws from NumPy's generator
        hierarchy = balanced_hierarchy(game.n_players)
        explainer = shap.explainers.Partition(game, Coalitions(game.n_players, hierarchy))
        return _explained(explainer, game, max_evals=self._evaluations, batch_size=self._batch_size)


class Exact(ShapleyMethod):
    """Exact Shapley values from all 2^n coalitions of n players.

    Parameters
    ----------
    players : int
        Longer sequences are cut into that many equal stretches of units, and the units of a
        stretch share its value.
    batch_size : int
        Coalitions per call of the model.
    """

    name = "shap-exact"

    def __init__(self, players: int = 10, batch_size: int = 1024) -> None:
        super().__init__(batch_size)
        if not 1 <= players <= MOST_EXACT:
            raise InputError(f"shap-exact, players: expected 1 to {MOST_EXACT}, got {players}.")
        self._players = players

    def _values(self, game: Presence, seed: int) -> Floats:
        del seed  # nothing is drawn
        explainer = shap.explainers.Exact(game, Coalitions(game.n_players))
        return _explained(explainer, game, max_evals=2**game.n_players, batch_size=self._batch_size)


class Permutation(ShapleyMethod):
    """Shapley values from random orders, each walked forwards and backwards.

    Parameters
    ----------
    permutations : int
        Orders drawn per sequence; each takes 2 U + 1 forward passes.
    batch_size : int
        Coalitions per call of the model.
    """

    name = "shap-permutation"

    def __init__(self, permutations: int = 4, batch_size: int = 1024) -> None:
        super().__init__(batch_size)
        check_at_least("shap-permutation, permutations", permutations)
        self._permutations = permutations

    def _values(self, game: Presence, seed: int) -> Floats:
        explainer = shap.explainers.Permutation(game, Coalitions(game.n_players), seed=seed)
        evaluations = self._permutations * (2 * game.n_players + 1)
        return _explained(explainer, game, max_evals=evaluations, batch_size=self._batch_size)


class Kernel(ShapleyMethod):
    """Shapley values by weighted least squares over sampled coalitions (Kernel SHAP).

    Without the l1 penalty that shap adds: it would drop all but ten units.

    Parameters
    ----------
    samples : int, optional
        Coalitions sampled per sequence; without it 2 U + 512. With fewer than about 2 U the
        regression is not determined.
    batch_size : int
        Coalitions per call of the model.
    """

    name = "shap-kernel"

    def __init__(self, samples: int | None = None, batch_size: int = 1024) -> None:
        super().__init__(batch_size)
        if samples is not None:
            check_at_least("shap-kernel, samples", samples, 4)
        self._samples = samples

    def _values(self, game: Presence, seed: int) -> Floats:
        del seed  # it draws from NumPy's generator
        everyone = np.ones((1, game.n_players))
        explainer = shap.KernelExplainer(game, np.zeros_like(everyone))
        samples = 2 * game.n_players + 512 if self._samples is None else self._samples
        values = explainer.shap_values(everyone, nsamples=samples, l1_reg=0, silent=True)
        return np.asarray(values[0], dtype=np.float64)


def _explained(explainer: Any, game: Presence, **settings: int) -> Floats:
    everyone = np.ones((1, game.n_players), dtype=np.bool_)
    return np.asarray(explainer(everyone, silent=True, **settings).values[0], dtype=np.float64)
