"""What zennit's rules cannot walk is refused in a sentence, and what they can is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from zennit.layer import Sum

from gxarena.data import Batch
from gxarena.errors import Unsupported
from gxarena_cnn.lrp import LRP
from gxarena_torch.modules import capabilities_of, model_of
from gxarena_torch.one_hot import OneHotModel
from gxarena_torch.walking import why_not_walkable

LENGTH = 12
ONE_HOT = torch.eye(4)[torch.arange(LENGTH) % 4].T[None]


class Stem(nn.Module):
    """Two convolutions of which `forward` makes something, pooled into two logits."""

    def __init__(self, forward: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, 5, 3, padding=1, bias=False)
        self.second = nn.Conv1d(5, 5, 3, padding=1, bias=False)
        self.relu, self.last_relu = nn.ReLU(), nn.ReLU()
        self.sum, self.softmax, self.pool = Sum(dim=-1), nn.Softmax(dim=1), nn.AvgPool1d(LENGTH)
        self.flatten, self.dense = nn.Flatten(), nn.Linear(5, 2, bias=False)
        self._forward = forward

    def forward(self, one_hot: Tensor) -> Tensor:
        logits: Tensor = self.dense(self.flatten(self.pool(self._forward(self, one_hot))))
        return logits


def _residual(s: Any, x: Tensor) -> Tensor:
    trunk = s.relu(s.first(x))
    whole: Tensor = s.last_relu(s.sum(torch.stack([trunk, s.second(trunk)], dim=-1)))
    return whole


def _both_read(s: Any, x: Tensor) -> Tensor:
    both = s.sum(torch.stack([s.first(x)[:, :4], s.relu(x)], dim=-1))
    return torch.cat([both, both[:, :1]], dim=1)


def _second_reads(s: Any, x: Tensor) -> Tensor:
    return s.second(torch.cat([x, x[:, :1]], dim=1))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "forward",
    [
        _residual,
        lambda s, x: s.relu(s.first(x.transpose(1, 2).transpose(1, 2))),
        lambda s, x: torch.cat([s.relu(s.first(x))[..., :6], torch.zeros(1, 5, 6)], dim=2),
    ],
)
def test_what_can_be_walked(forward: Any) -> None:
    assert why_not_walkable(Stem(forward).eval(), ONE_HOT) == ""


@pytest.mark.parametrize(
    ("forward", "why"),
    [
        (lambda s, x: s.second(t := s.relu(s.first(x))) + t, "a forward that computes 'add'"),
        (lambda s, x: torch.relu(s.first(x)), "a forward that computes 'relu' outside of modules"),
        (lambda s, x: 2 * s.first(x), "a forward that computes 'mul' outside of modules"),
        (lambda s, x: s.softmax(s.first(x)), "'softmax', a Softmax, for which there is no rule"),
        (lambda s, x: s.second(s.second(s.first(x))), "'second' used 2 times"),
        (_second_reads, "the input read by no module, and 'first' as the first linear one"),
        (_both_read, "the input read by 'first', 'relu', and 'first' as the first linear one"),
    ],
)
def test_what_cannot_be_walked_is_refused(forward: Any, why: str) -> None:
    network = Stem(forward).eval()
    model = model_of("mine", network, LENGTH, device="cpu", also={"gxarena_cnn:zennit"})
    assert why in capabilities_of(model)["gxarena_cnn:zennit"]
    with pytest.raises(Unsupported) as raised:
        LRP().explain(model, Batch(("ACGT" * 3,), np.array([1])))
    said = str(raised.value)
    assert said.startswith("lrp: expected a network that zennit's rules can walk, got ")
    assert why in said


def test_a_pre_activation_batch_norm_is_refused_and_its_depthwise_convolution_is_not() -> None:
    """As residual units of the second kind have it (He et al. 2016): what messages say works."""
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(5).eval()
    with torch.no_grad():
        for one in (norm.weight, norm.running_var):
            one.uniform_(0.5, 1.5)
        for one in (norm.bias, norm.running_mean):
            one.normal_()
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    depthwise = nn.Conv1d(5, 5, 1, groups=5)
    with torch.no_grad():
        depthwise.weight.copy_(scale[:, None, None])
        depthwise.bias.copy_(norm.bias - norm.running_mean * scale)
    parts = [nn.Conv1d(4, 5, 3), nn.ReLU(), norm, nn.ReLU(), nn.Conv1d(5, 4, 3), nn.ReLU(),
             nn.Flatten(), nn.Linear(4 * (LENGTH - 4), 2)]  # fmt: skip
    batch = Batch(("ACGT" * 3,), np.array([1]))
    refused = model_of("mine", nn.Sequential(*parts), LENGTH, device="cpu")
    assert "one behind ReLU" in why_not_walkable(refused.network, ONE_HOT)
    with pytest.raises(Unsupported, match=r"one behind ReLU.* depthwise convolution, nn\.Conv1d\("):
        LRP().explain(refused, batch)
    walked = model_of("mine", nn.Sequential(*parts[:2], depthwise, *parts[3:]), LENGTH)
    np.testing.assert_allclose(
        walked.predict(batch.sequences), refused.predict(batch.sequences), rtol=1e-4, atol=1e-6
    )
    (found,) = LRP().explain(walked, batch)
    explained = found.diagnostics["explained"]
    assert explained == pytest.approx(walked.predict(batch.sequences)[0, 1], rel=1e-4)
    assert found.scores.sum() + found.diagnostics["absorbed"] == pytest.approx(explained)


def test_a_networks_walk_is_asked_once_and_leaves_no_hook() -> None:
    model = OneHotModel(Stem(_residual).eval(), "cpu", input_length=LENGTH, n_outputs=2)
    passes: list[int] = []
    handle = model.network.register_forward_hook(lambda _, __, out: passes.append(len(out)))
    batch = Batch(("ACGT" * 3,), np.array([1]))
    LRP().explain(model, batch)
    LRP().explain(model, batch)
    handle.remove()
    assert passes == [1, 1, 1]  # once to see, twice to explain
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in model.network.modules())
