"""Letters to codes to one-hot. Codes: A, C, G, T = 0..3, N and padding = 4."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gxarena.errors import InputError

ALPHABET = "ACGT"
UNKNOWN = 4
_INVALID = 255

_CODES = np.full(256, _INVALID, dtype=np.uint8)
_CODES[np.frombuffer(b"ACGTN", dtype=np.uint8)] = np.arange(5)


def codes(sequences: Sequence[str], length: int, where: str = "sequence") -> NDArray[np.uint8]:
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
    # A letter outside Latin-1 becomes '?', which is no nucleotide either.
    text = "".join(sequence.ljust(length, "N") for sequence in sequences)
    raw = np.frombuffer(text.encode("latin-1", errors="replace"), dtype=np.uint8)
    encoded = _CODES[raw].reshape(len(sequences), length)
    invalid = np.argwhere(encoded == _INVALID)
    if len(invalid):
        row, position = map(int, invalid[0])
        raise InputError(
            f"{where}: expected upper-case A, C, G, T or N, got {sequences[row][position]!r} "
            f"at position {position}."
        )
    return encoded


def one_hot(encoded: Tensor) -> Tensor:
    """One-hot float32 (B, 4, L) of codes (B, L) of any integer type; N is a zero column."""
    table = torch.eye(5, 4, device=encoded.device)
    return table[encoded.long()].transpose(1, 2).contiguous()


def reverse_complement(encoded: Tensor) -> Tensor:
    """Codes (B, L) of the other strand, read from its 5' end."""
    flipped = encoded.flip(-1)
    return torch.where(flipped == UNKNOWN, flipped, 3 - flipped)
