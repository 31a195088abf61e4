from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gxarena.data import Spans
from gxarena_torch.tokens import Encoded, encoded_by_offsets, joined


def _overlapping() -> Encoded:
    """Three 3-mers of five nucleotides between [CLS] and [SEP]."""
    is_unit = np.array([False, True, True, True, False])
    spans, ends = Spans(np.array([0, 1, 2, 5])), np.array([3, 4, 5])
    return Encoded(np.arange(20, 25), is_unit, ("[CLS]", "[SEP]"), spans, ends)


@pytest.mark.parametrize(
    ("mask", "ids"),
    [
        ([False, False, False], [20, 21, 22, 23, 24]),
        ([True, False, False], [20, 0, 22, 23, 24]),
        ([False, True, False], [20, 0, 0, 23, 24]),
        ([False, False, True], [20, 0, 0, 0, 24]),
    ],
)
def test_whatever_reads_a_masked_nucleotide_is_replaced(mask: list[bool], ids: list[int]) -> None:
    encoded = _overlapping()
    assert encoded.masked(np.array(mask), 0).ids.tolist() == ids
    assert encoded.ids.tolist() == [20, 21, 22, 23, 24], "the original stays"


def test_positions_become_units_and_special_tokens_without_padding() -> None:
    attribution = _overlapping().attribution(np.arange(7.0), {"explained": 2.0})
    assert attribution.scores.tolist() == [1.0, 2.0, 3.0]
    assert attribution.special == {"[CLS]": 0.0, "[SEP]": 4.0}
    assert attribution.diagnostics == {"explained": 2.0}
    layout = _overlapping().layout()
    assert layout.units.tolist() == [1, 2, 3]
    assert layout.special == {"[CLS]": 0, "[SEP]": 4}
    assert layout.length == 5


def _piece(ids: list[int], boundaries: list[int], tail: int = 1) -> Encoded:
    """Tokens between [CLS], 1, and `tail` times [SEP], 2."""
    is_unit = np.array([False, *[True] * len(ids), *[False] * tail])
    spans = Spans(np.array(boundaries))
    special = ("[CLS]", *["[SEP]"] * tail)
    return Encoded(np.array([1, *ids, *[2] * tail]), is_unit, special, spans, spans.boundaries[1:])


def test_pieces_are_joined_with_special_tokens_once() -> None:
    found = joined([_piece([5, 6], [0, 2, 3]), _piece([7], [0, 4]), _piece([8, 5], [0, 1, 3])])
    assert found.ids.tolist() == [1, 5, 6, 7, 8, 5, 2]
    assert found.is_unit.tolist() == [False, True, True, True, True, True, False]
    assert found.special == ("[CLS]", "[SEP]")
    assert found.spans.boundaries.tolist() == [0, 2, 3, 7, 8, 10]
    assert found.ends.tolist() == [2, 3, 7, 8, 10]


def test_a_piece_alone_is_itself() -> None:
    for tail in (0, 1, 2):
        piece = _piece([5, 6], [0, 2, 3], tail)
        found = joined([piece])
        for name in ("ids", "is_unit", "ends"):
            assert getattr(found, name).tolist() == getattr(piece, name).tolist()
        assert (found.spans, found.special) == (piece.spans, piece.special)


def _encoding(**changes: Any) -> Any:
    given = {
        "ids": [1, 5, 6, 2],
        "tokens": ["[CLS]", "AC", "G", "[SEP]"],
        "offsets": [(0, 0), (0, 2), (2, 3), (0, 0)],
        "special_tokens_mask": [1, 0, 0, 1],
    }
    return SimpleNamespace(**(given | changes))


def test_offsets_become_spans() -> None:
    found = encoded_by_offsets(_encoding(), 3)
    assert found is not None
    assert found.spans.boundaries.tolist() == [0, 2, 3]
    assert found.special == ("[CLS]", "[SEP]")
    assert found.masked(np.array([True, False]), 0).ids.tolist() == [1, 0, 6, 2]


@pytest.mark.parametrize(
    ("offsets", "length"),
    [
        ([(0, 0), (0, 1), (2, 3), (0, 0)], 3),  # a gap
        ([(0, 0), (0, 2), (1, 3), (0, 0)], 3),  # an overlap
        ([(0, 0), (1, 2), (2, 3), (0, 0)], 3),  # a late start
        ([(0, 0), (0, 2), (2, 3), (0, 0)], 4),  # an early end
    ],
)
def test_offsets_that_do_not_tile(offsets: list[tuple[int, int]], length: int) -> None:
    assert encoded_by_offsets(_encoding(offsets=offsets), length) is None


def test_nothing_tokenised_tiles_nothing() -> None:
    nothing = _encoding(ids=[], tokens=[], offsets=[], special_tokens_mask=[])
    assert encoded_by_offsets(nothing, 3) is None
