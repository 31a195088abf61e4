from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from gxarena.data import Batch
from gxarena_dnabert2 import network
from gxarena_dnabert2.attention import AttentionRollout, AttentionXGradient
from gxarena_dnabert2.attnlrp import AttnLRP
from gxarena_dnabert2.cp_lrp import CPLRP
from gxarena_dnabert2.model import Mini
from gxarena_dnabert2.softmax import NOTHING, softmax_

SMALLEST = torch.finfo(torch.float32).tiny


def far(length: int = 300) -> Tensor:
    """Logits as ALiBi gives them: they fall by a half for each position in between."""
    position = torch.arange(length, dtype=torch.float32)
    return -0.5 * (position[:, None] - position[None]).abs()


def subnormal(x: Tensor) -> int:
    return int(((x != 0) & (x.abs() < SMALLEST)).sum())


def plain(logits: Tensor) -> Tensor:
    return torch.softmax(logits, -1)


def test_it_is_torchs_but_for_what_is_too_small_to_count() -> None:
    ours, theirs = softmax_(far()), plain(far())
    small = theirs <= NOTHING
    assert small.any()
    assert not ours[small].any()
    torch.testing.assert_close(ours[~small], theirs[~small], rtol=0, atol=0)


def test_it_takes_no_memory_and_torch_knows_what_it_overwrites() -> None:
    logits = far()
    assert softmax_(logits).data_ptr() == logits.data_ptr()
    with pytest.raises(RuntimeError, match="in-place"):
        softmax_(far().requires_grad_())
    read = far().requires_grad_() * 1.0
    squares = read.square()
    softmax_(read)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        squares.sum().backward()


def test_the_gradient_of_its_gradient_is_checked_too() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: softmax_(1.0 * x), (logits,))


def test_its_gradient_is_checked_by_differences() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: softmax_(1.0 * x), (logits,))


def test_neither_weights_nor_gradients_are_smaller_than_a_float_holds_in_full() -> None:
    torch.manual_seed(0)
    passed_back = 1e-9 * torch.randn(300, 300)
    found = {}
    for function in (softmax_, plain):
        logits = far().requires_grad_()
        weights = function(1.0 * logits)
        (gradient,) = torch.autograd.grad(weights, logits, passed_back)
        found[function] = subnormal(weights), subnormal(gradient)
    assert found[softmax_] == (0, 0)
    assert min(found[plain]) > 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_keep_what_they_can_tell(dtype: torch.dtype) -> None:
    logits = far().to(dtype)
    torch.testing.assert_close(softmax_(logits.clone()), plain(logits), rtol=0, atol=2 * NOTHING)


@pytest.mark.parametrize(
    "explainer", [AttnLRP(), CPLRP(), AttentionXGradient(), AttentionRollout()]
)
def test_explanations_of_long_sequences_are_those_by_torchs_softmax(
    explainer: AttnLRP | AttentionXGradient, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Mini(device="cpu")
    letters = "".join(np.random.default_rng(1).choice(list("ACGT"), 1500))
    batch = Batch((letters,), np.array([1]))
    (ours,) = explainer.explain(model, batch)
    smallest = []

    def watched(logits: Tensor) -> Tensor:
        weights = plain(logits)
        smallest.append(weights[weights > 0].min())
        return weights

    monkeypatch.setattr(network, "softmax_", watched)
    (theirs,) = explainer.explain(model, batch)
    assert min(smallest) < SMALLEST  # there is something to leave out
    np.testing.assert_allclose(
        ours.scores, theirs.scores, rtol=0, atol=1e-12 * np.abs(theirs.scores).max()
    )
