"""What a network says that a pass takes, against sums by hand, and what is made of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gxarena.api import Explainer
from gxarena.data import Batch
from gxarena_captum.integrated_gradients import IntegratedGradients
from gxarena_cnn.config import CNNConfig
from gxarena_cnn.model import CNN, OneHotModel
from gxarena_cnn.networks import cnn
from gxarena_dnabert2.model import Mini
from gxarena_shap.deep import Deep
from gxarena_tangermeme.deep_lift_shap import DeepLIFTSHAP
from gxarena_tangermeme.mutagenesis import SaturationMutagenesis
from gxarena_torch import cost as costs
from gxarena_torch.cost import Cost, cost, measured

CPU = torch.device("cpu")


class Attending(nn.Module):
    """Attention written out: what is largest is no module's output."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(x @ x.transpose(1, 2), dim=-1) @ x


def test_what_each_operation_reads_and_writes_is_counted_and_what_is_kept() -> None:
    network = nn.Sequential(nn.Conv1d(4, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 18, 2))
    x = torch.zeros(1, 4, 20, requires_grad=True)
    found = measured(network, lambda: network(x))
    convolved = 8 * 18 * 4
    assert found.widest == 2 * convolved  # the ReLU reads and writes as much
    # The convolution keeps its input, the ReLU its output, which is also the dense layer's input.
    assert found.kept == 4 * 20 * 4 + convolved
    assert found.device == CPU


def test_operations_that_are_no_modules_count() -> None:
    x = torch.zeros(1, 50, 3, requires_grad=True)
    found = measured(network := Attending(), lambda: network(x))
    assert found.widest == 2 * 50 * 50 * 4  # the softmax
    assert found.kept >= 50 * 50 * 4


def test_weights_are_no_activations() -> None:
    network = nn.Linear(1000, 2)
    x = torch.zeros(1, 1000, requires_grad=True)
    assert measured(network, lambda: network(x)).widest == 1002 * 4
    assert measured(network, lambda: functional.relu(network(x))).kept <= 1002 * 4


@pytest.mark.parametrize(
    ("widest", "rows"),
    [
        (1, costs.CACHE),
        (costs.CACHE // 64, 64),
        (costs.CACHE // 63, 32),  # whole powers of two
        (costs.CACHE, costs.LEAST_ROWS),
        (costs.MEMORY // 3, 3),
        (costs.MEMORY * 2, 1),
    ],
)
def test_rows_of_a_pass_on_a_cpu(widest: int, rows: int) -> None:
    assert Cost(widest, 0, CPU).forward_rows() == rows
    assert Cost(8 * widest, 0, CPU).forward_rows(8 * costs.CACHE) == min(
        rows, max(1, costs.MEMORY // (8 * widest))
    )


def test_rows_of_a_pass_on_a_gpu_and_of_one_with_gradients() -> None:
    gpu = torch.device("cuda")
    assert Cost(2**20, 0, gpu).forward_rows() == costs.MEMORY_ON_GPU // 2**20
    assert Cost(0, 2**20, gpu).backward_rows == costs.MEMORY_ON_GPU // 2**20
    assert Cost(0, 2**20, CPU).backward_rows == costs.MEMORY // 2**20
    assert Cost(0, 2**40, CPU).backward_rows == 1


def test_it_is_asked_once_for_each_length(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = Mini(device="cpu"), []
    original = costs.measured
    monkeypatch.setattr(costs, "measured", lambda *args: asked.append(1) or original(*args))
    first = cost(model, "ACGTACGTAC" * 5)
    assert cost(model, "ACGTACGTAC" * 5) is first
    assert len(asked) == 1
    assert cost(model, "ACGTACGTAC" * 20).kept > first.kept


def test_the_bundled_network_is_asked_in_batches_that_were_measured_to_be_fast() -> None:
    """Where this was measured 16 rows took a quarter longer a row than 128, 1,024 twice as long."""
    model = CNN(device="cpu")
    sizes = _sizes_of_passes(model)
    rng = np.random.default_rng(0)
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), (300, 250))]
    together = model.predict(sequences)
    assert sizes == [128, 128, 44]
    model._predicted_at_once = 16
    np.testing.assert_allclose(together, model.predict(sequences), rtol=0, atol=2e-6)


def test_wide_networks_get_fewer_rows_whatever_the_input_s_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A network of 2,000 nucleotides that is given 20 of them: padding is computed too."""
    network = cnn(CNNConfig(input_length=2000, filters=(64,), kernel=3, dense=4))
    free = OneHotModel(network, "cpu")
    takes = cost(free, "A")
    monkeypatch.setattr(costs, "MEMORY", 5 * takes.kept)
    model = OneHotModel(network, "cpu")
    assert model.batch_size == 5
    rng = np.random.default_rng(0)
    sequences = tuple("".join(row) for row in rng.choice(list("ACGT"), (7, 20)))
    batch = Batch(sequences, np.zeros(7, dtype=np.int64))
    sizes = _sizes_of_passes(model)
    bounded = [
        *IntegratedGradients(n_steps=4).explain(model, batch),
        *SaturationMutagenesis().explain(model, batch),
    ]
    assert max(sizes) == 5
    monkeypatch.setattr(costs, "MEMORY", 2**40)
    unbounded = [
        *IntegratedGradients(n_steps=4).explain(free, batch),
        *SaturationMutagenesis().explain(free, batch),
    ]
    for one, other in zip(bounded, unbounded, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("explainer", [DeepLIFTSHAP(), Deep()])
def test_hooked_rules_get_fewer_rows_still_and_the_same_scores(
    monkeypatch: pytest.MonkeyPatch, explainer: Explainer
) -> None:
    model = OneHotModel(cnn(CNNConfig(input_length=200, filters=(8,), kernel=3, dense=4)), "cpu")
    batch = Batch(("ACGTTGCAAC" * 6,), np.array([1]))
    (plain,) = explainer.explain(model, batch)
    monkeypatch.setattr(costs, "MEMORY", 6 * costs.HOOKED * cost(model, "A").kept)
    sizes: list[int] = []
    monkeypatch.setattr(
        type(model.network),
        "forward",
        lambda self, x: sizes.append(len(x)) or self.head(self.features(x)),
    )
    (bounded,) = explainer.explain(model, batch)
    assert max(sizes) == 6
    np.testing.assert_allclose(bounded.scores, plain.scores, rtol=1e-4, atol=1e-7)
    # Where batches are cut is seen in last bits, by some processors in more of them than by others.
    assert bounded.diagnostics["explained"] == pytest.approx(
        plain.diagnostics["explained"], rel=1e-4, abs=1e-6
    )


def test_tokens_are_bounded_by_what_the_longest_sequence_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = Mini(device="cpu")
    rng = np.random.default_rng(0)
    sequences = ["".join(rng.choice(list("ACGT"), n)) for n in rng.integers(20, 400, 40)]
    plain = model.predict(sequences)
    encoded = model.encoded(sequences)
    longest = max(encoded, key=lambda one: len(one.ids))
    monkeypatch.setattr(costs, "MEMORY", 3 * model._cost(longest).kept)
    positions = [ids.numel() for _, ids, _ in model.batches(encoded, 10**9)]
    assert 0 < max(positions) <= 3 * len(longest.ids)
    np.testing.assert_allclose(model.predict(sequences), plain, rtol=0, atol=2e-6)


def _sizes_of_passes(model: OneHotModel) -> list[int]:
    sizes: list[int] = []
    model.network.register_forward_hook(lambda _, __, out: sizes.append(len(out)))
    return sizes
