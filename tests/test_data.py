"""The types refuse what cannot be, and protect what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maps import explained_maps

from gxarena.data import Attribution, Batch, Explained, Interval, Spans
from gxarena.errors import InputError

WIDTHS = st.lists(st.integers(1, 6), min_size=1, max_size=8)


@pytest.mark.parametrize("boundaries", [[0], [1, 2], [0, 2, 2], [0, 3, 2], [[0, 1]], []])
def test_what_is_no_partition_is_refused(boundaries: list[int]) -> None:
    with pytest.raises(InputError, match="Spans: expected"):
        Spans(np.array(boundaries))


@pytest.mark.parametrize("information", [(1.0,), (0.5, 1.1), (-0.1, 0.0), (np.nan, 1.0)])
def test_an_interval_s_information_is_a_share_a_nucleotide(information: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"'m', information: expected 2 numbers from 0 to 1"):
        Interval(3, 5, "m", "+", information)
    assert Interval(3, 5, "m", "+", (0.0, 1.0)) != Interval(3, 5, "m", "+")


def test_spans_tell_length_widths_and_owners() -> None:
    spans = Spans(np.array([0, 2, 3, 7]))
    assert (len(spans), spans.length) == (3, 7)
    assert spans.widths.tolist() == [2, 1, 4]
    assert spans.widths is spans.widths
    with pytest.raises(ValueError, match="read-only"):
        spans.widths[0] = 3
    assert spans.owner.tolist() == [0, 0, 1, 2, 2, 2, 2]
    assert spans == Spans(np.array([0, 2, 3, 7]))
    assert spans != Spans.nucleotides(7)
    assert Spans.nucleotides(7).refines(spans)
    assert not spans.refines(Spans.nucleotides(7))
    assert not Spans.nucleotides(6).refines(spans)


@given(WIDTHS, WIDTHS)
def test_spans_agree_with_a_list_of_letters(widths: list[int], others: list[int]) -> None:
    spans, other = Spans(np.cumsum([0, *widths])), Spans(np.cumsum([0, *others]))
    letters = [unit for unit, width in enumerate(widths) for _ in range(width)]
    assert spans.owner.tolist() == letters
    assert spans.widths.tolist() == [letters.count(unit) for unit in range(len(widths))]
    assert (len(spans), spans.length) == (len(widths), len(letters))
    assert (spans == other) == (widths == others)
    # A refinement puts no two letters in one unit that the coarser partition parts.
    parted = [unit for unit, width in enumerate(others) for _ in range(width)]
    nested = len(letters) == len(parted) and all(
        len({parted[i] for i, unit in enumerate(letters) if unit == mine}) == 1
        for mine in range(len(widths))
    )
    assert spans.refines(other) == nested


def test_spans_are_read_only_and_never_a_key() -> None:
    mine = np.array([0, 1, 3])
    spans = Spans(mine)
    mine[1] = 2
    assert spans.boundaries.tolist() == [0, 1, 3]
    with pytest.raises(ValueError, match="read-only"):
        spans.boundaries[1] = 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(spans)
    assert spans != [0, 1, 3]
    with pytest.raises(InputError, match="Spans: expected"):
        Spans.nucleotides(0)


def test_arrays_are_copied_and_read_only() -> None:
    mine = np.array([1.0, 2.0])
    attribution = Attribution(mine, Spans.nucleotides(2))
    mine[0] = 9
    assert attribution.scores.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        attribution.scores[0] = 3


def test_hypothetical_contributions_are_copied_and_read_only() -> None:
    mine = np.ones((2, 4))
    hypothetical = Attribution(np.zeros(2), Spans.nucleotides(2), hypothetical=mine).hypothetical
    mine[0] = 9
    assert hypothetical is not None
    assert hypothetical.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        hypothetical[0, 0] = 3


def test_no_metric_edits_what_the_next_one_reads() -> None:
    outputs, targets = np.array([[1.0, 2.0]]), np.array([1])
    whole = explained_maps([[1.0, 2.0]])
    explained = Explained(whole.samples, whole.attributions, targets, outputs)
    outputs[0, 0], targets[0] = 9, 0
    assert (explained.outputs.tolist(), explained.targets.tolist()) == ([[1, 2]], [1])
    for array in (explained.outputs, explained.targets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3


def test_scores_of_any_number_type_become_floats_of_full_precision() -> None:
    assert Attribution([1, 2], Spans.nucleotides(2)).scores.dtype == np.float64  # type: ignore[arg-type]
    single = np.array([0.1, 0.2], dtype=np.float32)
    single.setflags(write=False)
    assert np.array_equal(Attribution(single, Spans.nucleotides(2)).scores, single)


def test_other_scores_keep_what_else_is_known() -> None:
    known = Attribution(np.zeros(2), Spans.nucleotides(2), {"[CLS]": 1.0}, None, {"explained": 2.0})
    moved = known.with_scores(np.array([3.0]), Spans(np.array([0, 2])))
    assert (moved.scores.tolist(), len(moved.spans)) == ([3.0], 1)
    assert (moved.special, moved.diagnostics) == ({"[CLS]": 1.0}, {"explained": 2.0})
    assert known.with_scores(np.ones(2)).spans is known.spans
    with pytest.raises(InputError, match="expected one score for each of 2 units"):
        known.with_scores(np.ones(3))


def test_sets_know_their_size_and_sequences() -> None:
    whole = explained_maps([[1.0], [2.0, 3.0]])
    assert (len(whole), whole.sequences) == (2, ("A", "AA"))
    other = whole.with_attributions([a.with_scores(-a.scores) for a in whole.attributions])
    assert [a.scores.tolist() for a in other.attributions] == [[-1], [-2, -3]]
    assert other.samples == whole.samples
    assert len(Batch(("A", "C", "G"), np.zeros(3, dtype=np.int64))) == 3


def test_shapes_must_fit() -> None:
    with pytest.raises(InputError, match=r"expected one score for each of 2 units, got .*\(3,\)"):
        Attribution(np.zeros(3), Spans.nucleotides(2))
    with pytest.raises(InputError, match=r"expected hypothetical contributions of shape \(2, 4\)"):
        Attribution(np.zeros(2), Spans.nucleotides(2), hypothetical=np.zeros((4, 2)))
    whole = explained_maps([[1.0], [2.0]])
    with pytest.raises(InputError, match="as many samples as attributions"):
        Explained(whole.samples, whole.attributions[:1], whole.targets, whole.outputs)
