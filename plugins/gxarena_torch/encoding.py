"""Letters to codes (see `gxarena.dna`) to one-hot; N and padding have the code 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor

from gxarena import dna
from gxarena.dna import ALPHABET, NO_CODE, UNKNOWN, Letters
from gxarena.errors import InputError

_KNOWN = ALPHABET + UNKNOWN
_IS_KNOWN = np.isin(np.arange(256), np.frombuffer(_KNOWN.encode(), dtype=np.uint8))


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
        if not sequence.isascii():
            _refuse(sequence, where)
    encoded = np.full((len(sequences), length), NO_CODE, dtype=np.uint8)
    letters = dna.letters(sequences)
    n_known = _IS_KNOWN[letters].sum(axis=1)
    for sequence, known in zip(sequences, n_known.tolist(), strict=True):
        if known != len(sequence):
            _refuse(sequence, where)
    encoded[:, : letters.shape[1]] = dna.codes(letters)
    return encoded


def _refuse(sequence: str, where: str) -> NoReturn:
    """Say which letter of a sequence is none of nucleotides."""
    position = next(i for i, letter in enumerate(sequence) if letter not in _KNOWN)
    raise InputError(
        f"{where}: expected upper-case A, C, G, T or N, got {sequence[position]!r} "
        f"at position {position}."
    )


def one_hot(encoded: Tensor) -> Tensor:
    """One-hot float32 (B, 4, L) of codes (B, L) of any integer type; N is a zero column."""
    table = torch.eye(len(ALPHABET) + 1, len(ALPHABET), device=encoded.device)
    return table[encoded.long()].transpose(1, 2).contiguous()
