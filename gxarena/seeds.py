"""Seeds per sample: a result never depends on a sample's neighbours, batch or order."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import ModuleType

import numpy as np


def sample_seed(seed: int, stage: str, sample_id: str) -> int:
    """A 63-bit seed for one sample at one stage, equal on every machine and Python version.

    Parameters
    ----------
    seed : int
        The suite's seed.
    stage : str
        What the random numbers are for, e.g. ``"explain/random"``.
    sample_id : str
        The sample's id.
    """
    text = f"{seed}\x1f{stage}\x1f{sample_id}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


@contextmanager
def numpy_seeded(seed: int) -> Iterator[int]:
    """The global generator seeded inside the block, and as it was afterwards.

    Yields
    ------
    int
        The 32-bit seed that was used, for libraries that want to seed it themselves.
    """
    before = np.random.get_state()
    short = seed % 2**32
    np.random.seed(short)
    try:
        yield short
    finally:
        np.random.set_state(before)


@contextmanager
def all_seeded(seed: int) -> Iterator[None]:
    """Python's, numpy's and, where it is loaded, torch's global generators likewise.

    For who draws from them all the same: the same numbers then, whatever ran before it.
    """
    torch, before = sys.modules.get("torch"), random.getstate()
    lent = torch.random.fork_rng(_gpus(torch)) if torch else nullcontext()
    with numpy_seeded(seed) as short, lent:
        try:
            random.seed(short)
            if torch:
                torch.manual_seed(short)
            yield
        finally:
            random.setstate(before)


def _gpus(torch: ModuleType) -> list[int]:
    """Devices whose generators are in use; asked of no GPU that nobody has."""
    return list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
