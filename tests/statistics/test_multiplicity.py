"""Holm's adjustment against statsmodels'."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from gxarena.statistics.multiplicity import holm


@pytest.mark.parametrize("n", [1, 2, 30])
def test_agrees_with_statsmodels(n: int) -> None:
    p = np.random.default_rng(n).beta(0.2, 1, size=n).round(3)  # rounded: with ties
    assert np.allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


def test_a_missing_test_counts_for_nothing_and_shapes_stay() -> None:
    p = np.array([[0.01, np.nan], [0.04, 0.03]])
    adjusted = holm(p)
    assert np.allclose(adjusted[~np.isnan(p)], holm(np.array([0.01, 0.04, 0.03])))
    assert np.isnan(adjusted[0, 1])
    assert np.isnan(holm(np.full(3, np.nan))).all()
