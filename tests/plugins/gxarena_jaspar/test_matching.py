"""Comparing motifs with JASPAR: the right entry, orientation and offset; noise matches nothing."""

from __future__ import annotations

import numpy as np
import pytest

from gxarena.data import Floats
from gxarena_jaspar.matching import column_shuffled, compare, information_content, trimmed
from gxarena_jaspar.matrices import collection, matrices

(CTCF,) = (matrix.frequencies for matrix in matrices(["MA0139.2"]))
FLAT = np.full((4, 4), 0.25)
VERTEBRATES = collection("vertebrates")


def _random_motifs(n: int, width: int, seed: int) -> list[Floats]:
    """Random words as motifs, one letter a row: the noise of PITFALLS 20."""
    rng = np.random.default_rng(seed)
    return [np.eye(4)[rng.integers(0, 4, width)] * 0.97 + 0.0075 for _ in range(n)]


def test_information_in_bits() -> None:
    rows = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])
    assert information_content(rows) == pytest.approx([2, 1, 0], abs=0.05)


def test_flanks_without_information_are_trimmed() -> None:
    assert trimmed(np.vstack([FLAT, CTCF, FLAT])) == (4, 4 + len(CTCF))
    assert trimmed(FLAT) == (0, 0)
    assert trimmed(np.vstack([FLAT, [[0.97, 0.01, 0.01, 0.01]], FLAT])) == (0, 0)


@pytest.mark.parametrize(
    ("motif", "reverse", "offset"),
    [
        (CTCF, False, 0),
        (CTCF[2:], False, 2),
        (CTCF[::-1, ::-1], True, 0),
        (CTCF[::-1, ::-1][3:], True, 3),
        (np.vstack([FLAT, CTCF]), False, 0),
    ],
)
def test_an_entry_finds_itself(motif: Floats, reverse: bool, offset: int) -> None:
    match = compare([motif], VERTEBRATES).best(0, 0.05)
    assert match is not None
    assert (match.id, match.name, match.reverse, match.offset) == (
        "MA0139.2", "CTCF", reverse, offset,
    )  # fmt: skip
    assert match.q < 1e-20
    # The entry, oriented and moved by the offset, is the motif.
    entry = match.frequencies[::-1, ::-1] if match.reverse else match.frequencies
    start, end = trimmed(motif)
    assert np.allclose(entry[match.offset : match.offset + end - start], motif[start:end])


def test_a_flat_matrix_matches_nothing() -> None:
    for flat in (np.full((10, 4), 0.25), np.tile([0.3, 0.2, 0.2, 0.3], (12, 1))):
        matches = compare([flat, CTCF], VERTEBRATES)
        assert matches.best(0, 0.05) is None
        assert (matches.q[0] == 1).all()
        assert matches.best(1, 0.05) is not None
    assert compare([np.full((10, 4), 0.25)], VERTEBRATES).best(0, 0.05) is None
    assert compare([], VERTEBRATES).q.shape == (0, len(VERTEBRATES))


def test_random_words_rarely_match_once_corrected() -> None:
    """Each alone, as a metric that finds one pattern would: uncorrected, 40% have p < 0.001."""
    matched = [
        compare([motif], VERTEBRATES).best(0, 0.05) is not None
        for motif in _random_motifs(60, 8, seed=0)
    ]
    assert np.mean(matched) < 0.35


def test_correction_is_over_all_motifs_together() -> None:
    noise = _random_motifs(20, 10, seed=1)
    alone = compare([CTCF], VERTEBRATES)
    together = compare([CTCF, *noise], VERTEBRATES)
    assert (together.q[0] >= alone.q[0] - 1e-15).all()


def test_expected_motifs_are_recovered_by_id() -> None:
    matches = compare([CTCF], VERTEBRATES)
    assert matches.recovered("MA0139.2", 0.05)
    assert not matches.recovered("MA0080.7", 0.05)


def test_shuffled_columns_keep_rows_and_flanks() -> None:
    motif = np.vstack([FLAT, CTCF, FLAT])
    shuffled = column_shuffled(motif, np.random.default_rng(0))
    assert np.array_equal(shuffled[:4], FLAT)
    assert not np.array_equal(shuffled, motif)
    assert sorted(map(tuple, shuffled.tolist())) == sorted(map(tuple, motif.tolist()))
