"""Friedman and Nemenyi against scipy and scikit-posthocs; leave-one-out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scikit_posthocs
from scipy import stats

from gxarena.errors import InputError
from gxarena.statistics.blocks import compare_over_blocks, critical_difference, ranks_without


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
