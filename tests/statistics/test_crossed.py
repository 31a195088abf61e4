"""The two-way analysis against statsmodels' mean squares and the plain formulas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

from gxarena.errors import InputError
from gxarena.statistics.crossed import columns, crossed


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_full_table_gives_the_mean_squares_of_the_analysis_of_variance(
    rng: np.random.Generator,
) -> None:
    values = rng.normal(size=(1, 4, 7)) + rng.normal(size=(1, 4, 1)) + rng.normal(size=(1, 1, 7))
    frame = pd.DataFrame(
        [(r, s, values[0, r, s]) for r in range(4) for s in range(7)],
        columns=["replicate", "sample", "y"],
    )
    squares = anova_lm(smf.ols("y ~ C(replicate) + C(sample)", frame).fit())
    mean_squares = squares["sum_sq"] / squares["df"] / 28
    parts = crossed(values)
    assert parts.by_replicates[0] == pytest.approx(mean_squares["C(replicate)"])
    assert parts.by_units[0] == pytest.approx(mean_squares["C(sample)"])
    assert parts.by_both[0] == pytest.approx(mean_squares["Residual"])
    assert parts.both_df[0] == squares["df"]["Residual"]
    assert parts.mean[0] == pytest.approx(values.mean())


def test_a_table_with_holes_leaves_the_residuals_of_least_squares(rng: np.random.Generator) -> None:
    values = rng.normal(size=(1, 4, 12)) + rng.normal(size=(1, 1, 12))
    values[0, 1, 2] = values[0, 3, 5] = values[0, 0, 11] = np.nan
    frame = pd.DataFrame(
        [(r, s, values[0, r, s]) for r in range(4) for s in range(12)],
        columns=["replicate", "sample", "y"],
    ).dropna()
    residual = anova_lm(smf.ols("y ~ C(replicate) + C(sample)", frame).fit()).loc["Residual"]
    parts = crossed(values)
    assert parts.both_df[0] == residual["df"]
    assert parts.by_both[0] == pytest.approx(residual["sum_sq"] / residual["df"] / 45, rel=1e-6)


def test_one_replicate_gives_the_standard_error_and_no_more(rng: np.random.Generator) -> None:
    values = rng.gamma(1.0, size=(1, 1, 30))
    parts = crossed(values)
    assert parts.by_units[0] == pytest.approx(values.var(ddof=1) / 30)
    assert np.isnan(parts.by_replicates[0])
    assert np.isnan(parts.by_both[0])
    frame = pd.Series(values.ravel())
    assert parts.skewness[0] == pytest.approx(frame.skew())


def test_groups_give_the_cluster_robust_standard_error(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(6), 5)
    values = rng.normal(size=(1, 1, len(groups))) + rng.normal(size=6)[groups]
    parts = crossed(values, groups)
    fit = smf.ols("y ~ 1", pd.DataFrame({"y": values.ravel()})).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    assert parts.units[0] == 6
    assert parts.by_units[0] == pytest.approx(float(fit.bse.iloc[0]) ** 2 * 6 / 5)
    assert parts.effective_units[0] == 6


def test_unequal_groups_give_the_jackknifes_variance(rng: np.random.Generator) -> None:
    """Leave each group out, as the definition says; scipy has no jackknife of clusters."""
    sizes = [2, 4, 5, 6, 7, 30]
    groups = rng.permutation(np.repeat(np.arange(6), sizes))
    values = rng.normal(size=len(groups)) + rng.normal(size=6)[groups]
    parts = crossed(values[None, None], groups)
    without = np.array([values[groups != g].mean() for g in range(6)])
    assert parts.by_units[0] == pytest.approx(5 / 6 * ((without - values.mean()) ** 2).sum())
    assert parts.effective_units[0] == pytest.approx(54**2 / sum(n**2 for n in sizes))


def test_a_sample_with_fewer_replicates_is_a_smaller_part(rng: np.random.Generator) -> None:
    values = rng.normal(size=(3, 8))
    values[1:, :4] = np.nan
    parts = crossed(values[None])
    mean = np.nanmean(values)
    for axis, found in ((1, parts.by_units[0]), (0, parts.by_replicates[0])):
        without = [np.nanmean(np.delete(values, i, axis=axis)) for i in range(values.shape[axis])]
        n = len(without)
        assert found == pytest.approx((n - 1) / n * ((np.array(without) - mean) ** 2).sum())
    assert parts.effective_units[0] == pytest.approx(16**2 / (4 * 1 + 4 * 9))
    assert crossed(np.full((1, 2, 4), np.nan)).effective_units.tolist() == [0.0]


def test_every_sample_its_own_group_changes_nothing(rng: np.random.Generator) -> None:
    values = rng.normal(size=(2, 3, 9))
    plain, grouped = crossed(values), crossed(values, np.arange(9))
    for name in ("mean", "by_units", "by_replicates", "by_both"):
        assert np.allclose(getattr(plain, name), getattr(grouped, name))


def test_equal_values_give_exactly_their_value() -> None:
    parts = crossed(np.full((1, 3, 11), 0.1))
    assert parts.mean[0] == 0.1
    assert parts.by_units[0] == parts.by_replicates[0] == 0


def test_shapes_are_checked() -> None:
    assert columns(np.zeros(3)).shape == (1, 1, 3)
    assert columns(np.zeros((2, 3))).shape == (1, 2, 3)
    with pytest.raises(InputError, match=r"expected values of shape .* got 4 axes"):
        columns(np.zeros((1, 1, 1, 1)))
    with pytest.raises(InputError, match="expected a group for each of 3 samples"):
        crossed(np.zeros((1, 1, 3)), np.arange(2))
