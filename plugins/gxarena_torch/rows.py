"""Micro-batches of sequences of similar length, with all that a gradient method needs of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gxarena.api import Layout
from gxarena.data import Batch
from gxarena.explainers.references import SHUFFLES, shuffled
from gxarena_torch.cost import cost
from gxarena_torch.explained_value import ExplainedValue


@dataclass(frozen=True, eq=False)
class Rows:
    """A micro-batch of b sequences on the model's device.

    Parameters
    ----------
    value : ExplainedValue
        Of the model that they are for.
    indices : tuple of b int
        Which of the batch's sequences they are.
    sequences : tuple of b str
    drawn_from : tuple of b str
        What dinucleotide shuffles are drawn from.
    layouts : tuple of b Layout
    embedded : float tensor, shape (b, T, D)
    encoded : tensor, shape (b, ...)
    targets : int tensor, shape (b,)
    seeds : tuple of b int
        The samples' own.
    most_positions : int
        Of a pass through the network.
    """

    value: ExplainedValue
    indices: tuple[int, ...]
    sequences: tuple[str, ...]
    drawn_from: tuple[str, ...]
    layouts: tuple[Layout, ...]
    embedded: Tensor
    encoded: Tensor
    targets: Tensor
    seeds: tuple[int, ...]
    most_positions: int

    def __len__(self) -> int:
        return len(self.indices)

    def references(self, kind: str, n: int) -> Tensor:
        """Embeddings of `n` references of each sequence, shape (b, n, T, D).

        Of all kinds but dinucleotide shuffles there is one: n must be 1.
        """
        model = self.value.model
        if kind != SHUFFLES:
            found: Tensor = model.reference(self.sequences, kind)
            return found.to(self.embedded)[:, None]
        others = [other for sequence in self.drawn_from for other in shuffled(sequence, n)]
        repeated = [sequence for sequence in self.sequences for _ in range(n)]
        laid: Tensor = model.embed_others(others, repeated)
        return grouped(laid.to(self.embedded), n)

    def units(self) -> Tensor:
        """Whether each position is a unit, bool, shape (b, T)."""
        found = torch.zeros(self.embedded.shape[:2], dtype=torch.bool)
        for row, layout in zip(found, self.layouts, strict=True):
            row[torch.from_numpy(layout.units)] = True
        return found.to(self.embedded.device)


def micro_batches(
    value: ExplainedValue, batch: Batch, max_positions: int, per_sequence: int = 1
) -> Iterator[Rows]:
    """The batch in pieces of at most `max_positions` positions, but of one sequence at least.

    Fewer, where a backward pass through the network would keep too much (`gxarena_torch.cost`).

    Parameters
    ----------
    per_sequence : int
        Rows that one sequence takes in a pass through the network.
    """
    layouts = value.model.layouts(batch.sequences)
    order = np.argsort([layout.length for layout in layouts], kind="stable").tolist()
    takes = cost(value.model, batch.sequences[order[-1]])
    # What a position takes never falls with length, so that shorter sequences fit too.
    most = min(max_positions, takes.backward_rows * layouts[order[-1]].length)
    chosen: list[int] = []
    for index in order:
        # Rising lengths: the newcomer is the longest.
        if chosen and (len(chosen) + 1) * layouts[index].length * per_sequence > most:
            yield _rows(value, batch, chosen, layouts, most)
            chosen = []
        chosen.append(index)
    if chosen:
        yield _rows(value, batch, chosen, layouts, most)


def repeat(tensor: Tensor, n: int) -> Tensor:
    """Each row n times in a row."""
    return tensor.repeat_interleave(n, dim=0)


def grouped(tensor: Tensor, n: int) -> Tensor:
    """What became of repeated rows, by what they came from: (b * n, ...) to (b, n, ...)."""
    return tensor.reshape(-1, n, *tensor.shape[1:])


def _rows(
    value: ExplainedValue,
    batch: Batch,
    indices: list[int],
    layouts: Sequence[Layout],
    most_positions: int,
) -> Rows:
    sequences = tuple(batch.sequences[index] for index in indices)
    encoded: Tensor = value.model.encode(sequences)
    embedded: Tensor = value.model.embed(encoded)
    # In float32 at least: steps along a path would be lost in half precision.
    dtype = torch.promote_types(embedded.dtype, torch.float32)
    return Rows(
        value,
        tuple(indices),
        sequences,
        tuple(batch.drawn_from[index] for index in indices),
        tuple(layouts[index] for index in indices),
        embedded.detach().to(dtype),
        encoded,
        torch.from_numpy(batch.targets[indices]).to(embedded.device),
        tuple(batch.seeds[indices].tolist()) if len(batch.seeds) else (0,) * len(indices),
        most_positions,
    )
