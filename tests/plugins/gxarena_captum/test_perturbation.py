"""Perturbation methods against brute force, exact Shapley values, and the core's own occlusion."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gxarena import objective
from gxarena.data import Batch, Spans
from gxarena.errors import InputError, Unsupported
from gxarena.explainers import perturbation as perturbation_explainers
from gxarena_captum.feature_ablation import FeatureAblation
from gxarena_captum.kernel_shap import KernelSHAP
from gxarena_captum.lime import LIME
from gxarena_captum.occlusion import Occlusion
from gxarena_captum.shapley_sampling import ShapleySampling
from gxarena_cnn.model import CNN
from gxarena_dnabert2.model import Mini

Array = NDArray[np.float64]
Batches = Callable[..., Batch]
EXPLAINERS: list[Callable[..., Any]] = [
    FeatureAblation,
    Occlusion,
    lambda **k: ShapleySampling(3, **k),
    lambda **k: LIME(30, **k),
    lambda **k: KernelSHAP(30, **k),
]


class Pairs:
    """f = sum of weights of the units there, and a bonus where units 0 and 1 both are."""

    n_outputs, max_length = 2, None
    weights = np.array([1.0, -2.0, 0.5, 3.0, 0.0, -0.7])
    bonus = 4.0

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        return [Spans.nucleotides(len(sequence)) for sequence in sequences]

    def predict(self, sequences: Sequence[str]) -> Array:
        return self.predict_masked(sequences, [np.zeros(len(s), dtype=bool) for s in sequences])

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[NDArray[np.bool_]]) -> Array:
        there = 1.0 - np.array(masks)
        value = there @ self.weights[: there.shape[1]] + self.bonus * there[:, 0] * there[:, 1]
        return np.stack([-value, value], axis=1)


def shapley(value: Callable[[Array], float], n: int) -> Array:
    """By the definition, over all coalitions."""
    scores = np.zeros(n)
    for player in range(n):
        others = [other for other in range(n) if other != player]
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            for coalition in itertools.combinations(others, size):
                there = np.zeros(n)
                there[list(coalition)] = 1.0
                without = value(there)
                there[player] = 1.0
                scores[player] += weight * (value(there) - without)
    return scores


def toy() -> tuple[Pairs, Batch, Array]:
    model = Pairs()

    def value(there: Array) -> float:
        return float(model.predict_masked(["ACGTAC"], [there < 0.5])[0, 1])

    batch = Batch(("ACGTAC",), np.array([1]), seeds=np.array([5]))
    return model, batch, shapley(value, 6)


def test_shapley_values_of_a_toy() -> None:
    model, batch, exact = toy()
    np.testing.assert_allclose(exact, Pairs.weights + np.array([2.0, 2.0, 0, 0, 0, 0]), atol=1e-12)
    (kernel,) = KernelSHAP(2000).explain(model, batch)
    np.testing.assert_allclose(kernel.scores, exact, atol=0.15)
    (sampled,) = ShapleySampling(400).explain(model, batch)
    np.testing.assert_allclose(sampled.scores, exact, atol=0.4)
    # Orders only matter to the two that interact.
    np.testing.assert_allclose(sampled.scores[2:], exact[2:], atol=1e-5)
    for found in (kernel, sampled):
        assert found.diagnostics["explained"] == pytest.approx(Pairs.weights.sum() + Pairs.bonus)
        assert found.scores.sum() == pytest.approx(found.diagnostics["explained"], abs=1e-3)


def test_lime_finds_the_weights_of_a_toy() -> None:
    model, batch, exact = toy()
    (found,) = LIME(2000, alpha=1e-4).explain(model, batch)
    assert set(np.argsort(found.scores)[-2:]) == set(np.argsort(exact)[-2:]) == {0, 3}
    np.testing.assert_allclose(found.scores[2:], exact[2:], atol=0.15)


@pytest.mark.parametrize("fixture", ["cnn", "mini"])
def test_ablation_is_brute_force(
    fixture: str, make_batch: Batches, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(fixture)
    batch = make_batch((40, 31), "log_odds")
    for row, found in enumerate(FeatureAblation().explain(model, batch)):
        sequence, target = batch.sequences[row], batch.targets[row : row + 1]

        def value(mask: NDArray[np.bool_], sequence: str = sequence, target: Any = target) -> float:
            outputs = model.predict_masked([sequence], [mask])
            return float(objective.value("log_odds", outputs, target)[0])

        n = len(found.spans)
        drops = [value(np.zeros(n, bool)) - value(np.arange(n) == unit) for unit in range(n)]
        np.testing.assert_allclose(found.scores, drops, atol=1e-4)
        assert found.diagnostics["forwards"] == n + 1


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (5, 1), (6, 3)])
def test_occlusion_equals_the_core(cnn: CNN, make_batch: Batches, window: int, stride: int) -> None:
    batch = make_batch((40, 31))
    for one, other in zip(
        Occlusion(window, stride).explain(cnn, batch),
        perturbation_explainers.Occlusion(window, stride).explain(cnn, batch),
        strict=True,
    ):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_references_other_than_the_unknown(cnn: CNN, mini: Mini, make_batch: Batches) -> None:
    batch = make_batch((40, 31))
    # A CNN's unknown is zeros; a token model's is the embedding of [UNK], by another way.
    for one, other in zip(
        FeatureAblation(reference="zeros").explain(cnn, batch),
        FeatureAblation().explain(cnn, batch),
        strict=True,
    ):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    (masked,) = FeatureAblation(reference="mask").explain(mini, make_batch((40,)))
    (unknown,) = FeatureAblation().explain(mini, make_batch((40,)))
    assert not np.allclose(masked.scores, unknown.scores, atol=1e-3)
    (shuffled,) = FeatureAblation(reference="shuffles", n_references=3).explain(
        cnn, make_batch((40,))
    )
    assert shuffled.diagnostics["forwards"] == 3 * 41


def test_windows_share_their_score_equally() -> None:
    model, batch, _ = toy()
    (found,) = FeatureAblation(window=4).explain(model, batch)
    first, last = 1.0 - 2.0 + 0.5 + 3.0 + 4.0, -0.7
    np.testing.assert_allclose(found.scores, [first / 4] * 4 + [last / 2] * 2)


@pytest.mark.parametrize("make", EXPLAINERS)
def test_samples_and_batches(mini: Mini, make_batch: Batches, make: Callable[..., Any]) -> None:
    batch = make_batch()
    before, state = mini.predict(batch.sequences), torch.random.get_rng_state()
    whole = make().explain(mini, batch)
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(mini.predict(batch.sequences), before)
    (alone,) = make(batch_size=7).explain(
        mini,
        replace(
            batch,
            sequences=batch.sequences[1:2],
            targets=batch.targets[1:2],
            seeds=batch.seeds[1:2],
        ),
    )
    np.testing.assert_allclose(alone.scores, whole[1].scores, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("make", EXPLAINERS)
def test_a_sequence_of_one_unit(mini: Mini, make: Callable[..., Any]) -> None:
    batch = Batch(("A",), np.array([1]), seeds=np.array([1]))
    (found,) = make().explain(mini, batch)
    whole, empty = mini.predict_masked(["A", "A"], [np.array([False]), np.array([True])])[:, 1]
    assert found.scores.tolist() == pytest.approx([whole - empty], abs=1e-5)


def test_user_mistakes() -> None:
    model, batch, _ = toy()
    with pytest.raises(Unsupported, match="lime: expected a differentiable model, got Pairs"):
        LIME(reference="zeros").explain(model, batch)
    with pytest.raises(InputError, match="occlusion-captum, stride: expected 1 to 2"):
        Occlusion(2, 3)
    with pytest.raises(InputError, match="kernel_shap, n_samples: expected 3 or more, got 2"):
        KernelSHAP(2)
    with pytest.raises(InputError, match="lime, alpha: expected a number above 0, got 0"):
        LIME(alpha=0.0)
    with pytest.raises(InputError, match="shapley_sampling, window: expected 1 or more, got 0"):
        ShapleySampling(window=0)


@pytest.mark.parametrize("make", EXPLAINERS[2:])
def test_the_samples_seed_decides_what_is_drawn(cnn: CNN, make: Callable[..., Any]) -> None:
    batch = Batch(("ACGTTGACCATAG" * 4,) * 3, np.ones(3, dtype=np.int64), seeds=np.array([4, 5, 4]))
    first, other, again = (found.scores for found in make().explain(cnn, batch))
    np.testing.assert_allclose(first, again, rtol=1e-3, atol=1e-5)
    assert np.abs(first - other).max() > 1e-2 * np.abs(first).max()
