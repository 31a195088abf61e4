from __future__ import annotations

import subprocess
import sys
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


def drawn() -> nn.Module:
    """Layers whose weights torch draws in each way, one of them by a method of the tensor."""
    layers = nn.Sequential(
        nn.Embedding(5, 4), nn.Conv1d(4, 3, 2), nn.Bilinear(2, 2, 2), nn.LSTM(3, 2), nn.LayerNorm(3)
    )
    nn.init.trunc_normal_(layers[2].weight, std=0.02)
    nn.init.kaiming_uniform_(tensor=layers[1].weight)
    layers[0].weight.data.normal_(0.0, 0.02)
    return layers


def test_its_outline_is_that_of_the_network_itself() -> None:
    def shapes(network: nn.Module) -> dict[str, tuple[object, object]]:
        return {name: (w.shape, w.dtype) for name, w in network.state_dict().items()}

    assert shapes(outlined(drawn, Path("folder"))) == shapes(drawn())


def test_no_weights_are_drawn_and_so_torchs_compiler_is_not_loaded() -> None:
    program = (
        "import sys; from pathlib import Path; from torch import nn\n"
        "from gxarena_torch.outline import outlined\n"
        "outlined(lambda: nn.Sequential(nn.Embedding(5, 4), nn.Conv1d(4, 3, 2)), Path('folder'))\n"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]


def test_weights_are_drawn_as_ever_once_the_outline_is_made() -> None:
    outlined(drawn, Path("folder"))
    torch.manual_seed(0)
    assert nn.init.normal_(torch.zeros(100)).std() > 0.5


def test_what_a_constructor_draws_in_memory_is_drawn() -> None:
    def made() -> nn.Module:
        assert torch.zeros(100, device="cpu").normal_().std() > 0.5
        return nn.Linear(2, 3)

    assert outlined(made, Path("folder")).weight.is_meta
