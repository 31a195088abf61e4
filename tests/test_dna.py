"""Dinucleotide shuffles keep what they say they keep, and reach every order alike."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from gxarena.dna import dinucleotide_shuffles

SEQUENCES = st.text("ACGTN", min_size=1, max_size=60)


def _pairs(sequence: str) -> Counter[tuple[str, str]]:
    return Counter(itertools.pairwise(sequence))


@pytest.mark.filterwarnings("ignore:dinucleotide shuffles")
@given(SEQUENCES, st.integers(0, 2**62))
def test_dinucleotides_and_ends_are_kept(sequence: str, seed: int) -> None:
    for shuffled in dinucleotide_shuffles(sequence, 2, seed):
        assert _pairs(shuffled) == _pairs(sequence)
        assert (shuffled[0], shuffled[-1]) == (sequence[0], sequence[-1])


@pytest.mark.filterwarnings("ignore:dinucleotide shuffles")
def test_every_order_is_as_likely() -> None:
    sequence = "AACATACGA"
    orders = {
        "".join(order)
        for order in itertools.permutations(sequence)
        if order[0] == sequence[0] and _pairs("".join(order)) == _pairs(sequence)
    }
    found = Counter(dinucleotide_shuffles(sequence, 200 * len(orders), seed=1))
    assert found.keys() == orders
    assert chisquare(list(found.values())).pvalue > 1e-3


def test_few_different_orders_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="expected 3 that differ, got 1"):
        assert dinucleotide_shuffles("ACTGACTG", 3, 0) == ["ACTGACTG"] * 3


def test_a_shuffle_depends_on_seed_and_number_alone() -> None:
    sequence = "".join(np.random.default_rng(0).choice(list("ACGT"), 100))
    many = dinucleotide_shuffles(sequence, 5, 3)
    assert dinucleotide_shuffles(sequence, 2, 3) == many[:2]
    assert len({*many, *dinucleotide_shuffles(sequence, 5, 4), sequence}) == 11
