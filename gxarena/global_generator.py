"""NumPy's global generator, for libraries that draw from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


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
