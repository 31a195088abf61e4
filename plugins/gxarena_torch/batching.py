"""Sequences of different length in micro-batches that hold little padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from gxarena_torch.tokens import Encoded

MOST_PADDING = 0.2
"""Padding that a batch may hold, as a share of its real positions."""

ENOUGH = 8
"""Sequences in a batch before padding is worth another call."""


def batches_by_length(
    lengths: Sequence[int], most_positions: int, most_padding: float = MOST_PADDING
) -> Iterator[list[int]]:
    """Indices of sequences of similar length.

    Neighbours in length share a batch, and a batch of some size ends where the next sequence
    would pad it by more than `most_padding`.

    Parameters
    ----------
    lengths : sequence of int
        Positions of each sequence.
    most_positions : int
        Of a batch, padding included; a longer sequence is a batch of its own.
    most_padding : float
        With 0, sequences of one length alone share a batch.
    """
    enough = ENOUGH if most_padding else 1
    batch: list[int] = []
    real = 0
    for index in np.argsort(lengths, kind="stable").tolist():
        # Rising lengths: the newcomer is the longest.
        positions = (len(batch) + 1) * lengths[index]
        padded_out = positions > (1 + most_padding) * (real + lengths[index])
        if batch and (positions > most_positions or (padded_out and len(batch) >= enough)):
            yield batch
            batch, real = [], 0
        batch.append(index)
        real += lengths[index]
    if batch:
        yield batch


def padded(encoded: Sequence[Encoded], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids (B, T), padded on the right with `pad`, and mask (B, T), 1 where there is no padding."""
    ids = pad_sequence([torch.from_numpy(one.ids) for one in encoded], True, pad)
    lengths = torch.tensor([len(one.ids) for one in encoded])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    return ids.to(device), mask.to(device)
