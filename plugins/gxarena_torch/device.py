"""Where a network computes, and in which precision."""

from __future__ import annotations

import torch

from gxarena.errors import InputError, check_choice

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def pick_device(name: str) -> torch.device:
    """The torch device of that name; "auto" is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"device: expected 'auto' or a device that is there, got '{name}'. Try 'cpu'."
        ) from error
    return device


def pick_dtype(name: str) -> torch.dtype:
    """The torch dtype of that name, one of `DTYPES`."""
    check_choice("dtype", name, DTYPES)
    return DTYPES[name]
