"""Exact limits against statsmodels, and Gaffke's against them where both hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from gxarena.statistics.bounded import all_equal, mostly_at_a_bound, two_valued


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_two_values_are_clopper_and_pearsons(case: tuple[int, int]) -> None:
    count, n = case
    theirs = proportion_confint(count, n, method="beta")
    assert two_valued(count, n, 0.95) == pytest.approx(theirs, abs=1e-9)


def test_equal_values_at_a_bound_have_the_limits_of_two_values() -> None:
    assert all_equal(1.0, 20, (0.0, 1.0), 0.95) == pytest.approx(two_valued(20, 20, 0.95))
    assert all_equal(0.0, 20, (0.0, 1.0), 0.95) == pytest.approx(two_valued(0, 20, 0.95))
    low, high = all_equal(1.0, 20, (-1.0, 1.0), 0.95)
    assert (low, high) == pytest.approx((2 * two_valued(20, 20, 0.95)[0] - 1, 1.0))


@pytest.mark.parametrize("count", [30, 38, 40])
def test_gaffkes_limits_of_two_values_are_the_exact_ones(count: int) -> None:
    values = np.r_[np.ones(count), np.zeros(40 - count)]
    ours = mostly_at_a_bound(values, (0.0, 1.0), 0.95, seed=0)
    assert ours == pytest.approx(two_valued(count, 40, 0.95), abs=0.015)


def test_gaffkes_limits_do_not_hang_on_the_order() -> None:
    values = np.random.default_rng(0).random(30)
    assert mostly_at_a_bound(values, (0, 1), 0.95, 3) == mostly_at_a_bound(
        values[::-1], (0, 1), 0.95, 3
    )
