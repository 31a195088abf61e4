"""A model in its flanks: to whoever explains or asks it, one of the region alone.

A sample may name a region inside of what a model reads (`gxarena.data.Sample.flanks`). `in_flanks`
gives a model that takes the region's sequence and writes the flanks around it before the model
proper reads it. Its units are those of the region, so that every explainer and every metric, also
those that know nothing of regions, ask about the region, edit the region and score the region: none
can reach a flank. A token that lies across the region's edge is a unit of the part inside; it comes
and goes whole.

Such a model can do what the model proper can, as the protocols of `gxarena.api` say it.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from gxarena.api import (
    DifferentiableModel,
    Layout,
    MaskableModel,
    Model,
    PiecewiseModel,
    RandomisableModel,
)
from gxarena.data import Bools, Floats, Spans
from gxarena.errors import InputError
from gxarena.samples import NO_FLANKS, Flanks

MOST_LETTERS = 2**28
"""Letters, flanks included, that a model is given at once, unless one sequence has more."""


class Flanked:
    """A model of what lies between two flanks.

    Parameters
    ----------
    model : Model
    flanks : (left, right)

    Attributes
    ----------
    proper : Model
        The model that reads the flanks too.
    flanks : (left, right)
    """

    def __init__(self, model: Any, flanks: Flanks) -> None:
        self.proper, self.flanks = model, flanks

    @property
    def n_outputs(self) -> int:
        return int(self.proper.n_outputs)

    @property
    def max_length(self) -> int | None:
        """Nucleotides between the flanks."""
        limit = self.proper.max_length
        return None if limit is None else limit - sum(map(len, self.flanks))

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """The model's units of what lies between the flanks."""
        wholes = self.proper.spans(self._whole(sequences))
        pairs = zip(wholes, sequences, strict=True)
        return [units_within(whole, *self._place(sequence))[0] for whole, sequence in pairs]

    def predict(self, sequences: Sequence[str]) -> Floats:
        """Raw outputs, shape (B, C)."""
        parts = [self.proper.predict(self._whole(part)) for part in self._portions(sequences)]
        return _joined(parts)

    def _place(self, sequence: str) -> tuple[int, int]:
        """Where a sequence lies between the flanks."""
        start = len(self.flanks[0])
        return start, start + len(sequence)

    def _whole(self, sequences: Sequence[str]) -> list[str]:
        """What the model proper reads; equal ones are one object, as masks ask for many."""
        left, right = self.flanks
        written = {sequence: left + sequence + right for sequence in dict.fromkeys(sequences)}
        return [written[sequence] for sequence in sequences]

    def _portions(self, rows: Sequence[Any]) -> list[Sequence[Any]]:
        """Rows, one a sequence, in bounded pieces: a region's batches say nothing of flanks."""
        around = max(1, sum(map(len, self.flanks)))
        size = max(1, MOST_LETTERS // around)
        return [rows[start : start + size] for start in range(0, max(1, len(rows)), size)]

    def _own_units(self, sequences: Sequence[str]) -> dict[str, tuple[int, slice]]:
        """Of each sequence how many units there are with the flanks, and which lie inside."""
        unique = list(dict.fromkeys(sequences))
        found = zip(unique, self.proper.spans(self._whole(unique)), strict=True)
        return {s: (len(whole), units_within(whole, *self._place(s))[1]) for s, whole in found}


class _Maskable(Flanked):
    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        """Raw outputs with masked units unknown, shape (B, C)."""
        units = self._own_units(sequences)
        rows = list(zip(sequences, masks, strict=True))
        parts = [
            self.proper.predict_masked(
                self._whole([sequence for sequence, _ in part]),
                [_widened(mask, *units[sequence]) for sequence, mask in part],
            )
            for part in self._portions(rows)
        ]
        return _joined(parts)


class _Piecewise(Flanked):
    def predict_pieces(self, sequences: Sequence[str], pieces: Sequence[Spans]) -> Floats:
        """Raw outputs of sequences cut into pieces, the flanks into their own units."""
        whole = self._whole(sequences)
        cut = [
            _cut_around(own, piece, *self._place(sequence))
            for own, piece, sequence in zip(
                self.proper.spans(whole), pieces, sequences, strict=True
            )
        ]
        found: Floats = self.proper.predict_pieces(whole, cut)
        return found


class _Randomisable(Flanked):
    def randomised(self, seed: int) -> Model:
        """A copy that has learned nothing, in the same flanks."""
        return in_flanks(self.proper.randomised(seed), self.flanks)


class _Differentiable(Flanked):
    """All T positions are there, those of flanks too; units are those of the region alone."""

    @property
    def network(self) -> Any:
        return self.proper.network

    @network.setter
    def network(self, network: Any) -> None:
        # Of a copy of this model, on which an explainer works: the model proper stays as it is.
        self.proper = copy.copy(self.proper)
        self.proper.network = network

    @property
    def one_hot(self) -> bool:
        return bool(self.proper.one_hot)

    @property
    def modular(self) -> bool:
        return bool(self.proper.modular)

    @property
    def reference_kinds(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.proper.reference_kinds
        return found

    def encode(self, sequences: Sequence[str]) -> Any:
        return self.proper.encode(self._whole(sequences))

    def embed(self, encoded: Any) -> Any:
        return self.proper.embed(encoded)

    def forward_embedded(self, embedded: Any, encoded: Any) -> Any:
        return self.proper.forward_embedded(embedded, encoded)

    def layouts(self, sequences: Sequence[str]) -> list[Layout]:
        """Where the region's units lie, and special tokens, among all T positions."""
        found = []
        wholes = self.proper.layouts(self._whole(sequences))
        for layout, sequence in zip(wholes, sequences, strict=True):
            spans, units = units_within(layout.spans, *self._place(sequence))
            found.append(Layout(layout.units[units], spans, layout.special, layout.length))
        return found

    def reference(self, sequences: Sequence[str], kind: str) -> Any:
        """Embeddings with every unit of the region replaced; the flanks stay what they are."""
        return self._written(sequences, self.proper.reference(self._whole(sequences), kind))

    def embed_others(self, others: Sequence[str], sequences: Sequence[str]) -> Any:
        """Embeddings of others in the region's place, between these flanks."""
        given = self.proper.embed_others(self._whole(others), self._whole(sequences))
        return self._written(sequences, given)

    def _written(self, sequences: Sequence[str], given: Any) -> Any:
        """The sequences' embeddings (B, T, D), those of their units from another such tensor."""
        embedded = self.embed(self.encode(sequences)).detach().clone()
        for row, other, layout in zip(embedded, given, self.layouts(sequences), strict=True):
            row[layout.units] = other[layout.units].detach().to(row)
        return embedded


_ABLE: tuple[tuple[Any, type[Flanked]], ...] = (
    (MaskableModel, _Maskable),
    (PiecewiseModel, _Piecewise),
    (RandomisableModel, _Randomisable),
    (DifferentiableModel, _Differentiable),
)


def in_flanks(model: Model, flanks: Flanks) -> Model:
    """The model of what lies between these flanks; itself where there are none."""
    if flanks == NO_FLANKS:
        return model
    able = tuple(kind for protocol, kind in _ABLE if isinstance(model, protocol))
    made: Model = _kind(able or (Flanked,))(model, flanks)
    return made


@functools.cache
def _kind(bases: tuple[type[Flanked], ...]) -> type[Flanked]:
    """One class of all that a model can do: protocols ask what a class has."""
    return type("Flanked", bases, {})


def units_within(spans: Spans, start: int, end: int) -> tuple[Spans, slice]:
    """The units of ``[start, end)`` of a sequence, and which of all units they are.

    One that lies across an edge is there with its part inside.
    """
    first = int(np.searchsorted(spans.boundaries, start, side="right")) - 1
    last = int(np.searchsorted(spans.boundaries, end, side="left"))
    inside = np.clip(spans.boundaries[first : last + 1], start, end) - start
    return Spans(inside), slice(first, last)


def _widened(mask: Bools, n_units: int, inside: slice) -> Bools:
    """A mask of the region's units as one of all units, (U,): flanks are never hidden."""
    if len(mask) != inside.stop - inside.start:
        raise InputError(
            f"masks: expected {inside.stop - inside.start} units between the flanks, "
            f"got {len(mask)}."
        )
    whole = np.zeros(n_units, dtype=np.bool_)
    whole[inside] = mask
    return whole


def _cut_around(own: Spans, pieces: Spans, start: int, end: int) -> Spans:
    """Pieces of the region as pieces of all; no edge of the region cuts a token."""
    inside = pieces.boundaries[1:-1] + start
    edges = np.intersect1d(own.boundaries, [start, end])
    outside = own.boundaries[(own.boundaries < start) | (own.boundaries > end)]
    return Spans(np.unique(np.concatenate([outside, edges, inside])))


def _joined(parts: list[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
