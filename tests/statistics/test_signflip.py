"""The exact test against scipy's permutation test and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gxarena.statistics.crossed import crossed
from gxarena.statistics.signflip import sign_flip


def _p(values: np.ndarray) -> float:
    return float(sign_flip(crossed(values[None, None]))[0])


@pytest.mark.parametrize("n", [2, 4, 9, 13])
def test_agrees_with_scipy_where_every_way_is_tried(n: int) -> None:
    values = np.random.default_rng(n).normal(0.7, size=n)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert _p(values) == pytest.approx(theirs.pvalue)


def test_agrees_with_scipy_where_ways_are_drawn() -> None:
    values = np.random.default_rng(0).normal(0.4, size=15)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert _p(values) == pytest.approx(theirs.pvalue, abs=0.01)


def test_three_samples_decide_nothing() -> None:
    assert _p(np.array([1.0, 1.0, 1.0])) == 0.25
    assert _p(np.array([5.0, 5.1, 4.9])) == 0.25


def test_undefined_samples_are_no_samples() -> None:
    assert _p(np.array([1.0, np.nan, 2.0, 3.0, np.nan])) == 0.25
    assert _p(np.full(4, np.nan)) == 1.0
