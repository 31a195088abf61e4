"""LRP against plain re-implementations, closed forms and zennit's known traps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn
from zennit.layer import Sum

from gxarena.data import Attribution, Batch
from gxarena.errors import InputError, Unsupported
from gxarena_cnn.composites import COMPOSITES, MergeBatchNorm
from gxarena_cnn.config import CNNConfig, DeepSTARRConfig
from gxarena_cnn.lrp import LRP
from gxarena_cnn.model import OneHotModel
from gxarena_cnn.networks import Network

Array = NDArray[np.float64]
DEEPSTARR = DeepSTARRConfig(input_length=32, filters=(6, 5, 4, 3), dense=(5, 4))


def explain(
    model: Any,
    sequences: Sequence[str],
    target: int = 1,
    objective: str = "logit",
    **arguments: Any,
) -> list[Attribution]:
    targets = np.full(len(sequences), target)
    return LRP(**arguments).explain(model, Batch(tuple(sequences), targets, objective))


# --- an independent re-implementation: every linear layer as one dense matrix, every rule in
# --- plain NumPy, one sequence at a time


def one_hot(sequence: str, length: int) -> Array:
    table = np.zeros((4, length))
    for position, letter in enumerate(sequence):
        if letter != "N":
            table["ACGT".index(letter), position] = 1.0
    return table


def as_matrix(layer: nn.Module, shape: tuple[int, ...]) -> tuple[Array, Array, tuple[int, ...]]:
    """Weights (J, I) and biases (J,) of a layer on inputs of `shape`, and its output shape."""
    weight = layer.weight.detach().double().numpy()
    bias = layer.bias.detach().double().numpy()
    if isinstance(layer, nn.Linear):
        return weight, bias, (len(weight),)
    n_out, n_in, width = weight.shape
    left = (width - 1) // 2 if layer.padding == "same" else 0
    length = shape[1] if layer.padding == "same" else shape[1] - width + 1
    matrix = np.zeros((n_out, length, n_in, shape[1]))
    for position in range(length):
        for offset in range(width):
            source = position + offset - left
            if 0 <= source < shape[1]:
                matrix[:, position, :, source] += weight[:, :, offset]
    return (
        matrix.reshape(n_out * length, -1),
        np.repeat(bias, length),
        (n_out, length),
    )


def merge(matrix: Array, bias: Array, norm: nn.BatchNorm1d, repeat: int) -> tuple[Array, Array]:
    def each(values: Tensor) -> Array:
        return np.repeat(values.detach().double().numpy(), repeat)

    scale = each(norm.weight) / np.sqrt(each(norm.running_var) + norm.eps)
    return matrix * scale[:, None], (bias - each(norm.running_mean)) * scale + each(norm.bias)


def rule(
    name: str, x: Array, matrix: Array, bias: Array, relevance: Array, options: dict[str, float]
) -> Array:
    """Relevance of the inputs of a linear layer, x >= 0 or the rule epsilon."""
    epsilon = options["epsilon"]
    parts = matrix * x  # (J, I): what input i contributes to output j

    def share(part: Array, offset: Array) -> Array:
        z = part.sum(axis=1) + offset
        z = z + np.where(z >= 0, epsilon, -epsilon)
        return part / z[:, None]

    if name == "epsilon":
        return relevance @ share(parts, bias)
    positive = share(parts.clip(min=0), bias.clip(min=0))
    negative = share(parts.clip(max=0), bias.clip(max=0))
    if name == "epsilon_plus":
        return relevance @ positive
    if name == "alpha_beta":
        return relevance @ (options["alpha"] * positive - options["beta"] * negative)
    gamma = options["gamma"]
    z = parts.sum(axis=1) + bias
    up = share(parts + gamma * parts.clip(min=0), bias + gamma * bias.clip(min=0))
    down = share(parts + gamma * parts.clip(max=0), bias + gamma * bias.clip(max=0))
    return relevance @ np.where((z > 0)[:, None], up, np.where((z < 0)[:, None], down, 0.0))


def slow_lrp(
    network: Network, sequence: str, target: int, composite: str, **options: float
) -> tuple[float, Array]:
    """The target's logit and the relevance (4, L) of one sequence."""
    options = {"epsilon": 1e-6, "gamma": 0.25, "alpha": 2.0, "beta": 1.0} | options
    modules = [*network.features, *network.head]
    x: Array = one_hot(sequence, network.config.input_length)
    steps: list[tuple[Any, ...]] = []
    for index, module in enumerate(modules):
        if isinstance(module, nn.Conv1d | nn.Linear):
            matrix, bias, shape = as_matrix(module, x.shape)
            norm = modules[index + 1] if index + 1 < len(modules) else None
            if isinstance(norm, nn.BatchNorm1d):
                matrix, bias = merge(matrix, bias, norm, shape[1] if len(shape) > 1 else 1)
            name = composite if isinstance(module, nn.Conv1d) else "epsilon"
            steps.append(("linear", name, x, matrix, bias))
            x = (matrix @ x.ravel() + bias).reshape(shape)
        elif isinstance(module, nn.ReLU):
            x = x.clip(min=0)
        elif isinstance(module, nn.MaxPool1d):
            pairs = x[:, : x.shape[1] // 2 * 2].reshape(len(x), -1, 2)
            steps.append(("pool", x.shape, pairs.argmax(axis=2)))
            x = pairs.max(axis=2)
        elif isinstance(module, nn.Flatten):
            steps.append(("flatten", x.shape))
            x = x.ravel()
    relevance = np.zeros_like(x)
    relevance[target] = x[target]
    for kind, *step in reversed(steps):
        if kind == "linear":
            name, before, matrix, bias = step
            flat = rule(name, before.ravel(), matrix, bias, relevance.ravel(), options)
            relevance = flat.reshape(before.shape)
        elif kind == "flatten":
            relevance = relevance.reshape(step[0])
        else:
            shape, winners = step
            spread = np.zeros(shape)
            for channel, position in np.ndindex(winners.shape):
                source = 2 * position + winners[channel, position]
                spread[channel, source] = relevance[channel, position]
            relevance = spread
    return float(x[target]), relevance


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("config", [None, DEEPSTARR], ids=["cnn", "deepstarr"])
def test_equals_plain_reimplementation(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...], composite: str, config: Any
) -> None:
    model = make_model(config) if config else make_model()
    found = explain(model, sequences[:4], composite=composite)
    for sequence, attribution in zip(sequences, found, strict=False):
        logit, relevance = slow_lrp(model.network, sequence, 1, composite)
        expected = relevance.sum(axis=0)[: len(sequence)]
        np.testing.assert_allclose(
            attribution.scores, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max()
        )
        assert attribution.diagnostics["explained"] == pytest.approx(logit, rel=1e-4)


def test_rule_parameters_reach_the_rules(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    model = make_model()
    cases = [
        ("epsilon", {"epsilon": 0.3}),
        ("epsilon_gamma", {"gamma": 2.0}),
        ("alpha_beta", {"alpha": 1.3, "beta": 0.3}),
    ]
    for composite, options in cases:
        scores = explain(model, sequences[:1], composite=composite, **options)[0].scores
        _, expected = slow_lrp(model.network, sequences[0], 1, composite, **options)
        _, default = slow_lrp(model.network, sequences[0], 1, composite)
        np.testing.assert_allclose(scores, expected.sum(axis=0)[: len(scores)], atol=1e-5)
        assert not np.allclose(scores, default.sum(axis=0)[: len(scores)], atol=1e-4)


# --- closed forms


@pytest.mark.parametrize("composite", ["epsilon", "epsilon_plus", "epsilon_gamma"])
@pytest.mark.parametrize("objective", ["logit", "log_odds"])
def test_without_biases_the_scores_sum_to_the_explained_value(
    make_model: Callable[..., OneHotModel],
    sequences: tuple[str, ...],
    composite: str,
    objective: str,
) -> None:
    model = make_model(bias=False)
    outputs = model.predict(sequences)
    value = outputs[:, 1] - (outputs[:, 0] if objective == "log_odds" else 0)
    found = explain(model, sequences, objective=objective, composite=composite, epsilon=1e-9)
    sums = [attribution.scores.sum() for attribution in found]
    np.testing.assert_allclose(sums, value, rtol=1e-4, atol=1e-6)
    absorbed = [attribution.diagnostics["absorbed"] for attribution in found]
    np.testing.assert_allclose(absorbed, 0, atol=1e-4 * np.abs(value).max())


def test_alpha_one_beta_zero_is_the_plus_rule(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    """alpha-beta sums to the logit only where every neuron has parts of both signs, or beta = 0."""
    model = make_model(bias=False)
    plus = explain(model, sequences, composite="epsilon_plus")
    alpha = explain(model, sequences, composite="alpha_beta", alpha=1.0, beta=0.0)
    for left, right in zip(plus, alpha, strict=True):
        np.testing.assert_allclose(left.scores, right.scores, atol=1e-6)


def test_absorbed_is_what_biases_keep(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    model = make_model()
    outputs = model.predict(sequences)
    found = explain(model, sequences, target=0)
    for attribution, logits in zip(found, outputs, strict=True):
        facts = attribution.diagnostics
        assert facts["explained"] == pytest.approx(logits[0], rel=1e-5)
        kept = facts["explained"] - attribution.scores.sum()
        assert facts["absorbed"] == pytest.approx(kept, abs=1e-9)
    assert max(abs(a.diagnostics["absorbed"]) for a in found) > 0.01


def test_epsilon_rule_is_gradient_times_input_without_biases(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    """Shrikumar et al. 2016: equal for ReLU networks as epsilon vanishes."""
    model = make_model(bias=False)
    inputs = model.encode(sequences).requires_grad_()
    gradient = torch.autograd.grad(model.network(inputs)[:, 1].sum(), inputs)[0]
    expected = (gradient * inputs).sum(1).detach().numpy()
    found = explain(model, sequences, composite="epsilon", epsilon=1e-9)
    for b, attribution in enumerate(found):
        np.testing.assert_allclose(attribution.scores, expected[b, : len(sequences[b])], atol=1e-5)
        np.testing.assert_allclose(
            attribution.hypothetical, gradient[b].T[: len(sequences[b])], atol=1e-5
        )


def test_published_head_without_relu(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    model = make_model(CNNConfig(input_length=60, dense=16))
    for composite in COMPOSITES:
        attribution = explain(model, sequences[:1], composite=composite)[0]
        _, expected = slow_lrp(model.network, sequences[0], 1, composite)
        np.testing.assert_allclose(
            attribution.scores,
            expected.sum(axis=0)[: len(sequences[0])],
            atol=1e-3 * np.abs(expected).max(),
        )


# --- hypothetical contributions


@pytest.mark.parametrize("composite", COMPOSITES)
def test_hypothetical_contributions_agree_with_scores_at_the_observed_letters(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...], composite: str
) -> None:
    model = make_model()
    for sequence, attribution in zip(
        sequences, explain(model, sequences, composite=composite), strict=True
    ):
        observed = one_hot(sequence, len(sequence)).T
        assert attribution.hypothetical is not None
        np.testing.assert_allclose(
            (attribution.hypothetical * observed).sum(axis=1), attribution.scores, atol=1e-7
        )


def test_hypothetical_contributions_can_be_centered(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...]
) -> None:
    model = make_model()
    raw = explain(model, sequences[:2])[0].hypothetical
    centered = explain(model, sequences[:2], center_hypothetical=True)[0].hypothetical
    assert raw is not None
    assert np.abs(raw.mean(axis=1)).max() > 1e-3
    np.testing.assert_allclose(centered, raw - raw.mean(axis=1, keepdims=True), atol=1e-12)


# --- invariances


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(6)), size=st.integers(1, 6))
def test_a_sample_does_not_depend_on_its_batch(order: list[int], size: int) -> None:
    rng = np.random.default_rng(1)
    sequences = ["".join(rng.choice(list("ACGTN"), size=30)) for _ in range(6)]
    torch.manual_seed(0)
    from gxarena_cnn.networks import build

    network = build(CNNConfig(input_length=30, filters=(5, 4), kernel=3, dense=6)).eval()
    together = explain(OneHotModel(network, "cpu", 6), sequences)
    shuffled = explain(OneHotModel(network, "cpu", size), [sequences[i] for i in order])
    for position, index in enumerate(order):
        np.testing.assert_allclose(
            shuffled[position].scores, together[index].scores, rtol=1e-4, atol=1e-7
        )


def test_unknown_and_padding_get_nothing(make_model: Callable[..., OneHotModel]) -> None:
    attribution = explain(make_model(), ["ACGTNNACGTACGT"])[0]
    assert len(attribution.spans) == 14
    assert (attribution.scores[4:6] == 0).all()
    assert (attribution.scores[:4] != 0).any()


# --- nothing stays behind


def hooks(network: nn.Module) -> int:
    return sum(
        len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks)
        for m in network.modules()
    )


@pytest.mark.parametrize("composite", COMPOSITES)
def test_the_network_is_untouched_afterwards(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...], composite: str
) -> None:
    model = make_model()
    state = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    outputs = model.predict(sequences)
    explain(model, sequences, composite=composite)
    np.testing.assert_array_equal(model.predict(sequences), outputs)
    assert hooks(model.network) == 0
    for name, tensor in model.network.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    assert all(m.eps == 1e-5 for m in model.network.modules() if isinstance(m, nn.BatchNorm1d))


def test_the_network_is_untouched_after_an_exception(
    make_model: Callable[..., OneHotModel], sequences: tuple[str, ...], monkeypatch: Any
) -> None:
    model = make_model()
    outputs = model.predict(sequences)
    encode = model.encode

    def encode_once(batch: Sequence[str]) -> Tensor:
        if batch[0] != sequences[0]:
            raise RuntimeError("out of memory")
        return encode(batch)

    monkeypatch.setattr(model, "encode", encode_once)
    with pytest.raises(RuntimeError, match="out of memory"):
        explain(model, sequences)
    assert hooks(model.network) == 0
    np.testing.assert_array_equal(model.predict(sequences), outputs)


def test_merging_batch_norm_changes_no_prediction(
    make_network: Callable[..., Network], sequences: tuple[str, ...]
) -> None:
    network = make_network(DEEPSTARR)
    model = OneHotModel(network, "cpu")
    outputs = model.predict(sequences)
    merged = MergeBatchNorm().apply(network)
    try:
        assert len(merged) == 6
        np.testing.assert_allclose(model.predict(sequences), outputs, rtol=1e-5, atol=1e-6)
        norm = next(m for m in network.modules() if isinstance(m, nn.BatchNorm1d))
        signal = torch.randn(2, norm.num_features, 3)
        assert torch.equal(norm(signal), signal)
    finally:
        for instance in merged:
            instance.remove()
    np.testing.assert_array_equal(model.predict(sequences), outputs)


# --- other people's networks


class Residual(nn.Module):
    """conv -> (identity + conv of its ReLU) -> dense, the sum as a module (zennit#236)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, 5, 3, padding=1, bias=False)
        self.relu = nn.ReLU()
        self.second = nn.Conv1d(5, 5, 3, padding=1, bias=False)
        self.sum = Sum(dim=-1)
        self.last_relu = nn.ReLU()
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(5 * 12, 2, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        trunk = self.relu(self.first(inputs))
        both = self.sum(torch.stack([trunk, self.second(trunk)], dim=-1))
        return self.dense(self.flatten(self.last_relu(both)))


class Wrapped:
    """The least that LRP asks of a model."""

    n_outputs, max_length, batch_size = 2, 12, 8

    def __init__(self, network: nn.Module) -> None:
        self.network = network.eval()

    def encode(self, sequences: Sequence[str]) -> Tensor:
        return torch.tensor(np.array([one_hot(s, 12) for s in sequences]), dtype=torch.float32)

    def spans(self, sequences: Sequence[str]) -> list[Any]:
        raise NotImplementedError

    def predict(self, sequences: Sequence[str]) -> Array:
        with torch.no_grad():
            return self.network(self.encode(sequences)).double().numpy()


@pytest.mark.parametrize("composite", ["epsilon", "epsilon_plus", "epsilon_gamma"])
def test_a_residual_network_sums_to_its_logit(composite: str) -> None:
    torch.manual_seed(3)
    model = Wrapped(Residual())
    sequences = ["ACGTTGCAACGT", "TTTTACGACGAC"]
    found = explain(model, sequences, composite=composite, epsilon=1e-9)
    sums = [attribution.scores.sum() for attribution in found]
    np.testing.assert_allclose(sums, model.predict(sequences)[:, 1], rtol=1e-4)


def test_a_batch_norm_that_cannot_be_merged_is_refused() -> None:
    network = nn.Sequential(
        nn.Conv1d(4, 3, 3), nn.ReLU(), nn.BatchNorm1d(3), nn.Flatten(), nn.Linear(30, 2)
    )
    with pytest.raises(Unsupported, match="behind ReLU"):
        explain(Wrapped(network), ["ACGTTGCAACGT"])
    assert hooks(network) == 0


def test_a_model_without_the_capability_is_refused() -> None:
    with pytest.raises(Unsupported, match="expected a network that zennit's rules can walk"):
        explain(object(), ["ACGT"])


# --- a user's mistakes


def test_an_unknown_composite_is_named() -> None:
    with pytest.raises(InputError, match=r"'epsilonplus'\. Did you mean 'epsilon_plus'\?"):
        LRP(composite="epsilonplus")


@pytest.mark.parametrize(
    "arguments", [{"epsilon": 0.0}, {"gamma": -1.0}, {"alpha": 2.0, "beta": 0.5}]
)
def test_impossible_parameters_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(InputError, match="lrp, "):
        LRP(**arguments)


def test_an_unknown_target_is_refused(make_model: Callable[..., OneHotModel]) -> None:
    with pytest.raises(InputError, match="0 to 1, got 2"):
        explain(make_model(), ["ACGTACGTACGT"], target=2)
