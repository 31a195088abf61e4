"""Padding keeps every element in its place and invents none."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gxarena.ragged import filled, padded


@given(st.lists(st.lists(st.integers(-9, 9), min_size=1, max_size=6), min_size=1, max_size=6))
def test_rows_come_back(rows: list[list[int]]) -> None:
    arrays = [np.array(row) for row in rows]
    matrix, inside = padded(arrays, fill=99), filled(arrays)
    assert [row[mask].tolist() for row, mask in zip(matrix, inside, strict=True)] == rows
    assert (matrix[~inside] == 99).all()
    assert matrix.shape == inside.shape == (len(rows), max(map(len, rows)))
