from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from gxarena_cnn.composites import MergeBatchNorm
from gxarena_torch.lazy_zennit import SequentialMergeBatchNorm


def test_no_merged_weights_stay_whatever_zennit_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """As zennit 1.0 does with a rule's parameters, whatever version is installed."""

    def register(self: Any, linears: tuple[nn.Module, ...], batch_norm: nn.Module) -> None:
        self.linears, self.batch_norm = linears, batch_norm
        self.before = [linear.weight for linear in linears]
        for linear in linears:
            linear.weight = nn.Parameter(2 * linear.weight)

    def remove(self: Any) -> None:
        for linear, weight in zip(self.linears, self.before, strict=True):
            object.__setattr__(linear, "weight", weight)

    monkeypatch.setattr(SequentialMergeBatchNorm, "register", register)
    monkeypatch.setattr(SequentialMergeBatchNorm, "remove", remove)
    linear, batch_norm = nn.Linear(3, 2), nn.BatchNorm1d(2)
    weight = linear.weight
    merging = MergeBatchNorm()
    merging.register((linear,), batch_norm)
    merging.remove()
    assert linear.state_dict(keep_vars=True)["weight"] is weight
    assert "weight" not in vars(linear)
    assert torch.equal(linear.weight, weight)
    assert batch_norm.eps == 1e-5
