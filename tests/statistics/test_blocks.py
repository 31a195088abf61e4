"""Friedman and Nemenyi against scipy and scikit-posthocs; leave-one-out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scikit_posthocs
from scipy import stats

from gxarena.errors import InputError
from gxarena.statistics.blocks import (
    apart_over_blocks,
    compare_over_blocks,
    critical_difference,
    ranks_without,
)


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(15, 6)) + np.arange(6) * 0.5


def test_friedman_is_scipys(scores: np.ndarray) -> None:
    found = compare_over_blocks(scores)
    assert found.p == pytest.approx(stats.friedmanchisquare(*scores.T).pvalue)
    assert np.allclose(found.mean_rank, stats.rankdata(scores, axis=1).mean(axis=0))
    assert found.n_blocks == 15


def test_nemenyi_tells_the_pairs_apart_that_scikit_posthocs_does(scores: np.ndarray) -> None:
    found = compare_over_blocks(scores)
    theirs = scikit_posthocs.posthoc_nemenyi_friedman(scores).to_numpy() < 0.05
    apart = np.abs(np.subtract.outer(found.mean_rank, found.mean_rank))
    ours = apart > found.critical_difference
    assert np.array_equal(ours, theirs)
    assert ours.any()
    assert not ours.all()


def test_the_critical_difference_is_demsars() -> None:
    # Table 5a: q = 2.569 for 4 classifiers; his example has 14 data sets, CD = 1.25.
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)


def test_nemenyi_is_asked_only_where_friedman_finds_that_any_differ() -> None:
    """As Demšar has it; found by search: the critical difference alone would tell two apart."""
    scores = np.random.default_rng(2).normal(size=(10, 10))
    found = compare_over_blocks(scores)
    assert found.p > 0.05
    assert np.ptp(found.mean_rank) >= critical_difference(10, 10)
    assert found.critical_difference == np.inf
    assert np.isfinite(compare_over_blocks(scores, level=0.5).critical_difference)


def test_apart_are_mean_ranks_by_the_difference_whose_intervals_do_not_meet() -> None:
    means, low, high = np.array([[1.0, 2.0, 4.0], [1, 1.5, 2.5], [1.6, 2.4, 4]])
    found = apart_over_blocks(means, 1.5, low, high)
    assert np.argwhere(found).tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]
    assert np.argwhere(apart_over_blocks(means, 3.0, low, high)).tolist() == [[0, 2], [2, 0]]
    touching = apart_over_blocks(means, 1.5, low, np.array([1.5, 2.5, 4]))
    assert np.argwhere(touching).tolist() == [[0, 2], [2, 0]]
    for none in (np.nan, np.inf):
        assert not apart_over_blocks(means, none, low, high).any()


def test_few_blocks_or_methods_have_mean_ranks_only(scores: np.ndarray) -> None:
    for few in (scores[:9], scores[:, :2]):
        found = compare_over_blocks(few)
        assert np.isnan(found.p)
        assert np.isnan(found.critical_difference)
        assert np.isfinite(found.mean_rank).all()


def test_a_method_that_a_block_lacks_is_not_compared(scores: np.ndarray) -> None:
    holes = scores.copy()
    holes[3, 2] = np.nan
    found = compare_over_blocks(holes)
    without = compare_over_blocks(np.delete(scores, 2, axis=1))
    assert np.isnan(found.mean_rank[2])
    assert np.array_equal(np.delete(found.mean_rank, 2), without.mean_rank)
    assert found.p == without.p


def test_all_tied_differ_in_nothing() -> None:
    found = compare_over_blocks(np.ones((12, 4)))
    assert found.p == 1.0
    assert np.array_equal(found.mean_rank, [2.5] * 4)


def test_ranks_move_when_a_label_is_left_out() -> None:
    ranks = np.array([[1, 2, 3], [1, 2, 3], [3, 2, 1.0]])
    moved = ranks_without(ranks, ["fly", "fly", "worm"])
    assert np.array_equal(moved["worm"], [1, 2, 3])
    assert np.array_equal(moved["fly"], [3, 2, 1])
    assert ranks_without(ranks, ["fly"] * 3) == {}
    tied = ranks_without(np.array([[1, 2.0], [2, 1], [1, 2]]), ["a", "b", "c"])
    assert np.array_equal(tied["a"], [1, 1])


def test_shapes_are_checked() -> None:
    with pytest.raises(InputError, match="expected a label for each of 2 blocks"):
        ranks_without(np.ones((2, 2)), ["a"])
    with pytest.raises(InputError, match="expected ranks of shape"):
        compare_over_blocks(np.ones(3))
