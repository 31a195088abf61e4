"""Hall's transformation: t where nothing leans, its own inverse, on the side of the long tail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gxarena.statistics.skewed import p_value, quantile, sides


def test_quantiles_are_students() -> None:
    assert quantile(0.95, np.array([4.0]))[0] == pytest.approx(stats.t.ppf(0.975, 4))
    assert np.isnan(quantile(0.95, np.array([0.0]))[0])


def test_nothing_leans_is_the_t_test() -> None:
    x = np.random.default_rng(0).normal(0.4, size=30)
    t, p = stats.ttest_1samp(x, 0)
    ours = p_value(np.array([t]), np.zeros(1), np.array([29.0]))
    assert ours[0] == pytest.approx(p)
    down, up = sides(quantile(0.95, np.array([29.0])), np.zeros(1))
    assert down[0] == up[0] == stats.t.ppf(0.975, 29)


def test_the_long_tail_has_the_longer_side() -> None:
    t = np.array([2.0])
    down, up = sides(t, np.array([0.3]))
    assert down[0] == 2.0
    assert up[0] > 2.5
    assert np.allclose(sides(t, np.array([-0.3])), (up, down))


@given(st.floats(-8, 8), st.floats(-1, 1), st.floats(3, 300))
def test_p_is_the_level_at_which_the_side_reaches_the_null(
    t: float, lean: float, df: float
) -> None:
    p = p_value(np.array([t]), np.array([lean]), np.array([df]))[0]
    if not 1e-10 < p < 1 - 1e-6:
        return
    down, up = sides(quantile(1 - p, np.array([df])), np.array([lean]))
    assert (down if t > 0 else up)[0] == pytest.approx(abs(t), rel=1e-4)


def test_no_spread_is_as_sure_as_can_be_and_no_difference_not_at_all() -> None:
    p = p_value(np.array([np.inf, -np.inf, 0.0, np.nan]), np.zeros(4), np.full(4, 9.0))
    assert np.array_equal(p, [0, 0, 1, 1])
