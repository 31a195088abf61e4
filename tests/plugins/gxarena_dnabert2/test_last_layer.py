"""Of the last layer [CLS] alone is read: explained from its rows as from those of all positions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from gxarena_dnabert2.attnlrp import FIRST, AttnLRPRules
from gxarena_dnabert2.backward import Rules
from gxarena_dnabert2.cp_lrp import CPLRPRules
from gxarena_dnabert2.model import DNABERT2

Checkpoints = Callable[..., Path]


class _AttnLRPOfAll(AttnLRPRules):
    """The same rules, with all positions carried backwards."""

    def last(self, layer: nn.Module, x: Tensor, bias: Tensor) -> Tensor:
        return Rules.last(self, layer, x, bias)


class _CPLRPOfAll(CPLRPRules):
    def last(self, layer: nn.Module, x: Tensor, bias: Tensor) -> Tensor:
        return Rules.last(self, layer, x, bias)


PAIRS = ((AttnLRPRules(), _AttnLRPOfAll()), (CPLRPRules(), _CPLRPOfAll()))
SEQUENCES = ("ACGTTTGACCATTGCA" * 16, "ACGATCGATCAGCTACGACTAG" * 5, "A")


@pytest.fixture
def model(make_checkpoint: Checkpoints) -> DNABERT2:
    return DNABERT2(make_checkpoint(), device="cpu")


def _pass(model: DNABERT2, sequences: tuple[str, ...], rules: Rules) -> tuple[Tensor, Tensor]:
    """Outputs and their gradient."""
    ids = model.encode(sequences)
    words = model.embed(ids).detach().requires_grad_()
    logits = model.network.logits(words, (ids != model.pad).long(), rules)
    (gradient,) = torch.autograd.grad(logits[:, 1].sum(), words)
    return logits.detach(), gradient


class _Counted(TorchDispatchMode):
    """How many numbers matrix products without a bias give: those of the gates and backwards."""

    numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.mm.default:
            self.numbers += made.numel()
        return made


@pytest.mark.parametrize("pair", PAIRS, ids=["attnlrp", "cp-lrp"])
@pytest.mark.parametrize("sequences", [SEQUENCES, SEQUENCES[:1], SEQUENCES[2:]], ids=len)
def test_what_cls_gives_is_all_that_all_positions_give(
    model: DNABERT2, sequences: tuple[str, ...], pair: tuple[Rules, Rules]
) -> None:
    values, gradient = _pass(model, sequences, pair[0])
    values_of_all, gradient_of_all = _pass(model, sequences, pair[1])
    scale = float(gradient_of_all.abs().max())
    # Equal bits, but where a library adds up few rows in another order than many.
    torch.testing.assert_close(values, values_of_all, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(gradient, gradient_of_all, rtol=0, atol=1e-6 * scale)


def test_what_nobody_reads_is_neither_computed_nor_carried_backwards(model: DNABERT2) -> None:
    (rules, of_all), one = PAIRS[0], SEQUENCES[:1]
    assert model.encode(one).shape[1] > 2 * FIRST
    made = []
    for each in (rules, of_all):
        with _Counted() as counted:
            _pass(model, one, each)
        made.append(counted.numbers)
    assert made[0] < 0.9 * made[1]
