"""What planning may know of the model without loading it; imports no torch."""

from __future__ import annotations

from pathlib import Path

from gxarena.hookspecs import Facts
from gxarena_spliceai.distribution import CHECKPOINTS, weights_path

INPUT_LENGTH = 10_001
"""The position itself, and 5,000 nucleotides on either side."""
OUTPUTS = ("neither", "acceptor", "donor")


def describe(checkpoint: str | Path = "1", **_: object) -> Facts:
    """Facts of ``SpliceAIModel(checkpoint)``."""
    return Facts(
        max_length=INPUT_LENGTH,
        n_outputs=len(OUTPUTS),
        files=(str(weights_path(checkpoint)),),
        replicates=CHECKPOINTS if str(checkpoint) == CHECKPOINTS[0] else (),
    )
