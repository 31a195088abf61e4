"""One tokenised sequence: its positions, which of them are special, the nucleotides of the rest.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gxarena.api import Layout
from gxarena.data import Attribution, Bools, Floats, Ints, Spans


@dataclass(frozen=True, eq=False)
class Encoded:
    """One tokenised sequence.

    Every token that is not special is one unit. Where tokens overlap, a token *reads* more
    nucleotides than its unit *owns*: units must partition the sequence.

    Parameters
    ----------
    ids : int array, shape (T,)
        Token ids, special tokens included, no padding.
    is_unit : bool array, shape (T,)
        False for special tokens.
    special : tuple of str
        Names of the special tokens, in order.
    spans : Spans
        The nucleotides each unit owns.
    ends : int array, shape (U,)
        Each token reads the nucleotides from its unit's start to here.
    """

    ids: Ints
    is_unit: Bools
    special: tuple[str, ...]
    spans: Spans
    ends: Ints

    def masked(self, mask: Bools, unknown: int) -> Encoded:
        """The same with every token `unknown` that reads a nucleotide of a masked unit.

        Parameters
        ----------
        mask : bool array, shape (U,)
        unknown : int
            The id that replaces.
        """
        hidden = np.append(0, np.cumsum(np.repeat(mask, self.spans.widths)))
        reads = hidden[self.ends] > hidden[self.spans.boundaries[:-1]]
        ids = self.ids.copy()
        ids[np.flatnonzero(self.is_unit)[reads]] = unknown
        return replace(self, ids=ids)

    def with_units_of(self, other: Encoded) -> Encoded:
        """The same with the tokens of another sequence, repeated from its start or cut to fit."""
        ids = self.ids.copy()
        ids[self.is_unit] = np.resize(other.ids[other.is_unit], len(self.spans))
        return replace(self, ids=ids)

    def layout(self) -> Layout:
        """Where units and special tokens lie among the positions."""
        special = dict(zip(self.special, np.flatnonzero(~self.is_unit).tolist(), strict=True))
        return Layout(np.flatnonzero(self.is_unit), self.spans, special, len(self.ids))

    def attribution(self, positions: Floats, diagnostics: Mapping[str, float]) -> Attribution:
        """Scores of positions, (T or more,), as scores of units and of special tokens.

        What stands after the sequence's own positions is padding and left out.
        """
        scores = positions[: len(self.ids)]
        return Attribution(
            scores=scores[self.is_unit],
            spans=self.spans,
            special=dict(zip(self.special, scores[~self.is_unit].tolist(), strict=True)),
            diagnostics=diagnostics,
        )


def joined(pieces: Sequence[Encoded]) -> Encoded:
    """One sequence of pieces that were tokenised by themselves, with special tokens once."""
    first, last = pieces[0], pieces[-1]
    head, tail = np.argmax(first.is_unit), len(last.ids) - np.argmax(last.is_unit[::-1])
    units = [piece.ids[piece.is_unit] for piece in pieces]
    starts = np.cumsum([0, *(piece.spans.length for piece in pieces[:-1])])
    ends = [piece.spans.boundaries[1:] for piece in pieces]
    return Encoded(
        ids=np.concatenate([first.ids[:head], *units, last.ids[tail:]]),
        is_unit=np.concatenate(
            [first.is_unit[:head], *(np.ones(len(u), np.bool_) for u in units), last.is_unit[tail:]]
        ),
        special=first.special,
        spans=Spans(np.append(0, np.concatenate(_moved(ends, starts)))),
        ends=np.concatenate(_moved([piece.ends for piece in pieces], starts)),
    )


def _moved(places: Sequence[Ints], starts: Ints) -> list[Ints]:
    return [place + start for place, start in zip(places, starts, strict=True)]


def encoded_by_offsets(encoding: Any, length: int) -> Encoded | None:
    """What a tokenizer found, by the offsets that it gives its tokens.

    Parameters
    ----------
    encoding : tokenizers.Encoding
    length : int
        Nucleotides of the sequence.

    Returns
    -------
    Encoded, or None where its tokens do not tile the sequence.
    """
    special = np.array(encoding.special_tokens_mask, dtype=np.bool_)
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)[~special]
    tiles = (
        len(offsets) > 0
        and offsets[0, 0] == 0
        and offsets[-1, 1] == length
        and np.array_equal(offsets[1:, 0], offsets[:-1, 1])
    )
    if not tiles:
        return None
    return Encoded(
        ids=np.array(encoding.ids, dtype=np.int64),
        is_unit=~special,
        special=tuple(np.array(encoding.tokens, dtype=np.object_)[special]),
        spans=Spans(np.append(0, offsets[:, 1])),
        ends=offsets[:, 1],
    )
