"""Fills against plain loops: what comes in the place of removed units."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gxarena import dna
from gxarena.metrics import fills
from gxarena.metrics.ragged import filled

SEQUENCES = ["ACGTN", "AAC", "T"]


def test_fills_are_letters_of_the_same_places() -> None:
    original = dna.letters(SEQUENCES)
    everything = filled([np.zeros(len(s)) for s in SEQUENCES])[:, None, :]

    def filled_with(fill: dna.Letters) -> list[str]:
        return fills.replaced(SEQUENCES, fill, everything)

    assert filled_with(original) == SEQUENCES
    assert filled_with(fills.unknown(original)) == ["NNNNN", "NNN", "N"]
    assert filled_with(dna.complement(original)) == ["TGCAN", "TTG", "A"]
    drawn = filled_with(fills.random_letters(SEQUENCES, [1, 2, 3]))
    assert [len(s) for s in drawn] == [5, 3, 1]
    assert set("".join(drawn)) <= set("ACGT")


def test_only_masked_letters_are_replaced() -> None:
    masks = np.zeros((2, 2, 4), dtype=bool)
    masks[0, 0, 1] = masks[1, 1, 0] = True
    fill = fills.unknown(dna.letters(["ACGT", "GG"]))
    assert fills.replaced(["ACGT", "GG"], fill, masks) == ["ANGT", "ACGT", "GG", "NG"]


DNA = st.text("ACGTN", min_size=1, max_size=12)


@settings(deadline=None)  # on a busy machine
@given(st.lists(DNA, min_size=1, max_size=4), st.integers(0, 99))
def test_fills_agree_with_plain_loops(sequences: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    longest = max(map(len, sequences))
    masks = rng.random((len(sequences), 3, longest)) < 0.5
    seeds = rng.integers(0, 2**63, len(sequences)).tolist()
    pairs = dict(zip("ACGTN", "TGCAN", strict=True))
    written = {
        "unknown": ["N" * len(sequence) for sequence in sequences],
        "complement": ["".join(pairs[c] for c in sequence) for sequence in sequences],
        "random": [
            "".join("ACGT"[k] for k in np.random.default_rng(s).integers(0, 4, len(sequence)))
            for s, sequence in zip(seeds, sequences, strict=True)
        ],
    }
    original = dna.letters(sequences)
    assert original.shape == (len(sequences), longest)
    letters = {
        "unknown": fills.unknown(original),
        "complement": dna.complement(original),
        "random": fills.random_letters(sequences, seeds),
    }
    for name, new in written.items():
        expected = [
            "".join(new[i][p] if masks[i, k, p] else old for p, old in enumerate(sequence))
            for i, sequence in enumerate(sequences)
            for k in range(3)
        ]
        assert fills.replaced(sequences, letters[name], masks) == expected
        assert set("".join(expected)) <= set("ACGTN")


@settings(deadline=None)  # on a busy machine
@given(st.lists(DNA, min_size=1, max_size=4))
def test_the_complements_complement_is_the_original(sequences: list[str]) -> None:
    original = dna.letters(sequences)
    assert np.array_equal(dna.complement(dna.complement(original)), original)
    assert np.array_equal(original, dna.letters(sequences))


def test_random_letters_are_even_and_each_samples_own() -> None:
    long = ["A" * 40_000]
    alone = fills.random_letters(long, [5])
    counts = np.bincount(alone[0])[np.frombuffer(b"ACGT", dtype=np.uint8)]
    assert np.abs(counts / 40_000 - 0.25).max() < 0.01
    with_others = fills.random_letters(["C" * 50_000, *long], [1, 5])
    assert np.array_equal(with_others[1, :40_000], alone[0])


def _shuffled(sequences: list[str], seeds: list[int]) -> list[str]:
    everything = filled([np.zeros(len(s)) for s in sequences])[:, None, :]
    return fills.replaced(sequences, fills.shuffled_letters(sequences, seeds), everything)


@settings(deadline=None)  # on a busy machine
@given(st.lists(DNA, min_size=1, max_size=4), st.integers(0, 99))
def test_shuffles_keep_neighbours_and_the_places_of_n(sequences: list[str], seed: int) -> None:
    seeds = np.random.default_rng(seed).integers(0, 2**63, len(sequences)).tolist()
    shuffled = _shuffled(sequences, seeds)
    for sequence, new in zip(sequences, shuffled, strict=True):
        assert Counter(pairwise(new)) == Counter(pairwise(sequence))
        assert [c == "N" for c in new] == [c == "N" for c in sequence]
    # Each sample's own: alone, and in another order, it is the same.
    assert [_shuffled([s], [k])[0] for s, k in zip(sequences, seeds, strict=True)] == shuffled
    assert _shuffled(sequences[::-1], seeds[::-1]) == shuffled[::-1]


def test_of_two_shuffles_each_comes_half_of_the_time() -> None:
    """ACAGA has another order with these neighbours, AGACA, and no third; ACGT has none."""
    drawn = Counter(_shuffled(["ACAGA"] * 400, list(range(400))))
    assert drawn.keys() == {"ACAGA", "AGACA"}
    assert abs(drawn["AGACA"] - 200) < 4 * 10
    assert set(_shuffled(["ACGT"] * 9, list(range(9)))) == {"ACGT"}
    assert _shuffled(["NNN", "N"], [0, 0]) == ["NNN", "N"]


def test_equal_runs_between_unknowns_are_shuffled_each_in_its_own_way() -> None:
    run = "ACAGATATCACGAGCTCA"
    new = _shuffled([f"{run}N{run}NN{run}"], [7])[0]
    first, second, _, third = new.split("N")
    assert len({run, first, second, third}) == 4
    # Without an N it is the shuffle of the whole sequence.
    assert _shuffled([run], [7]) == dna.dinucleotide_shuffles(run, 1, 7)
