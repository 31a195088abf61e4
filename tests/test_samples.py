"""Samples: the region that is explained, inside its flanks, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError

LETTERS = "".join(chr(65 + i) for i in range(26))  # each its own, so that places are told apart


@st.composite
def _regions(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(st.integers(0, 25))
    return start, draw(st.integers(start + 1, 26))


@given(_regions(), _regions())
def test_a_region_is_a_sequence_with_its_annotations_and_its_flanks(
    region: tuple[int, int], annotation: tuple[int, int]
) -> None:
    information = tuple(place / 26 for place in range(*annotation))
    whole = Sample("s", LETTERS, 1, (Interval(*annotation, "M", "+", information),))
    cut = whole.within(*region)
    assert cut.flanks[0] + cut.sequence + cut.flanks[1] == LETTERS
    assert cut.sequence == LETTERS[slice(*region)]
    marked = set(LETTERS[slice(*annotation)]) & set(cut.sequence)
    assert {letter for a in cut.annotations for letter in cut.sequence[a.start : a.end]} == marked
    for one in cut.annotations:
        places = [LETTERS.index(letter) for letter in cut.sequence[one.start : one.end]]
        assert one.information == tuple(place / 26 for place in places)
    assert cut.whole.sequence == LETTERS
    if region == (0, 26):
        assert cut == whole
        assert cut.region is None
    else:
        assert cut.region is not None
        assert (cut.region.start, cut.region.end) == region


def test_annotations_return_to_their_places() -> None:
    whole = Sample("s", LETTERS, 1, (Interval(5, 9, "M", "-"),))
    assert whole.within(3, 20).whole == whole


def test_a_region_of_a_region_keeps_all_that_the_model_reads() -> None:
    once, twice = Sample("s", LETTERS).within(4, 14), Sample("s", LETTERS).within(2, 20)
    assert twice.within(2, 12) == once


@pytest.mark.parametrize("region", [(-1, 4), (4, 4), (5, 3), (0, 27), (26, 27)])
def test_a_region_lies_within_its_sequence(region: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"sample 's', region: expected .* 26 nucleotides"):
        Sample("s", LETTERS).within(*region)


def test_what_a_model_reads_around_a_region_counts_in_a_data_set() -> None:
    plain = Dataset("d", (Sample("s", "ACGT"),))
    flanked = Dataset("d", (Sample("s", "AACGTT").within(1, 5),))
    assert flanked.samples[0].sequence == plain.samples[0].sequence
    assert flanked.digest != plain.digest
    assert Dataset("d", (Sample("s", "ACGT").within(0, 4),)).digest == plain.digest
    assert flanked.whole.samples[0] == Sample("s", "AACGTT")
