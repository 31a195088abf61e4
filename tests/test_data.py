"""The types refuse what cannot be, and protect what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from maps import explained_maps

from gxarena.data import Attribution, Explained, Spans
from gxarena.errors import InputError


@pytest.mark.parametrize("boundaries", [[0], [1, 2], [0, 2, 2], [0, 3, 2], [[0, 1]], []])
def test_what_is_no_partition_is_refused(boundaries: list[int]) -> None:
    with pytest.raises(InputError, match="Spans: expected"):
        Spans(np.array(boundaries))


def test_spans_tell_length_widths_and_owners() -> None:
    spans = Spans(np.array([0, 2, 3, 7]))
    assert (len(spans), spans.length) == (3, 7)
    assert spans.widths.tolist() == [2, 1, 4]
    assert spans.owner.tolist() == [0, 0, 1, 2, 2, 2, 2]
    assert spans == Spans(np.array([0, 2, 3, 7]))
    assert spans != Spans.nucleotides(7)
    assert Spans.nucleotides(7).refines(spans)
    assert not spans.refines(Spans.nucleotides(7))
    assert not Spans.nucleotides(6).refines(spans)


def test_arrays_are_copied_and_read_only() -> None:
    mine = np.array([1.0, 2.0])
    attribution = Attribution(mine, Spans.nucleotides(2))
    mine[0] = 9
    assert attribution.scores.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        attribution.scores[0] = 3


def test_shapes_must_fit() -> None:
    with pytest.raises(InputError, match=r"expected one score for each of 2 units, got .*\(3,\)"):
        Attribution(np.zeros(3), Spans.nucleotides(2))
    with pytest.raises(InputError, match=r"expected hypothetical contributions of shape \(2, 4\)"):
        Attribution(np.zeros(2), Spans.nucleotides(2), hypothetical=np.zeros((4, 2)))
    whole = explained_maps([[1.0], [2.0]])
    with pytest.raises(InputError, match="as many samples as attributions"):
        Explained(whole.samples, whole.attributions[:1], whole.targets, whole.outputs)
