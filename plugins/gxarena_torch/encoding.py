"""Letters to codes (see `gxarena.dna`) to one-hot; N and padding have the code 4."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gxarena import dna
from gxarena.dna import ALPHABET, NO_CODE, UNKNOWN, Letters
from gxarena.errors import InputError

_KNOWN = ALPHABET + UNKNOWN


def codes(sequences: Sequence[str], length: int, where: str = "sequence") -> Letters:
    """Codes of the sequences, padded with N on the right; shape (B, length).

    Raises
    ------
    InputError
        An empty or over-long sequence, or a letter other than upper-case ACGTN.
    """
    for sequence in sequences:
        if not 0 < len(sequence) <= length:
            raise InputError(
                f"{where}: expected 1 to {length} nucleotides, got {len(sequence)}. "
                "Crop it, or train a model with a longer input_length."
            )
        if sequence.strip(_KNOWN):
            position = next(i for i, letter in enumerate(sequence) if letter not in _KNOWN)
            raise InputError(
                f"{where}: expected upper-case A, C, G, T or N, got {sequence[position]!r} "
                f"at position {position}."
            )
    encoded = np.full((len(sequences), length), NO_CODE, dtype=np.uint8)
    written = dna.codes(dna.letters(sequences))
    encoded[:, : written.shape[1]] = written
    return encoded


def one_hot(encoded: Tensor) -> Tensor:
    """One-hot float32 (B, 4, L) of codes (B, L) of any integer type; N is a zero column."""
    table = torch.eye(len(ALPHABET) + 1, len(ALPHABET), device=encoded.device)
    return table[encoded.long()].transpose(1, 2).contiguous()
