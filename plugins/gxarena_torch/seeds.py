"""torch's random numbers from a seed, and none of anybody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torch_seeded(seed: int) -> Iterator[None]:
    """torch's global generators seeded inside the block, and as they were afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
