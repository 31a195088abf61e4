"""A one-hot model as tangermeme wants it: a module from (M, 4, L) and targets (M,) to (M, 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from gxarena import objective
from gxarena.api import DifferentiableModel, Model
from gxarena.data import Batch
from gxarena.explainers.references import shuffled
from gxarena_torch.cost import cost
from gxarena_torch.explained_value import ExplainedValue, one_hot


class OneHotValue(nn.Module):
    """The explained value, shape (M, 1), of one-hot sequences (M, 4, L)."""

    def __init__(self, model: DifferentiableModel, what: str) -> None:
        super().__init__()
        self.value = ExplainedValue(model, what)
        # tangermeme puts a module back into its mode, and with it the network.
        self.training = False

    def forward(self, sequences: Tensor, targets: Tensor) -> Tensor:
        """Targets may come as floats: tangermeme casts what it passes on."""
        embedded = sequences.transpose(1, 2)
        found: Tensor = self.value(embedded, embedded, targets.round().long())
        return found[:, None]


def one_hot_value(model: Model, batch: Batch, explainer: str) -> OneHotValue:
    """The batch's value; Unsupported where the model's embeddings are not one-hot."""
    asked = one_hot(model, explainer)
    objective.check_targets(batch.targets, model.n_outputs)
    return OneHotValue(asked, batch.objective)


def encoded(value: OneHotValue, sequences: Sequence[str]) -> Tensor:
    """One-hot (N, 4, T) on the CPU, where tangermeme takes its batches from."""
    model = value.value.model
    found: Tensor = model.embed(model.encode(sequences))
    return found.detach().transpose(1, 2).cpu().contiguous()


def first_position(value: OneHotValue, sequences: Sequence[str]) -> int:
    """Where sequences of one length begin among the T positions; nucleotides lie in a row."""
    return int(value.value.model.layouts(sequences[:1])[0].units[0])


def rows_at_once(value: OneHotValue, sequence: str, most: int) -> int:
    """Rows of a pass: at most `most`, and as many as memory allows (`gxarena_torch.cost`)."""
    return min(most, cost(value.value.model, sequence).backward_rows)


def device_of(value: OneHotValue) -> torch.device:
    """Where the network is."""
    return next(value.parameters()).device


def drawn(batch: Batch, indices: list[int], n: int) -> list[str]:
    """`n` dinucleotide shuffles for each of these sequences, one after the other."""
    return [other for index in indices for other in shuffled(batch.drawn_from[index], n)]


def equal_lengths(batch: Batch) -> Iterator[tuple[list[int], list[str], Tensor]]:
    """The batch's indices, sequences and targets, by length: positions mean the same to all."""
    lengths: dict[int, list[int]] = {}
    for index, sequence in enumerate(batch.sequences):
        lengths.setdefault(len(sequence), []).append(index)
    for indices in lengths.values():
        targets = torch.from_numpy(batch.targets[indices])
        yield indices, [batch.sequences[index] for index in indices], targets
