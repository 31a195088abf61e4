"""Seeded inside, untouched outside, also where something fails."""

from __future__ import annotations

import contextlib

import torch

from gxarena_torch.seeds import torch_seeded


def test_seeded_inside_and_as_before_afterwards() -> None:
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    with torch_seeded(7):
        inside = torch.rand(3)
    with contextlib.suppress(ValueError), torch_seeded(8):
        raise ValueError
    assert torch.equal(torch.rand(2), expected)
    with torch_seeded(7):
        assert torch.equal(torch.rand(3), inside)
