"""Holm's adjustment against statsmodels'."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from gxarena.statistics.multiplicity import holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_agrees_with_statsmodels(p: list[float]) -> None:
    theirs = multipletests(p, method="holm")[1]
    assert np.allclose(holm(np.array(p)), theirs, atol=1e-12)


def test_a_missing_test_counts_for_nothing_and_shapes_stay() -> None:
    p = np.array([[0.01, np.nan], [0.04, 0.03]])
    adjusted = holm(p)
    assert np.allclose(adjusted[~np.isnan(p)], holm(np.array([0.01, 0.04, 0.03])))
    assert np.isnan(adjusted[0, 1])
    assert np.isnan(holm(np.full(3, np.nan))).all()
