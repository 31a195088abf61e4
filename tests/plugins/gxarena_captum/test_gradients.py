"""Gradient methods against hand-written autograd, their axioms, and other batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from gxarena import objective
from gxarena.api import DifferentiableModel
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.references import shuffled
from gxarena_captum.deeplift import DeepLIFT, DeepLIFTSHAP
from gxarena_captum.gradient_shap import GradientSHAP
from gxarena_captum.input_x_gradient import InputXGradient
from gxarena_captum.integrated_gradients import IntegratedGradients
from gxarena_captum.saliency import NORMS, Saliency
from gxarena_captum.smoothgrad import SmoothGrad
from gxarena_cnn.model import CNN
from gxarena_dnabert2.model import Mini

Array = NDArray[np.float64]
Batches = Callable[..., Batch]
EXPLAINERS: list[Callable[[], Any]] = [
    Saliency,
    InputXGradient,
    lambda: SmoothGrad(n_samples=3),
    lambda: IntegratedGradients(n_steps=5),
    lambda: IntegratedGradients("shuffles", n_references=2, n_steps=3),
    lambda: GradientSHAP(n_references=3, n_samples=5),
]


def value_of(outputs: Tensor, target: int, what: str) -> Tensor:
    """The objective in torch, one sequence: an independent way to its gradient."""
    others = torch.cat([outputs[:target], outputs[target + 1 :]])
    return {
        "logit": lambda: outputs[target],
        "log_odds": lambda: outputs[target] - torch.logsumexp(others, 0),
        "probability": lambda: torch.softmax(outputs, 0)[target],
    }[what]()


def gradient_at(
    model: DifferentiableModel, sequence: str, target: int, what: str, at: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Embedding (T, D) and gradient (T, D) of one sequence alone, by plain autograd."""
    encoded = model.encode([sequence])
    points = (model.embed(encoded) if at is None else at[None]).detach().clone().requires_grad_()
    value_of(model.forward_embedded(points, encoded)[0], target, what).backward()
    return points.detach()[0], points.grad[0]


def at_positions(model: DifferentiableModel, sequence: str, found: Attribution) -> Array:
    """Scores of units and special tokens, at the positions (T,) they belong to."""
    (layout,) = model.layouts([sequence])
    scores = np.zeros(layout.length)
    scores[layout.units] = found.scores
    for name, position in layout.special.items():
        scores[position] = found.special[name]
    return scores


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_saliency_and_input_x_gradient_are_autograd(
    model: DifferentiableModel, make_batch: Batches, what: str
) -> None:
    batch = make_batch(objective=what)
    sizes = {norm: Saliency(norm).explain(model, batch) for norm in NORMS}
    products = InputXGradient().explain(model, batch)
    for row, sequence in enumerate(batch.sequences):
        x, gradient = gradient_at(model, sequence, int(batch.targets[row]), what)
        expected = {
            "l1": gradient.abs().sum(-1),
            "l2": (gradient**2).sum(-1).sqrt(),
            "max": gradient.abs().max(-1).values,
        }
        units = model.layouts([sequence])[0].units
        for norm, numbers in expected.items():
            np.testing.assert_allclose(
                sizes[norm][row].scores, numbers[units], rtol=1e-3, atol=1e-6
            )
        np.testing.assert_allclose(
            at_positions(model, sequence, products[row])[units],
            (x * gradient).sum(-1)[units],
            rtol=1e-3,
            atol=1e-5,
        )


def test_special_tokens_of_input_x_gradient(mini: Mini, make_batch: Batches) -> None:
    batch = make_batch()
    for row, found in enumerate(InputXGradient().explain(mini, batch)):
        x, gradient = gradient_at(mini, batch.sequences[row], int(batch.targets[row]), "logit")
        np.testing.assert_allclose(
            at_positions(mini, batch.sequences[row], found),
            (x * gradient).sum(-1),
            rtol=1e-3,
            atol=1e-5,
        )


@pytest.mark.parametrize("kind", ["zeros", "unknown", "shuffles"])
def test_integrated_gradients_by_hand(
    model: DifferentiableModel, make_batch: Batches, kind: str
) -> None:
    batch = make_batch((40,))
    (sequence,) = batch.sequences
    if kind == "shuffles":
        references = [model.embed_others([s], [sequence])[0] for s in shuffled(sequence, 2)]
    else:
        references = [model.reference([sequence], kind)[0]]
    nodes, weights = np.polynomial.legendre.leggauss(6)
    expected = torch.zeros(1)
    for reference in references:
        x = model.embed(model.encode([sequence]))[0]
        total = torch.zeros_like(x)
        for node, weight in zip((1 + nodes) / 2, weights / 2, strict=True):
            _, gradient = gradient_at(
                model, sequence, 0, "logit", reference + float(node) * (x - reference)
            )
            total += gradient * weight
        expected = expected + ((x - reference) * total).sum(-1) / len(references)
    (found,) = IntegratedGradients(kind, n_references=2, n_steps=6).explain(model, batch)
    units = model.layouts([sequence])[0].units
    np.testing.assert_allclose(found.scores, expected[units].detach(), rtol=1e-3, atol=1e-4)
    assert set(found.special.values()) <= {0.0}


def test_integrated_gradients_add_up(model: DifferentiableModel, make_batch: Batches) -> None:
    batch = make_batch(objective="log_odds")
    outputs = model.predict(batch.sequences)
    whole = objective.value("log_odds", outputs, batch.targets)
    for kind in model.reference_kinds:
        encoded = model.encode(batch.sequences)
        empty = model.forward_embedded(model.reference(batch.sequences, kind), encoded)
        without = objective.value("log_odds", empty.detach().numpy(), batch.targets)
        found = IntegratedGradients(kind, n_steps=100).explain(model, batch)
        for row, one in enumerate(found):
            difference = whole[row] - without[row]
            assert one.diagnostics["explained"] == pytest.approx(difference, abs=1e-4)
            assert one.scores.sum() == pytest.approx(difference, abs=0.03)
            assert one.diagnostics["absorbed"] == pytest.approx(
                one.diagnostics["explained"] - one.scores.sum(), abs=1e-9
            )


def test_gradient_shap_nears_the_mean_of_integrated_gradients(
    cnn: CNN, make_batch: Batches
) -> None:
    batch = make_batch((50,))
    (exact,) = IntegratedGradients("shuffles", n_references=4, n_steps=100).explain(cnn, batch)
    (few,) = GradientSHAP(n_references=4, n_samples=20).explain(cnn, batch)
    (many,) = GradientSHAP(n_references=4, n_samples=1000).explain(cnn, batch)
    errors = [np.abs(one.scores - exact.scores).mean() for one in (few, many)]
    assert errors[1] < 0.4 * errors[0]
    assert np.corrcoef(many.scores, exact.scores)[0, 1] > 0.99
    assert few.diagnostics["explained"] == pytest.approx(exact.diagnostics["explained"])


def test_smoothgrad_without_noise_is_the_gradient(
    model: DifferentiableModel, make_batch: Batches
) -> None:
    batch = make_batch()
    for plain, smooth, noisy in zip(
        Saliency().explain(model, batch),
        SmoothGrad(n_samples=2, noise=0.0).explain(model, batch),
        SmoothGrad(n_samples=2, noise=0.2).explain(model, batch),
        strict=True,
    ):
        np.testing.assert_allclose(smooth.scores, plain.scores, rtol=1e-4, atol=1e-6)
        assert not np.allclose(noisy.scores, plain.scores, rtol=0.01)


def test_hypothetical_contributions_hold_the_scores(cnn: CNN, make_batch: Batches) -> None:
    batch = make_batch()
    for make in (
        InputXGradient,
        IntegratedGradients,
        lambda: GradientSHAP(n_samples=4),
        lambda: DeepLIFTSHAP(n_references=3),
    ):
        for sequence, found in zip(batch.sequences, make().explain(cnn, batch), strict=True):
            known = np.array([letter != "N" for letter in sequence])
            letters = np.array(["ACGTN".index(letter) % 4 for letter in sequence])
            assert found.hypothetical is not None
            there = found.hypothetical[np.arange(len(sequence)), letters]
            np.testing.assert_allclose(there[known], found.scores[known], atol=1e-6)


def test_centred_hypothetical_contributions(cnn: CNN, make_batch: Batches) -> None:
    (found,) = InputXGradient(center_hypothetical=True).explain(cnn, make_batch((40,)))
    assert found.hypothetical is not None
    np.testing.assert_allclose(found.hypothetical.sum(1), 0, atol=1e-6)


@pytest.mark.parametrize("make", EXPLAINERS)
def test_a_sample_does_not_depend_on_its_neighbours(
    model: DifferentiableModel, make_batch: Batches, make: Callable[[], Any]
) -> None:
    batch = make_batch()
    whole = make().explain(model, batch)
    for row in (1, 2):
        (alone,) = make().explain(
            model,
            replace(
                batch,
                sequences=batch.sequences[row : row + 1],
                targets=batch.targets[row : row + 1],
                seeds=batch.seeds[row : row + 1],
            ),
        )
        np.testing.assert_allclose(alone.scores, whole[row].scores, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make", EXPLAINERS)
def test_memory_bound_changes_nothing(
    model: DifferentiableModel, make_batch: Batches, make: Callable[[], Any]
) -> None:
    batch, bounded = make_batch(), make()
    bounded._max_positions = 1
    for one, other in zip(bounded.explain(model, batch), make().explain(model, batch), strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make", [*EXPLAINERS, DeepLIFT])
def test_predictions_are_the_same_afterwards(
    cnn: CNN, make_batch: Batches, make: Callable[[], Any]
) -> None:
    batch = make_batch()
    before = cnn.predict(batch.sequences)
    make().explain(cnn, batch)
    np.testing.assert_array_equal(cnn.predict(batch.sequences), before)
    for module in cnn.network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
        assert not module.training


class Opaque:
    n_outputs = 2


def test_user_mistakes(cnn: CNN, make_batch: Batches) -> None:
    batch = make_batch((30,))
    with pytest.raises(Unsupported, match="saliency: expected a differentiable model, got Opaque"):
        Saliency().explain(Opaque(), batch)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="reference: unknown 'mask'"):
        IntegratedGradients("mask").explain(cnn, batch)
    with pytest.raises(InputError, match="integrated_gradients, reference: unknown 'shufles'"):
        IntegratedGradients("shufles")
    with pytest.raises(InputError, match="n_steps: expected 1 or more, got 0"):
        IntegratedGradients(n_steps=0)
    with pytest.raises(InputError, match="norm: unknown 'l3'"):
        Saliency("l3")
    with pytest.raises(InputError, match="smoothgrad, noise: expected 0 or more, got nan"):
        SmoothGrad(noise=float("nan"))


def test_half_precision_models_are_explained(mini: Mini, make_batch: Batches) -> None:
    half, batch = Mini(device="cpu", dtype="bfloat16"), make_batch((60,))
    (rough,) = IntegratedGradients(n_steps=20).explain(half, batch)
    (exact,) = IntegratedGradients(n_steps=20).explain(mini, batch)
    assert np.corrcoef(rough.scores, exact.scores)[0, 1] > 0.9


@pytest.mark.parametrize("make", [SmoothGrad, GradientSHAP])
def test_the_samples_seed_decides_what_is_drawn(
    model: DifferentiableModel, make: Callable[..., Any]
) -> None:
    batch = Batch(("ACGTTGACCATAG" * 4,) * 3, np.ones(3, dtype=np.int64), seeds=np.array([4, 5, 4]))
    first, other, again = (found.scores for found in make().explain(model, batch))
    np.testing.assert_allclose(first, again, rtol=1e-3, atol=1e-5)
    assert np.abs(first - other).max() > 1e-2 * np.abs(first).max()


def test_smoothgrads_noise_is_a_share_of_the_units_range(mini: Mini) -> None:
    batch = Batch(("ACGTTGACCATAG" * 4,), np.ones(1, dtype=np.int64), seeds=np.array([4]))
    (found,) = SmoothGrad(n_samples=1, noise=0.3, times_input=True).explain(mini, batch)
    encoded = mini.encode(batch.sequences)
    embedded = mini.embed(encoded).detach().float()
    (layout,) = mini.layouts(batch.sequences)
    units = torch.from_numpy(layout.units)
    inside = embedded[0, units]
    noisy = embedded.clone()
    drawn = torch.randn(inside.shape, generator=torch.Generator().manual_seed(4))
    noisy[0, units] += 0.3 * (inside.max() - inside.min()) * drawn
    noisy.requires_grad_()
    mini.forward_embedded(noisy, encoded)[0, 1].backward()
    assert noisy.grad is not None
    by_hand = (noisy.grad[0, units] * inside).sum(-1).numpy()
    np.testing.assert_allclose(found.scores, by_hand, rtol=1e-3, atol=1e-5)
