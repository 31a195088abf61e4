from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from gxarena.errors import InputError
from gxarena_torch.outline import outlined


def test_shapes_without_values() -> None:
    network = outlined(lambda: nn.Linear(10**9, 10**4), Path("folder"))
    assert network.weight.shape == (10**4, 10**9)
    assert network.weight.device == torch.device("meta")
    assert nn.Linear(1, 1).weight.device != torch.device("meta")


@pytest.mark.parametrize("size", [2**53 + 1, 2**63 - 1, 2**64])
def test_what_torch_cannot_count(size: int) -> None:
    with pytest.raises(InputError, match=r"^folder: expected a network that some memory holds"):
        outlined(lambda: nn.Linear(size, 2**20), Path("folder"))
