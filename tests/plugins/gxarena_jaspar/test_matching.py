"""Comparing motifs with JASPAR: the right entry, orientation and offset; noise does not pass."""

from __future__ import annotations

import numpy as np
import pytest
from memelite import tomtom
from scipy import stats

from gxarena.data import Floats
from gxarena_jaspar.information import best_stretch, row_bits
from gxarena_jaspar.matching import compare
from gxarena_jaspar.matrices import collection, matrices

CTCF, SPI1 = (matrix.frequencies for matrix in matrices(["MA0139.2", "MA0080.7"]))
VERTEBRATES = collection("vertebrates")
FEW = VERTEBRATES[::8]
"""Enough for TOMTOM's background, and quick."""


def _noise(n: int, width: int, seed: int, letters: tuple[float, ...] = (0.25,) * 4) -> list[Floats]:
    """Motifs of twenty sequences that share nothing but a taste for one letter a row."""
    rng = np.random.default_rng(seed)
    return [
        np.stack([rng.dirichlet(4 * np.array(letters)) for _ in range(width)]) for _ in range(n)
    ]


@pytest.mark.parametrize(
    ("motif", "reverse", "offset"),
    [
        (CTCF, False, 0),
        (CTCF[2:], False, 2),
        (CTCF[::-1, ::-1], True, 0),
        (CTCF[::-1, ::-1][3:], True, 3),
    ],
)
def test_an_entry_finds_itself(motif: Floats, reverse: bool, offset: int) -> None:
    match = compare([motif], VERTEBRATES, shuffles=99).best(0, 0.05)
    assert match is not None
    assert (match.id, match.name, match.reverse, match.offset) == (
        "MA0139.2", "CTCF", reverse, offset,
    )  # fmt: skip
    assert match.q == 1 / 100
    assert match.p is not None
    assert match.p < 1e-15
    # The entry, oriented and moved by the offset, is the motif.
    entry = match.frequencies[::-1, ::-1] if match.reverse else match.frequencies
    assert np.allclose(entry[match.offset : match.offset + len(motif)], motif)


def test_a_motif_sampled_from_an_entry_is_found_among_noise() -> None:
    """Thirty instances of SPI1, a fifth of them random words; GC-rich noise beside it."""
    rng = np.random.default_rng(0)
    letters = np.array([rng.choice(4, 24, p=row) for row in SPI1])
    counts = np.stack([np.bincount(row, minlength=4) for row in letters])
    counts += rng.multinomial(6, [0.25] * 4, len(SPI1))
    found = counts / counts.sum(axis=1, keepdims=True)
    assert best_stretch(row_bits(found, np.full(4, 0.25), 30)) >= 5
    noise = _noise(4, 14, 1, (0.1, 0.4, 0.4, 0.1))
    matches = compare([*noise, found], VERTEBRATES, shuffles=199)
    match = matches.best(4, 0.05)
    assert match is not None
    assert (match.id, match.q) == ("MA0080.7", 5 / 200)
    assert [matches.best(row, 0.05) for row in range(4)] == [None] * 4


@pytest.mark.parametrize(
    "letters", [(0.25,) * 4, (0.08, 0.42, 0.42, 0.08)], ids=["even", "GC-rich"]
)
def test_p_is_uniform_where_the_order_of_rows_says_nothing(letters: tuple[float, ...]) -> None:
    """TOMTOM's own p-values are not: of the GC-rich motifs most pass at q < .05 (see below)."""
    motifs = _noise(60, 12, 2, letters)
    matches = compare(motifs, FEW, shuffles=39)
    assert stats.kstest(matches.chance, "uniform", alternative="greater").pvalue > 0.01
    # Whole numbers of 40ths: half a step above the uniform's mean.
    assert matches.chance.mean() == pytest.approx(0.5 + 1 / 80, abs=0.12)
    chosen = matches.chance_of[:, 7]
    assert stats.kstest(chosen, "uniform", alternative="greater").pvalue > 0.01
    assert sum(matches.best(row, 0.05) is not None for row in range(60)) <= 3


def test_tomtoms_own_p_lets_a_motif_of_one_letter_pair_pass() -> None:
    (motif,) = _noise(1, 30, 5, (0.05, 0.45, 0.45, 0.05))
    matches = compare([motif], VERTEBRATES, shuffles=99)
    assert matches.resemblance.min() * len(VERTEBRATES) < 0.01
    assert matches.best(0, 0.05) is None


def test_rows_that_are_all_alike_match_nothing() -> None:
    for row in ([0.25] * 4, [0.3, 0.2, 0.2, 0.3], [0.97, 0.01, 0.01, 0.01]):
        matches = compare([np.tile(row, (10, 1))], FEW, shuffles=19)
        assert matches.chance.tolist() == [1.0]
        assert matches.best(0, 0.05) is None
    assert compare([], VERTEBRATES).q.shape == (0,)
    assert compare([], VERTEBRATES).q_of(["MA0139.2"]).shape == (0, 1)


def test_values_depend_on_the_motif_and_the_seed_alone() -> None:
    motifs = _noise(4, 9, 3)
    together = compare(motifs, FEW, shuffles=19, seed=1)
    order = [2, 0, 3, 1]
    moved = compare([motifs[i] for i in order], FEW, shuffles=19, seed=1)
    for name in ("chance", "chance_of", "resemblance", "offsets", "reverse"):
        assert np.array_equal(getattr(moved, name), getattr(together, name)[order])
    again = compare(motifs, FEW, shuffles=19, seed=1)
    assert np.array_equal(again.chance_of, together.chance_of)
    other = compare(motifs, FEW, shuffles=19, seed=2)
    assert not np.array_equal(other.chance_of, together.chance_of)
    assert np.array_equal(other.resemblance, together.resemblance)


def test_p_written_out() -> None:
    """Every shuffle compared on its own."""
    (motif,) = _noise(1, 8, 4)
    rng = np.random.default_rng(0)
    entries = [target.frequencies.T for target in FEW]
    p = [
        tomtom([np.ascontiguousarray(one.T)], entries)[0][0]
        for one in [motif, *(rng.permutation(motif) for _ in range(9))]
    ]
    found = compare([motif], FEW, shuffles=9)
    as_near = sum(one.min() <= p[0].min() for one in p[1:])
    assert found.chance.tolist() == [(1 + as_near) / 10]
    of_entry = [(1 + sum(one[t] <= p[0][t] for one in p[1:])) / 10 for t in range(len(FEW))]
    assert found.chance_of[0].tolist() == of_entry


def test_correction_is_for_the_motifs_and_for_expected_entries() -> None:
    noise = _noise(9, 10, 1)
    alone = compare([CTCF], FEW + tuple(matrices(["MA0139.2", "MA0080.7"])), shuffles=99)
    together = compare([CTCF, *noise], alone.targets, shuffles=99)
    assert alone.q.tolist() == [0.01]
    assert together.q == pytest.approx(stats.false_discovery_control(together.chance))
    q = together.q_of(["MA0139.2", "MA0080.7"])
    assert q.shape == (10, 2)
    columns = [[t.id for t in alone.targets].index(i) for i in ("MA0139.2", "MA0080.7")]
    flat = stats.false_discovery_control(together.chance_of[:, columns].ravel())
    assert q.ravel() == pytest.approx(flat)


def test_an_expected_entry_is_recovered_though_others_are_nearer() -> None:
    """GAGA in any order resembles some entry: as this very one it stands out."""
    (gaga,) = matrices(["MA0205.3"])
    matches = compare([gaga.frequencies], collection("insects"), shuffles=99)
    assert matches.q_of(["MA0205.3"]).item() <= 0.05
