"""Columns of several replicates as one."""

from __future__ import annotations

import numpy as np

from gxarena.report.columns import Column, joined


def _column(names: str, *values: float) -> Column:
    return Column(np.array(list(names), dtype=object), np.array(values))


def test_a_column_of_one_set_of_weights() -> None:
    column = _column("ab", 1.0, np.nan)
    assert column.replicates.shape == (1, 2)
    assert np.array_equal(column.values, [1.0, np.nan], equal_nan=True)
    assert column.defined.tolist() == [1.0]


def test_a_sample_is_its_mean_over_the_replicates_that_define_it() -> None:
    nan = np.nan
    values = np.array([[1.0, nan, nan], [3.0, 5.0, nan]])
    column = Column(np.array(list("abc"), dtype=object), values)
    assert np.array_equal(column.values, [2.0, 5.0, nan], equal_nan=True)


def test_replicates_are_joined_by_sample() -> None:
    together = joined([_column("abc", 1, 2, 3), _column("cad", 30, 10, 40)])
    assert together is not None
    assert together.ids.tolist() == ["a", "c"]
    assert together.replicates.tolist() == [[1, 3], [10, 30]]
    same = joined([_column("ba", 1, 2), _column("ba", 3, 4)])
    assert same is not None
    assert (same.ids.tolist(), same.replicates.tolist()) == (["b", "a"], [[1, 2], [3, 4]])
    assert joined([]) is None
