"""Everything in the copy changes, nothing in the original does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gxarena.errors import PluginError
from gxarena_torch.randomised import LEAST_SPREAD, randomised_copy


def _network(dtype: torch.dtype = torch.float32) -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(40, 50), nn.BatchNorm1d(50), nn.Linear(50, 2))
    network[1].running_mean.fill_(3.0)
    return network.to(dtype).eval()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_element_changes_and_the_original_stays(dtype: torch.dtype) -> None:
    network = _network(dtype)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    made = randomised_copy(network, 1)
    for name, parameter in made.named_parameters():
        assert (parameter != before[name]).all(), name
    assert made[1].running_mean.abs().max() == 0
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())


def test_the_seed_decides() -> None:
    a, b, c = (randomised_copy(_network(), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["0.weight"], c["0.weight"])


def test_draws_keep_a_tensors_mean_and_spread() -> None:
    network = nn.Linear(300, 300)
    nn.init.normal_(network.weight, 2.0, 0.5)
    nn.init.zeros_(network.bias)
    made = randomised_copy(network, 0)
    assert made.weight.mean().item() == pytest.approx(2.0, abs=0.02)
    assert made.weight.std().item() == pytest.approx(0.5, abs=0.02)
    assert made.bias.std().item() == pytest.approx(LEAST_SPREAD, rel=0.2)


def test_shared_parameters_stay_shared() -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    network[1].weight = network[0].weight
    made = randomised_copy(network, 0)
    assert made[0].weight is made[1].weight


def test_what_cannot_change_is_one_sentence() -> None:
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.bias[0] = torch.inf
    with pytest.raises(PluginError, match=r"parameter 'bias': expected every element to change"):
        randomised_copy(network, 0)


@pytest.mark.parametrize("value", [3.0, -0.5, 1000.0])
def test_a_constant_tensor_forgets_its_value_too(value: float) -> None:
    network = nn.Linear(4, 1)
    with torch.no_grad():
        network.bias.fill_(value)
    drawn = [float(randomised_copy(network, seed).bias) for seed in range(200)]
    assert abs(np.mean(drawn)) < 0.3 * min(abs(value), 1.0)
    assert 0 < np.std(drawn) < 2.0
