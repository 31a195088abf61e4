"""Padding keeps every element in its place and invents none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.metrics.ragged import filled, padded


@given(st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=6), min_size=1, max_size=6))
def test_rows_come_back(rows: list[list[int]]) -> None:
    arrays = [np.array(row) for row in rows]
    matrix, inside = padded(arrays, fill=99), filled(arrays)
    assert [row[mask].tolist() for row, mask in zip(matrix, inside, strict=True)] == rows
    assert (matrix[~inside] == 99).all()
    assert matrix.shape == inside.shape == (len(rows), max(map(len, rows)))


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.uint8, np.bool_])
def test_the_number_type_stays_and_nothing_is_the_default_fill(dtype: type) -> None:
    matrix = padded([np.ones(3, dtype=dtype), np.ones(1, dtype=dtype)])
    assert matrix.dtype == dtype
    assert matrix.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_what_is_not_finite_stays_in_its_row() -> None:
    matrix = padded([np.array([np.nan]), np.array([1.0, -np.inf])], fill=-1)
    assert np.array_equal(matrix, [[np.nan, -1], [1, -np.inf]], equal_nan=True)


def test_rows_are_copied() -> None:
    row = np.array([1.0, 2.0])
    row.setflags(write=False)
    padded([row])[0, 0] = 5
    assert row.tolist() == [1, 2]
