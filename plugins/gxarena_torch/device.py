"""Where a network computes, and in which precision."""

from __future__ import annotations

import ctypes
import sys

import torch

from gxarena.errors import InputError, check_choice

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

KEPT = 2**28
"""Bytes of freed memory that a process keeps, and of the largest block that is kept."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of <malloc.h>
_MOST_OF_OLD_ONES = 2**25
"""Older versions of the GNU library refuse more."""


def pick_device(name: str) -> torch.device:
    """The torch device of that name; "auto" is a GPU where there is one."""
    keep_freed_memory()
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


def keep_freed_memory() -> None:
    """Let the C library keep what activations have given back, for those of the next operation.

    Else it returns large blocks to the system, which hands them out again page by page, all zeros:
    a sixth of AttnLRP's time on 1,024 tokens at 117M, and of 128 or 256 rows of the bundled CNN a
    pass took 1.7 times as long. Of the GNU library; to others this is nothing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt and any(mallopt(_MMAP_THRESHOLD, size) for size in (KEPT, _MOST_OF_OLD_ONES)):
        mallopt(_TRIM_THRESHOLD, KEPT)


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
