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


def has_bfloat16() -> bool:
    """Whether what trains here computes in bfloat16, and does not imitate it at several times the
    cost: a GPU, or a processor without one.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    # Private, and not in every version: one that does not say counts as without.
    return any(bool(getattr(torch.cpu, name, bool)()) for name in asked)


def pick_dtype(name: str) -> torch.dtype:
    """The torch dtype of that name, one of `DTYPES`."""
    check_choice("dtype", name, DTYPES)
    return DTYPES[name]
