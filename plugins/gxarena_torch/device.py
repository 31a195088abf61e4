"""Where a network runs."""

from __future__ import annotations

import torch

from gxarena.errors import InputError


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
