"""Ranks, their intervals and tiers: references, dominance, ties, order, abstaining."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gxarena.errors import InputError
from gxarena.statistics.crossed import crossed
from gxarena.statistics.differences import pairwise_differences, told_apart
from gxarena.statistics.multiplicity import holm
from gxarena.statistics.ranks import rank_methods, tiers_of
from gxarena.statistics.signflip import sign_flip
from gxarena.statistics.skewed import p_value


def _with_holes(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.integers(-5, 6, size=(2, 24, 4)) + rng.integers(0, 6, size=4)
    return np.where(rng.random(values.shape) < rng.random(4), np.nan, values)


WITH_HOLES = st.integers(0, 2**32 - 1).map(_with_holes)
"""Drawn by numpy: hundreds of drawn numbers are slow."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _table(*columns: list[float]) -> np.ndarray:
    return np.array(columns, dtype=float).T[None]


def test_pairs_have_scipys_paired_t_where_nothing_leans(rng: np.random.Generator) -> None:
    half = rng.normal(size=(20, 3))
    values = np.concatenate([half, -half]) + np.array([0.0, 0.2, 0.5])
    theirs = np.array([stats.ttest_rel(values[:, i], values[:, j]).pvalue for i, j in
                       ((0, 1), (0, 2), (1, 2))])  # fmt: skip
    found = pairwise_differences(values[None])
    ours = found.p[[0, 0, 1], [1, 2, 2]]
    assert np.allclose(ours, holm(theirs), rtol=1e-6)
    assert found.mean[0, 1] == pytest.approx(-0.2)
    assert np.allclose(found.mean, -found.mean.T)


def test_whole_sets_have_scipys_paired_t_over_replicates(rng: np.random.Generator) -> None:
    values = rng.normal(size=(5, 1, 2))
    theirs = stats.ttest_rel(values[:, 0, 0], values[:, 0, 1]).pvalue
    assert pairwise_differences(values, whole=True).p[0, 1] == pytest.approx(theirs)
    assert pairwise_differences(values[:1], whole=True).p[0, 1] == 1.0


def test_one_set_of_weights_is_not_enough_where_weights_differ(rng: np.random.Generator) -> None:
    values = rng.normal(size=(5, 200, 2)) / 10 + rng.normal(size=(5, 1, 2))
    assert told_apart(pairwise_differences(values[:1]))[0, 1]
    assert not told_apart(pairwise_differences(values))[0, 1]


def test_clear_order_is_ranked_with_certainty(rng: np.random.Generator) -> None:
    values = rng.normal(size=(1, 200, 1)) + rng.normal(size=(1, 200, 3)) / 10 + [3.0, 1.0, 2.0]
    for better, expected in (("higher", [1, 3, 2]), ("lower", [3, 1, 2])):
        found = rank_methods(values, better)  # type: ignore[arg-type]
        for numbers in (found.rank, found.low, found.high, found.tier):
            assert numbers.tolist() == expected


def test_the_worse_on_every_shared_sample_is_never_first() -> None:
    # By its own mean the second wins: it abstains where all are bad.
    good, other = [3.0] * 30 + [-9.0] * 30, [2.0] * 30 + [np.nan] * 30
    found = rank_methods(_table(good, other), "higher")
    assert found.rank.tolist() == [1, 2]
    assert found.low.tolist() == [1, 2]


@settings(max_examples=100, deadline=None)
@given(WITH_HOLES)
def test_dominated_is_never_first(values: np.ndarray) -> None:
    values[..., 1] = np.where(np.isnan(values[..., 1]), np.nan, values[..., 0] - 1)
    ranks = rank_methods(values, "higher").rank
    if np.isfinite(values[..., 1]).any() and np.isfinite(values[..., :2]).all(axis=2).any():
        assert ranks[1] is np.ma.masked or ranks[1] >= 2


def test_nobody_wins_by_abstaining() -> None:
    alone = [np.nan] * 30 + [9.0] * 20
    nothing = [np.nan] * 20
    found = rank_methods(_table([1.0] * 30 + nothing, [0.0] * 30 + nothing, alone), "higher")
    assert found.rank.tolist() == [1, 2, 3]
    assert found.low[2] == 1
    assert found.high[2] == 3
    assert np.isnan(found.differences.p[0, 2])
    assert found.differences.shared[0].tolist() == [30, 30, 0]


def test_who_is_defined_on_less_than_half_is_not_ranked(rng: np.random.Generator) -> None:
    values = rng.normal(size=(2, 200, 3))
    values[:, 99:, 1] = np.nan
    values[:, :99, 1] += 9
    found = rank_methods(values, "higher")
    assert found.rank.mask.tolist() == [False, True, False]
    assert found.high.max() == 2
    values[:, 99, 1] = 9
    assert rank_methods(values, "higher").rank[1] == 1


def test_who_failed_with_most_weights_is_not_ranked(rng: np.random.Generator) -> None:
    values = rng.normal(size=(5, 40, 1)) + rng.normal(size=(5, 1, 3))
    values[1:, :, 2] = np.nan
    assert rank_methods(values, "higher").rank.mask.tolist() == [False, False, True]


def test_two_that_share_one_replicate_of_several_are_not_told_apart(
    rng: np.random.Generator,
) -> None:
    values = rng.normal(size=(5, 40, 3)) * 0.1
    values[..., 0] += 9
    values[:2, :, 0] = np.nan
    values[3:, :, 1] = np.nan  # together with the first: replicate 2 alone
    found = rank_methods(values, "higher")
    assert found.differences.p[0, 1] == 1
    assert found.differences.p[0, 2] < 0.05
    alone = rank_methods(values[2:3], "higher")
    assert alone.differences.p[0, 1] < 0.05


def test_whole_sets_of_equal_numbers_are_not_told_apart() -> None:
    values = np.array([[[4.0, 3.0]], [[4.0, 3.0]]])
    assert rank_methods(values, "higher", whole=True).differences.p[0, 1] == 1
    assert rank_methods(values, "higher", whole=True).tier.tolist() == [1, 1]


def test_ranks_of_whole_sets_rest_on_the_replicates_alone(rng: np.random.Generator) -> None:
    values = rng.normal(size=(5, 1, 2)) + np.array([0.0, 1.0])
    theirs = stats.ttest_rel(values[:, 0, 0], values[:, 0, 1]).pvalue
    assert rank_methods(values, "higher", whole=True).differences.p[0, 1] == pytest.approx(theirs)


def test_few_groups_decide_nothing(rng: np.random.Generator) -> None:
    values = np.stack([np.repeat([1.0, 1.01], 50), np.zeros(100)], axis=-1)[None]
    groups = np.repeat([0, 1], 50)
    assert rank_methods(values, "higher").differences.p[0, 1] < 1e-6
    # Two groups have no fewer than half of the ways.
    assert rank_methods(values, "higher", groups=groups).differences.p[0, 1] >= 0.5


def test_undefined_is_masked_and_counts_in_nobodys_rank(rng: np.random.Generator) -> None:
    values = rng.normal(size=(1, 50, 3))
    values[..., 1] = np.nan
    found = rank_methods(values, "higher")
    assert found.rank.mask.tolist() == found.tier.mask.tolist() == [False, True, False]
    assert found.high.max() == 2


def test_ties_within_rounding_share() -> None:
    values = np.random.default_rng(0).normal(size=40)
    columns = np.stack([values + 0.3 - 0.3, values, values - 1], axis=1)
    assert (columns[:, 0] != columns[:, 1]).any()
    found = rank_methods(columns[None], "higher")
    assert found.rank.tolist() == [1, 1, 3]
    assert found.low.tolist() == [1, 1, 3]
    assert found.tier.tolist() == [1, 1, 2]


def test_three_samples_decide_nothing() -> None:
    values = np.array([[[9.0, 0.0], [9.1, 0.1], [9.2, 0.1]]])
    for replicated in (values, np.repeat(values, 5, axis=0)):
        found = rank_methods(replicated, "higher")
        assert found.rank.tolist() == [1, 2]
        assert found.high.tolist() == [2, 2]
        assert found.tier.tolist() == [1, 1]


def test_a_tier_is_what_is_not_told_apart_from_its_best(rng: np.random.Generator) -> None:
    noise = rng.normal(size=(1, 400, 4))
    found = rank_methods(noise + np.array([1.0, 0.98, 0.0, 0.01]), "higher")
    assert found.tier.tolist() == [1, 1, 2, 2]
    assert found.low.tolist() == [1, 1, 3, 3]
    assert found.high.tolist() == [2, 2, 4, 4]


def test_who_is_told_apart_from_one_of_tied_leaders_alone_is_of_their_tier() -> None:
    apart = np.zeros((4, 4), dtype=bool)
    apart[0, 2] = apart[2, 0] = True
    apart[:2, 3] = apart[3, :2] = True
    tiers = tiers_of(np.array([1, 1, 3, 4]), apart, np.ones(4, dtype=bool))
    assert tiers.tolist() == [1, 1, 1, 2]
    # Whichever of the two it is, and who is not ranked is of none.
    tiers = tiers_of(np.array([4, 3, 1, 1]), apart[::-1, ::-1], np.array([1, 1, 1, 0], dtype=bool))
    assert tiers.tolist() == [2, 1, 1, 0]


@settings(max_examples=60, deadline=None)
@given(
    WITH_HOLES,
    st.permutations(range(4)),
    st.permutations(range(24)),
    st.sampled_from(["higher", "lower"]),
)
def test_order_does_not_matter(
    values: np.ndarray, methods: list[int], samples: list[int], better: Literal["higher", "lower"]
) -> None:
    found = rank_methods(values, better)
    other = rank_methods(values[::-1, samples][..., methods], better)
    for name in ("rank", "low", "high", "tier"):
        ours = np.ma.filled(getattr(found, name), -1)[methods]
        assert ours.tolist() == np.ma.filled(getattr(other, name), -1).tolist()


@settings(max_examples=60, deadline=None)
@given(WITH_HOLES)
def test_the_rank_lies_in_its_interval_and_signs_turn_it_round(values: np.ndarray) -> None:
    found, turned = rank_methods(values, "higher"), rank_methods(-values, "lower")
    assert (found.low <= found.rank).all()
    assert (found.rank <= found.high).all()
    for name in ("rank", "low", "high", "tier"):
        assert getattr(found, name).tolist() == getattr(turned, name).tolist()


def test_a_full_table_has_the_competition_ranks_of_its_means(rng: np.random.Generator) -> None:
    values = rng.integers(0, 3, size=(1, 25, 8)).astype(float)
    expected = stats.rankdata(-values[0].sum(axis=0), method="min")
    assert rank_methods(values, "higher").rank.tolist() == expected.tolist()


def test_groups_tell_less_apart(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(6), 30)
    values = rng.normal(size=(1, 180, 2)) / 5 + rng.normal(size=(6, 2))[groups] / 3
    values[..., 0] += 0.3
    assert told_apart(pairwise_differences(values))[0, 1]
    assert not told_apart(pairwise_differences(values, groups=groups))[0, 1]


def test_unequal_groups_leave_fewer_degrees_of_freedom(rng: np.random.Generator) -> None:
    sizes = [30, 12, 8, 5, 5, 4, 3, 3]
    groups = np.repeat(np.arange(8), sizes)
    own = rng.normal(size=8)
    own -= np.average(own, weights=sizes)
    difference = 0.6 + own[groups]
    values = np.stack([difference, np.zeros(70)], axis=-1)[None]
    parts = crossed(difference[None, None], groups)
    df = 70**2 / sum(n**2 for n in sizes) - 1
    lean = parts.skewness[0] / np.sqrt(df + 1)
    expected = p_value(
        np.array([0.6 / np.sqrt(parts.by_units[0])]), np.array([lean]), np.array([df])
    )[0]
    signs = sign_flip(parts)[0]
    found = pairwise_differences(values, groups=groups).p[0, 1]
    assert found == pytest.approx(max(expected, signs))
    assert expected > signs  # so that the degrees of freedom show


def test_shapes_are_checked() -> None:
    with pytest.raises(InputError, match=r"expected values of shape \(R, N, m\), got 2 axes"):
        rank_methods(np.zeros((3, 2)), "higher")
