"""Bits a row: closed forms, a slow re-implementation, and what sampling alone shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.data import Floats
from gxarena_jaspar.information import background, best_stretch, row_bits, trimmed

EVEN = np.full(4, 0.25)
SKEWED = np.array([0.3, 0.2, 0.2, 0.3])


def _slow(frequencies: Floats, letters: Floats, n: int) -> list[float]:
    """Row by row and letter by letter, from counts."""
    found = []
    for row in (frequencies * n).tolist():
        total = sum(row)
        bits = sum(
            c / total * math.log(c / total / q, 2) for c, q in zip(row, letters, strict=True) if c
        )
        found.append(bits - 3 / (2 * math.log(2) * total))
    return found


def test_rows_of_one_two_and_four_letters() -> None:
    rows = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])
    bias = 3 / (2 * np.log(2) * 100)
    assert row_bits(rows, EVEN, 100) == pytest.approx(np.array([2, 1, 0]) - bias)
    assert row_bits(rows[:1], SKEWED, 100) == pytest.approx([-np.log2(0.3) - bias])
    assert row_bits(SKEWED[None], SKEWED, 100) == pytest.approx([-bias])


@given(st.integers(1, 12), st.integers(2, 200), st.integers(0, 2**32))
def test_as_written_out_from_counts(width: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n, rng.dirichlet(np.full(4, 0.3)), width)
    letters = rng.dirichlet(np.full(4, 5.0))
    assert row_bits(counts / n, letters, n) == pytest.approx(_slow(counts / n, letters, n))


@given(st.integers(0, 2**32))
def test_strand_and_order_of_rows_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    motif = rng.dirichlet(np.full(4, 0.3), 12)
    letters = background(np.eye(4)[rng.integers(0, 3, (5, 40))])
    bits = row_bits(motif, letters, 30)
    assert row_bits(motif[::-1, ::-1], letters, 30)[::-1] == pytest.approx(bits)
    order = rng.permutation(12)
    assert row_bits(motif[order], letters, 30) == pytest.approx(bits[order])
    assert best_stretch(bits[::-1]) == pytest.approx(best_stretch(bits))


def test_a_motif_must_say_enough_in_eight_rows_next_to_each_other() -> None:
    assert best_stretch(np.ones(20)) == 8
    assert best_stretch(np.array([9.0, *np.zeros(7), 9.0])) == 9


@pytest.mark.parametrize("n", [20, 50, 200])
def test_letters_of_the_background_say_nothing_on_average(n: int) -> None:
    counts = np.random.default_rng(0).multinomial(n, SKEWED, 4000)
    bits = row_bits(counts / n, SKEWED, n)
    # The bias is right to the first order: what is left is far below it.
    assert abs(bits.mean()) < 0.1 * 3 / (2 * np.log(2) * n)


def test_rows_with_fewer_letters_have_fewer_samples() -> None:
    bits = row_bits(np.array([[0.5, 0, 0, 0], [0, 0, 0, 0]]), EVEN, 100)
    assert bits == pytest.approx([2 - 3 / (2 * np.log(2) * 50), 0])


def test_the_background_is_of_both_strands() -> None:
    encoded = np.zeros((1, 5, 4))
    encoded[0, range(4), [0, 0, 0, 1]] = 1  # AAAC, and a position without a letter
    assert background(encoded).tolist() == [3 / 8, 1 / 8, 1 / 8, 3 / 8]


@given(st.lists(st.floats(-1, 2), min_size=1, max_size=30), st.integers(1, 12))
def test_the_best_stretch_is_the_best_of_all_windows(bits: list[float], rows: int) -> None:
    width = min(rows, len(bits))
    windows = [sum(bits[i : i + width]) for i in range(len(bits) - width + 1)]
    assert best_stretch(np.array(bits), rows) == pytest.approx(max(windows))


def test_flanks_without_information_are_trimmed() -> None:
    assert trimmed(np.array([0.1, 0.3, 0.0, 0.25, 0.2])) == (1, 4)
    assert trimmed(np.array([0.1, -0.3])) == (0, 0)
