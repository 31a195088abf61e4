"""Agreement of two explanations against scipy and plain counting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maps import explained_maps
from scipy.stats import spearmanr

from gxarena.errors import InputError, Unsupported
from gxarena.metrics.agreement import RankCorrelation, TopKOverlap

SCORES = st.lists(st.integers(-5, 5), min_size=3, max_size=12)


@given(st.lists(st.tuples(SCORES, st.integers(0, 99)), min_size=1, max_size=5))
def test_rank_correlation_is_spearmans(drawn: list[tuple[list[int], int]]) -> None:
    left = [row for row, _ in drawn]
    right = [np.random.default_rng(s).integers(-3, 3, len(row)) for row, s in drawn]
    for ranking in ("signed", "magnitude"):
        scored = RankCorrelation(ranking).compare(explained_maps(left), explained_maps(right))
        for i, (a, b) in enumerate(zip(left, right, strict=True)):
            one, other = (np.abs(a), np.abs(b)) if ranking == "magnitude" else (a, b)
            if len(set(one)) == 1 or len(set(other)) == 1:
                assert scored.reasons[""][i] == "scores are all alike: no correlation"
            else:
                assert scored.values[""][i] == pytest.approx(spearmanr(one, other).statistic)


def test_the_ends_of_the_scale() -> None:
    a = explained_maps([[1.0, 5.0, 3.0], [1.0, 2.0, 3.0]])
    b = explained_maps([[1e-9, 1e9, 2.0], [3.0, 2.0, 1.0]])
    assert RankCorrelation().compare(a, b).values[""].tolist() == pytest.approx([1, -1])


@given(st.permutations(range(20)), st.sampled_from([5, 10, 25, 100]))
def test_overlap_without_ties_is_counting(order: list[int], percent: float) -> None:
    one = np.arange(20.0)
    k = max(1, round(percent / 100 * 20))
    common = set(np.argsort(-one)[:k]) & set(np.argsort(-np.array(order))[:k])
    scored = TopKOverlap(percent).compare(explained_maps([one]), explained_maps([order]))
    assert scored.values[""][0] == pytest.approx(len(common) / k)
    assert scored.values["chance"][0] == k / 20


def test_ties_share_the_last_places() -> None:
    # Places: 2. Left surely has unit 0 and one of 1, 2; right has units 1 and 2.
    left, right = explained_maps([[9, 5, 5, 0]]), explained_maps([[0, 7, 8, 1]])
    scored = TopKOverlap(50).compare(left, right)
    assert scored.values[""].tolist() == [0.5]


def test_constant_maps_agree_by_chance() -> None:
    constant = explained_maps([np.ones(10)])
    scored = TopKOverlap(20).compare(constant, explained_maps([np.arange(10)]))
    assert scored.values[""][0] == pytest.approx(0.2)
    assert TopKOverlap(20).compare(constant, constant).values[""][0] == pytest.approx(0.2)


@pytest.mark.parametrize("metric", [RankCorrelation(), TopKOverlap()])
def test_what_has_no_value_says_why(metric: RankCorrelation | TopKOverlap) -> None:
    left = explained_maps([[1, np.nan, 2], [1, 2, 3], [1, 2, 3]])
    right = explained_maps([[1, 2, 3], [1, 2, 3], [3, 1, 2]])
    right = replace(right, targets=np.array([1, 0, 1]))
    scored = metric.compare(left, right)
    assert scored.reasons[""] == {
        0: "scores are not finite",
        1: "the two explain different targets",
    }
    assert np.isnan(scored.values[""]).tolist() == [True, True, False]


@pytest.mark.parametrize("metric", [RankCorrelation(), TopKOverlap()])
def test_other_units_are_unsupported(metric: RankCorrelation | TopKOverlap) -> None:
    with pytest.raises(Unsupported, match="expected both on the same units, got 3 and 4"):
        metric.compare(explained_maps([[1, 2, 3]]), explained_maps([[1, 2, 3, 4]]))


@pytest.mark.parametrize("percent", [0, -1, 101, float("nan")])
def test_percent_is_checked(percent: float) -> None:
    with pytest.raises(InputError, match="top_k_overlap, percent"):
        TopKOverlap(percent)


def test_ranking_is_checked() -> None:
    with pytest.raises(InputError, match="rank_correlation, ranking: unknown 'size'"):
        RankCorrelation("size")  # type: ignore[arg-type]
