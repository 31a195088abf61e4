from __future__ import annotations

import pytest
import torch

from gxarena.errors import InputError
from gxarena_torch.device import pick_device, pick_dtype


def test_a_device_by_name() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["nope", "cuda:99"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError, match=rf"got '{name}'\. Try 'cpu'"):
        pick_device(name)


def test_an_unknown_precision() -> None:
    assert pick_dtype("bfloat16") is torch.bfloat16
    with pytest.raises(InputError, match="dtype: unknown 'float8'"):
        pick_dtype("float8")
