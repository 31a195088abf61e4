"""Data augmentation: the other strand, shifts, masked nucleotides; all drawn at random."""

from __future__ import annotations

import torch
from torch import Tensor

from gxarena.dna import NO_CODE
from gxarena_cnn.training.settings import Settings


def augment(encoded: Tensor, settings: Settings) -> Tensor:
    """Codes (N, L), changed as `settings` say; torch's global generator draws."""
    n, length = encoded.shape
    if settings.reverse_complement:
        other = torch.rand(n, 1).to(encoded.device) < 0.5
        encoded = torch.where(other, reverse_complement(encoded), encoded)
    if settings.shift:
        by = torch.randint(-settings.shift, settings.shift + 1, (n, 1)).to(encoded.device)
        source = torch.arange(length, device=encoded.device) + by
        inside = (source >= 0) & (source < length)
        moved = encoded.gather(1, source.clamp(0, length - 1))
        encoded = torch.where(inside, moved, NO_CODE)
    if settings.mask:
        masked = torch.rand(n, length).to(encoded.device) < settings.mask
        encoded = encoded.masked_fill(masked, NO_CODE)
    return encoded


def reverse_complement(encoded: Tensor) -> Tensor:
    """Codes (N, L) of the other strand, read from its 5' end."""
    flipped = encoded.flip(-1)
    return torch.where(flipped == NO_CODE, flipped, 3 - flipped)
