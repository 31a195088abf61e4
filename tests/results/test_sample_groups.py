"""Which samples belong together, against a plain search over all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.errors import InputError
from gxarena.results.sample_groups import groups_of, names_of_groups

PLACES = st.lists(
    st.tuples(st.sampled_from(["chr1", "chr2R"]), st.integers(1, 60), st.integers(0, 9)),
    min_size=1,
    max_size=12,
)


def _same(ids: list[str], grouping: str) -> set[tuple[int, int]]:
    groups = groups_of(ids, grouping, "datasets.d")
    pairs = itertools.combinations(range(len(ids)), 2)
    return {(i, j) for i, j in pairs if groups[i] == groups[j]}


@given(PLACES)
def test_groups_are_chains_of_overlaps_or_chromosomes(places: list[tuple[str, int, int]]) -> None:
    ids = [f"{name}:{start}-{start + length}:+" for name, start, length in places]
    everybody = range(len(places))
    joined = {
        (i, j)
        for i, j in itertools.product(everybody, everybody)
        if places[i][0] == places[j][0]
        and places[i][1] <= places[j][1] + places[j][2]
        and places[j][1] <= places[i][1] + places[i][2]
    }
    for middle, i, j in itertools.product(everybody, everybody, everybody):
        if (i, middle) in joined and (middle, j) in joined:
            joined.add((i, j))
    assert _same(ids, "overlap") == {(i, j) for i, j in joined if i < j}
    assert _same(ids, "chromosome") == {
        (i, j) for i, j in itertools.combinations(everybody, 2) if places[i][0] == places[j][0]
    }


def test_the_last_nucleotide_is_shared_and_the_next_is_not() -> None:
    assert groups_of(["c:1-9", "c:9-12", "c:13-14", "c:2-3"], "overlap", "d").tolist() == [
        0, 0, 1, 0,
    ]  # fmt: skip
    assert np.unique(groups_of(["c:1-9", "d:1-9"], "overlap", "d")).size == 2


def test_ids_that_name_no_place_say_so() -> None:
    with pytest.raises(InputError, match=r"datasets\.d\.groups: expected ids such as .* got 's1'"):
        groups_of(["chr1:1-2", "s1"], "overlap", "datasets.d")
    with pytest.raises(InputError, match="Did you mean 'chromosome'"):
        groups_of(["chr1:1-2"], "chromosomes", "datasets.d")


def test_a_chromosome_is_the_same_in_every_data_set() -> None:
    one = names_of_groups(["chr2R:1-5", "chr3L:1-5"], "chromosome", "datasets.a")
    other = names_of_groups(["chr3L:9-20:+", "chrX:1-5"], "chromosome", "datasets.b")
    assert one == {"chr2R:1-5": "chr2R", "chr3L:1-5": "chr3L"}
    assert other["chr3L:9-20:+"] == one["chr3L:1-5"]
    overlaps = names_of_groups(["c:1-5", "c:5-9", "c:11-12"], "overlap", "datasets.a")
    assert list(overlaps.values()) == [f"datasets.a, {i}" for i in (0, 0, 1)]
    with pytest.raises(InputError, match=r"datasets\.a\.groups: expected ids such as"):
        names_of_groups(["s0"], "chromosome", "datasets.a")
