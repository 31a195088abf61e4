"""Windows of sequences: where they lie, what they keep, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.data import Interval, Sample
from gxarena.datasets.opening import open_dataset
from gxarena.datasets.windows import _window, windows
from gxarena.errors import InputError
from gxarena.registry import Registry


def test_windows_lie_where_they_are_anchored(registry: Registry) -> None:
    whole = open_dataset("fly-promoters:test")
    for anchor, start in (("start", 0), ("centre", 75), ("end", 150)):
        cut = windows("fly-promoters:test", 100, anchor, registry=registry)
        assert (cut.name, cut.kind) == (f"fly-promoters:test[{anchor} 100]", "promoters")
        for one, other in zip(cut.samples, whole.samples, strict=True):
            assert (one.id, one.label) == (other.id, other.label)
            assert one.sequence == other.sequence[start : start + 100]


@given(
    st.sampled_from(["start", "centre", "end"]),
    st.integers(1, 30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 30)).filter(lambda p: p[0] < p[1])),
)
def test_annotations_cover_the_same_letters(
    anchor: str, length: int, pairs: list[tuple[int, int]]
) -> None:
    annotations = tuple(
        Interval(start, end, f"{i}", "+", tuple(place / 30 for place in range(start, end)))
        for i, (start, end) in enumerate(pairs)
    )
    letters = "".join(chr(65 + i) for i in range(30))  # each its own, so that places are told apart
    cut = _window(Sample("s", letters, 1, annotations), length, anchor)
    assert len(cut.sequence) == length
    kept = {one.name: set(cut.sequence[one.start : one.end]) for one in cut.annotations}
    expected = {
        one.name: overlap
        for one in annotations
        if (overlap := set(letters[one.start : one.end]) & set(cut.sequence))
    }
    assert kept == expected
    for one in cut.annotations:
        assert 0 <= one.start < one.end <= length
        # The information of a letter goes with it.
        places = [letters.index(letter) for letter in cut.sequence[one.start : one.end]]
        assert one.information == tuple(place / 30 for place in places)


def test_columns_of_a_file_are_passed_on(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("dna2,kind\nACGTAC,1\nTTTTGA,0\n")
    cut = windows(
        str(tmp_path / "d.csv"), 2, "end", sequence="dna2", label="kind", registry=registry
    )
    assert [(s.sequence, s.label) for s in cut.samples] == [("AC", 1), ("GA", 0)]


def test_what_cannot_be_cut_is_one_sentence(registry: Registry) -> None:
    with pytest.raises(InputError, match=r"expected at most 250 nucleotides, as sample '.*got 251"):
        windows("fly-promoters", 251, registry=registry)
    with pytest.raises(InputError, match="windows, length: expected at least 1 nucleotide, got 0"):
        windows("fly-promoters", 0, registry=registry)
    with pytest.raises(InputError, match=r"unknown 'center'. Did you mean 'centre'\?"):
        windows("fly-promoters", 10, "center", registry=registry)
