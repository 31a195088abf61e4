"""Seeds per sample: a result never depends on a sample's neighbours, batch or order."""

from __future__ import annotations

import hashlib


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
