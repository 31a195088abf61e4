"""Letters, codes and strands; shuffles keep what they say they keep and reach every order."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from gxarena.dna import (
    ALPHABET,
    NO_CODE,
    codes,
    complement,
    dinucleotide_shuffles,
    letters,
    one_hot,
    reverse_complement,
)

SEQUENCES = st.text("ACGTN", min_size=1, max_size=60)


def _pairs(sequence: str) -> Counter[tuple[str, str]]:
    return Counter(itertools.pairwise(sequence))


def test_letters_are_filled_up_on_the_right_and_may_be_written_to() -> None:
    found = letters(["ACGTN", "TT"])
    assert found.tobytes() == b"ACGTNTT\0\0\0"
    assert found.shape == (2, 5)
    found[0, 0] = ord("T")


@given(st.lists(SEQUENCES, min_size=1, max_size=4))
def test_codes_and_channels_are_places_in_the_alphabet(sequences: list[str]) -> None:
    found = letters(sequences)
    for row, sequence in zip(codes(found), sequences, strict=True):
        wanted = [ALPHABET.index(letter) if letter in ALPHABET else NO_CODE for letter in sequence]
        assert row[: len(sequence)].tolist() == wanted
        assert (row[len(sequence) :] == NO_CODE).all()
    channels = one_hot(found)
    assert (channels.sum(axis=-1) == (codes(found) != NO_CODE)).all()
    assert (channels.argmax(axis=-1) == np.where(codes(found) == NO_CODE, 0, codes(found))).all()


@given(SEQUENCES)
def test_the_other_strand_pairs_with_this_one(sequence: str) -> None:
    pairs = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}
    assert reverse_complement(sequence) == "".join(pairs[letter] for letter in sequence[::-1])
    assert complement(letters([sequence]))[0].tobytes().decode() == "".join(
        map(pairs.get, sequence)
    )


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
