"""Attention methods against a network written by hand, head by head."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from dnabert2_by_hand import ByHand
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gxarena import objective
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported
from gxarena_dnabert2.attention import AttentionCLS, AttentionRollout, AttentionXGradient
from gxarena_dnabert2.model import DNABERT2

Checkpoints = Callable[..., Path]
Array = NDArray[np.float64]
ALL = [AttentionCLS(), AttentionRollout(), AttentionXGradient()]


@pytest.fixture
def model(make_checkpoint: Checkpoints) -> DNABERT2:
    return DNABERT2(make_checkpoint(num_hidden_layers=3), device="cpu")


def _batch(sequences: list[str], what: str = "logit") -> Batch:
    return Batch(tuple(sequences), np.arange(len(sequences)) % 2, what)


def _positions(attribution: Attribution) -> Array:
    special = attribution.special
    return np.array([special["[CLS]"], *attribution.scores, special["[SEP]"]])


def _by_hand(model: DNABERT2, sequence: str) -> tuple[ByHand, torch.Tensor]:
    network = ByHand(model)
    (encoded,) = model.tokenizer.encode([sequence])
    return network, network.logits(torch.from_numpy(encoded.ids))


def _head_means(network: ByHand) -> list[Array]:
    return [np.mean([head.detach().numpy() for head in heads], axis=0) for heads in network.weights]


@pytest.mark.parametrize("layer", [0, 1, -1])
def test_raw_attention_is_the_row_of_cls(model: DNABERT2, sequences: list[str], layer: int) -> None:
    found = AttentionCLS(layer).explain(model, _batch(sequences))
    for sequence, attribution in zip(sequences, found, strict=True):
        network, _ = _by_hand(model, sequence)
        np.testing.assert_allclose(
            _positions(attribution), _head_means(network)[layer][0], atol=1e-6
        )
        assert _positions(attribution).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("residual", [0.5, 0.0, 0.2])
def test_rollout_is_the_product_of_matrices(
    model: DNABERT2, sequences: list[str], residual: float
) -> None:
    found = AttentionRollout(residual).explain(model, _batch(sequences))
    for sequence, attribution in zip(sequences, found, strict=True):
        network, _ = _by_hand(model, sequence)
        flow = np.eye(len(network.words))
        for mean in _head_means(network):
            mixed = np.zeros_like(flow)
            for i in range(len(flow)):
                for j in range(len(flow)):
                    share = (1 - residual) * mean[i, j] + residual * (i == j)
                    mixed[i] += share * flow[j]
            flow = mixed
        np.testing.assert_allclose(_positions(attribution), flow[0], atol=1e-6)
        assert _positions(attribution).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_attention_x_gradient_is_what_autograd_by_hand_finds(
    model: DNABERT2, sequences: list[str], what: str, positive: bool
) -> None:
    batch = _batch(sequences, what)
    found = AttentionXGradient(positive).explain(model, batch)
    for row, attribution in enumerate(found):
        network, logits = _by_hand(model, sequences[row])
        outputs = logits.detach().numpy()[None]
        start = torch.from_numpy(objective.gradient(what, outputs, batch.targets[[row]])[0])
        expected = np.zeros(len(network.words))
        for heads in network.weights:
            gradients = torch.autograd.grad(logits @ start, heads, retain_graph=True)
            for weights, gradient in zip(heads, gradients, strict=True):
                kept = gradient.clamp(min=0) if positive else gradient
                expected += (weights.detach() * kept).sum(0).numpy() / len(network.weights)
        np.testing.assert_allclose(_positions(attribution), expected, atol=1e-5, rtol=1e-4)
        assert positive is False or (_positions(attribution) >= 0).all()


def test_weights_and_rollout_know_no_target(model: DNABERT2, sequences: list[str]) -> None:
    batch = _batch(sequences)
    flipped = Batch(batch.sequences, 1 - batch.targets)
    for explainer in ALL:
        pairs = zip(explainer.explain(model, batch), explainer.explain(model, flipped), strict=True)
        same = all(np.array_equal(a.scores, b.scores) for a, b in pairs)
        assert same is not isinstance(explainer, AttentionXGradient)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8
)
@given(data=st.data())
@pytest.mark.parametrize("kind", [AttentionCLS, AttentionRollout, AttentionXGradient])
def test_neighbours_and_order_change_nothing(
    model: DNABERT2, sequences: list[str], kind: type[AttentionCLS], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(sequences))))
    budget = data.draw(st.sampled_from([1, 40, 4096]))
    batch = _batch(sequences)
    chosen = Batch(tuple(sequences[i] for i in order), batch.targets[order])
    reference = kind().explain(model, batch)
    for index, found in zip(order, kind(max_tokens=budget).explain(model, chosen), strict=True):
        expected = _positions(reference[index])
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(_positions(found), expected, atol=1e-6, rtol=1e-5)
        assert found.spans == reference[index].spans


def test_predictions_are_bit_identical_afterwards(model: DNABERT2, sequences: list[str]) -> None:
    before = torch.from_numpy(model.predict(sequences))
    for explainer in ALL:
        explainer.explain(model, _batch(sequences))
    assert torch.equal(before, torch.from_numpy(model.predict(sequences)))


def test_mistakes_are_one_sentence(model: DNABERT2) -> None:
    with pytest.raises(InputError, match="attention-cls, layer: expected -3 to 2, got 3"):
        AttentionCLS(layer=3).explain(model, _batch(["ACGT"]))
    with pytest.raises(InputError, match="residual: expected 0 or more, below 1, got 1"):
        AttentionRollout(residual=1.0)
    with pytest.raises(InputError, match="max_tokens: expected 1 or more, got 0"):
        AttentionXGradient(max_tokens=0)
    with pytest.raises(InputError, match="unknown 'logits'"):
        AttentionXGradient(objective="logits")
    with pytest.raises(InputError, match="0 to 1, got 2"):
        AttentionCLS().explain(model, Batch(("ACGT",), np.array([2])))

    class Other:
        n_outputs, max_length = 2, None
        spans, predict = model.spans, model.predict

    with pytest.raises(Unsupported, match="attention-rollout: expected a DNABERT-2 model"):
        AttentionRollout().explain(Other(), _batch(["ACGT"]))
