"""Pairs of replicates: against the jackknife itself, and in a simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gxarena.data import Floats
from gxarena.statistics.intervals import mean_intervals
from gxarena.statistics.ranks import rank_methods
from gxarena.statistics.replicate_pairs import jackknifed


def _rows(pairs: Floats) -> Floats:
    """Each replicate's mean over its pairs, of (R, R, N) symmetric."""
    replicates = range(len(pairs))
    return np.stack([pairs[r][[s for s in replicates if s != r]].mean(axis=0) for r in replicates])


def _alike(rng: np.random.Generator, replicates: int = 5, n: int = 60) -> Floats:
    """Likeness of pairs: each replicate has an effect of its own, equal on average to 0."""
    own = rng.normal(0, 0.04, replicates)
    noise = rng.normal(0, 0.1, (replicates, replicates, n))
    pairs = own[:, None, None] + own[None, :, None] + rng.normal(0, 0.1, n) + noise
    return np.asarray((pairs + pairs.transpose(1, 0, 2)) / 2)


@pytest.mark.parametrize("replicates", [3, 4, 5, 8])
def test_rows_are_the_pseudo_values_of_the_jackknife(replicates: int) -> None:
    pairs = _alike(np.random.default_rng(0), replicates)

    def mean_without(left_out: int | None) -> Floats:
        kept = [r for r in range(replicates) if r != left_out]
        return np.mean([pairs[r, s] for r, s in itertools.combinations(kept, 2)], axis=0)

    expected = [
        replicates * mean_without(None) - (replicates - 1) * mean_without(r)
        for r in range(replicates)
    ]
    np.testing.assert_allclose(jackknifed(_rows(pairs)), expected, atol=1e-12)


def test_of_two_there_is_one_pair_which_counts_once() -> None:
    pairs = _alike(np.random.default_rng(0), 2)
    found = jackknifed(_rows(pairs))
    np.testing.assert_allclose(found[0], pairs[0, 1])
    assert np.isnan(found[1]).all()


def test_holes_stay_holes_and_means_stay_means() -> None:
    rows = _rows(_alike(np.random.default_rng(0), 4))
    rows[1] = rows[2, 3] = rows[:, 5] = np.nan
    found = jackknifed(rows)
    assert np.array_equal(np.isnan(found), np.isnan(rows))
    kept = np.delete(np.arange(rows.shape[1]), 5)
    np.testing.assert_allclose(
        np.nanmean(found[:, kept], axis=0), np.nanmean(rows[:, kept], axis=0)
    )


def test_methods_side_by_side_each_have_as_many_replicates_as_they_have() -> None:
    rng = np.random.default_rng(0)
    full, one, two = (_rows(_alike(rng, 5)) for _ in range(3))
    one[3] = np.nan
    two[2:] = np.nan
    together = jackknifed(np.stack([full, one, two]))
    for row, alone in zip(together, (full, one, two), strict=True):
        np.testing.assert_array_equal(row, jackknifed(alone))
    np.testing.assert_allclose(together[1, 0], jackknifed(np.delete(one, 3, axis=0))[0])
    assert np.isfinite(together[2, 0]).all()
    assert np.isnan(together[2, 1:]).all()


def test_the_interval_covers_and_equals_are_not_told_apart() -> None:
    rng = np.random.default_rng(1)
    covered, told = [], []
    for _ in range(300):
        rows = [jackknifed(_rows(_alike(rng))) for _ in range(3)]
        interval = mean_intervals(rows[0], bounds=(-1.0, 1.0))
        covered.append(interval.low[0] <= 0 <= interval.high[0])
        told.append(rank_methods(np.stack(rows, axis=-1), "higher").tier.max() > 1)
    assert np.mean(covered) >= 0.93
    assert np.mean(told) <= 0.05
