"""Columns of several replicates as one."""

from __future__ import annotations

import numpy as np
import pytest

from gxarena.report.columns import Column, joined, matched


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


def test_a_replicate_keeps_its_position_when_joined() -> None:
    of_third = Column(np.array(["a"], dtype=object), np.array([3.0]), (2,))
    of_first = Column(np.array(["a"], dtype=object), np.array([1.0]), (0,))
    together = joined([of_first, of_third])
    assert together is not None
    assert (together.positions, together.replicates.tolist()) == ((0, 2), [[1.0], [3.0]])


def test_without_positions_several_are_counted_and_one_is_of_a_model_without() -> None:
    ids = np.array(["a"], dtype=object)
    assert Column(ids, np.array([[1.0], [2.0]])).positions == (0, 1)
    assert Column(ids, np.array([1.0])).positions is None
    with pytest.raises(ValueError, match="expected 2 positions, got 1"):
        Column(ids, np.array([[1.0], [2.0]]), (3,))


def _of(*positions: int) -> Column:
    values = np.array([[float(p)] for p in positions]).reshape(-1, 1)
    return Column(np.array(["a"], dtype=object), values, positions)


def test_replicates_meet_those_of_their_position() -> None:
    left, right = matched([_of(0, 1, 3), _of(1, 2, 3)])
    assert (left.positions, right.positions) == ((1, 3), (1, 3))
    assert left.replicates.tolist() == right.replicates.tolist() == [[1.0], [3.0]]
    assert [len(one.replicates) for one in matched([_of(0), _of(1, 2)])] == [0, 0]


def test_only_a_model_without_replicates_meets_every_one() -> None:
    alone = Column(np.array(["a"], dtype=object), np.array([7.0]))
    left, right = matched([alone, _of(1, 2)])
    assert left.replicates.tolist() == [[7.0], [7.0]]
    assert (left.positions, right.positions) == ((1, 2), (1, 2))
    assert [one.positions for one in matched([alone, alone])] == [None, None]
    # One that is left of several is no such model.
    assert [one.positions for one in matched([_of(2), _of(1, 2)])] == [(2,), (2,)]


def test_a_repeated_training_is_one() -> None:
    alone = Column(np.array(["a"], dtype=object), np.array([7.0]))
    left, right = matched([alone, _of(0, 1, 2)])
    assert (left.weights, right.weights) == (1, 3)
    assert right.beside(left).weights == left.beside(right).weights == 1
    assert _of(0, 1, 2).of([1, 2]).weights == 2
    assert left.of([0]).weights == 1
    assert matched([_of(0), _of(1, 2)])[0].weights == 0
