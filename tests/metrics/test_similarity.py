"""Similarity of two explanations against closed forms, scipy, a plain loop and plain counting."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from maps import explained_maps
from scipy.stats import spearmanr

from gxarena.api import PairMetric
from gxarena.data import Spans
from gxarena.errors import InputError, Unsupported
from gxarena.metrics.renormalisation import renormalised
from gxarena.metrics.similarity import ContinuousJaccard, RankCorrelation, TopKOverlap

PAIRS = st.integers(1, 20).flatmap(
    lambda n: st.tuples(*[st.lists(st.floats(-1e3, 1e3), min_size=n, max_size=n)] * 2)
)


def _jaccard(v: list[float], w: list[float]) -> float:
    scored = ContinuousJaccard().compare(explained_maps([v]), explained_maps([w]))
    return float(scored.values[""][0])


def _slow(v: list[float], w: list[float]) -> float:
    above = sum(np.sign(a) * np.sign(b) * min(abs(a), abs(b)) for a, b in zip(v, w, strict=True))
    below = sum(max(abs(a), abs(b)) for a, b in zip(v, w, strict=True))
    return float(above / below) if below else float("nan")


def test_closed_forms() -> None:
    v = [1.0, -2.0, 0.5]
    assert _jaccard(v, v) == 1
    assert _jaccard(v, [-x for x in v]) == -1
    assert _jaccard([1, 0], [0, 1]) == 0
    assert _jaccard([1, 1], [0.5, -1]) == pytest.approx((0.5 - 1) / 2)


@pytest.mark.reimplements("continuous_jaccard")
@given(PAIRS)
def test_agrees_with_a_plain_loop_is_symmetric_and_bounded(
    pair: tuple[list[float], list[float]],
) -> None:
    v, w = pair
    value = _jaccard(v, w)
    assert value == pytest.approx(_slow(v, w), abs=1e-9, nan_ok=True)
    assert value == pytest.approx(_jaccard(w, v), abs=1e-12, nan_ok=True)
    order = np.random.default_rng(0).permutation(len(v))
    shuffled = _jaccard([v[i] for i in order], [w[i] for i in order])
    assert value == pytest.approx(shuffled, abs=1e-9, nan_ok=True)
    assert np.isnan(value) or -1 <= value <= 1


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20).filter(any))
def test_a_map_equals_itself_and_opposes_its_negative(v: list[float]) -> None:
    assert _jaccard(v, v) == 1
    assert _jaccard(v, [-x for x in v]) == -1
    assert _jaccard(v, [0.0] * len(v)) == 0
    half = [x / 2 for x in v]
    assume([2 * x for x in half] == v)
    assert _jaccard(v, half) == pytest.approx(0.5)


@given(PAIRS, st.sampled_from([2.0**k for k in (-40, -1, 3, 40)]))
def test_a_scale_of_both_changes_nothing_and_a_sign_of_one_turns_it(
    pair: tuple[list[float], list[float]], scale: float
) -> None:
    v, w = pair
    assume(all(abs(x) > 1e-200 or x == 0 for x in v + w))
    value = _jaccard(v, w)
    scaled = _jaccard([scale * x for x in v], [scale * x for x in w])
    turned = _jaccard(v, [-x for x in w])
    assert np.array_equal([scaled, -turned], [value, value], equal_nan=True)


@given(PAIRS, st.floats(1e-12, 1e12), st.floats(1e-12, 1e12))
def test_renormalised_maps_do_not_know_their_scale(
    pair: tuple[list[float], list[float]], a: float, b: float
) -> None:
    v, w = ([x if abs(x) > 1e-9 else 0.0 for x in one] for one in pair)
    left, right = renormalised(explained_maps([v])), renormalised(explained_maps([w]))
    expected = ContinuousJaccard().compare(left, right).values[""]
    scaled = ContinuousJaccard().compare(
        renormalised(explained_maps([[a * x for x in v]])),
        renormalised(explained_maps([[b * x for x in w]])),
    )
    assert scaled.values[""] == pytest.approx(expected, abs=1e-9, nan_ok=True)
    for explained, scores in ((left, v), (right, w)):
        largest = max(map(abs, scores))
        assert np.abs(explained.attributions[0].scores).max() == (1 if largest else 0)


@given(st.lists(PAIRS, min_size=1, max_size=5))
def test_a_pair_alone_is_as_in_any_batch(pairs: list[tuple[list[float], list[float]]]) -> None:
    left, right = (explained_maps(maps) for maps in zip(*pairs, strict=True))
    together = ContinuousJaccard().compare(left, right).values[""]
    alone = [_jaccard(v, w) for v, w in pairs]
    assert together == pytest.approx(alone, abs=1e-12, nan_ok=True)


def test_the_two_need_not_be_of_one_model_or_sign() -> None:
    # Where signs differ a unit counts against, where one has none it counts as unexplained.
    assert _jaccard([2, -1, 0, 3], [-1, -2, 5, 0]) == pytest.approx((-1 + 1) / (2 + 2 + 5 + 3))
    assert _jaccard([4, -4], [1, -2]) == pytest.approx((1 + 2) / (4 + 4))


def test_the_runner_is_told_whether_to_renormalise() -> None:
    assert ContinuousJaccard().renormalise is True
    assert not any(ContinuousJaccard(when).renormalise for when in ("after", "never", "l1"))


def test_renormalised_after_the_projection_or_to_a_sum_of_one_by_hand() -> None:
    left, right = explained_maps([[2.0, -4.0], [0.0, 0.0]]), explained_maps([[30.0, 10.0]] * 2)
    found = {
        when: ContinuousJaccard(when).compare(left, right).values[""]
        for when in ("after", "l1", "never")
    }
    # (.5, -1) with (1, 1/3); (1/3, -2/3) with (3/4, 1/4).
    assert found["after"][0] == pytest.approx((1 / 2 - 1 / 3) / 2)
    assert found["l1"][0] == pytest.approx((1 / 3 - 1 / 4) / (3 / 4 + 2 / 3))
    assert found["never"][0] == pytest.approx((2 - 4) / 40)
    assert [values[1] for values in found.values()] == [0.0, 0.0, 0.0]


@given(st.integers(0, 99), st.floats(1e-3, 1e3), st.sampled_from(["after", "l1"]))
def test_what_is_renormalised_after_does_not_know_its_scale(
    seed: int, scale: float, when: Literal["after", "l1"]
) -> None:
    v, w = np.random.default_rng(seed).normal(size=(2, 3, 7))
    one, other = explained_maps(list(v)), explained_maps(list(w * scale))
    expected = ContinuousJaccard(when).compare(one, explained_maps(list(w))).values[""]
    found = ContinuousJaccard(when).compare(one, other).values[""]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_another_convention_is_one_sentence() -> None:
    with pytest.raises(InputError, match="continuous_jaccard, renormalise: unknown 'sometimes'"):
        ContinuousJaccard("sometimes")  # type: ignore[arg-type]
    assert isinstance(ContinuousJaccard(), PairMetric)
    # The metric itself takes scores as they come.
    assert _jaccard([1.0], [4.0]) == 0.25


def test_read_only_maps_are_left_alone() -> None:
    left, right = explained_maps([[3.0, -1.0]]), explained_maps([[1.0, 1.0]])
    ContinuousJaccard().compare(renormalised(left), renormalised(right))
    assert left.attributions[0].scores.tolist() == [3.0, -1.0]
    assert right.attributions[0].scores.tolist() == [1.0, 1.0]


def test_samples_of_different_length_together_are_as_alone() -> None:
    left, right = [[1.0, 2.0], [3.0]], [[2.0, 2.0], [-3.0]]
    scored = ContinuousJaccard().compare(explained_maps(left), explained_maps(right))
    alone = [_jaccard(v, w) for v, w in zip(left, right, strict=True)]
    assert scored.values[""].tolist() == alone


def test_what_has_no_value_says_why() -> None:
    left = explained_maps([[0.0], [1.0], [float("nan")], [1.0]])
    right = explained_maps([[0.0], [1.0], [1.0], [1.0]])
    right = replace(right, targets=np.array([1, 0, 1, 1]))
    scored = ContinuousJaccard().compare(left, right)
    assert np.isnan(scored.values[""]).tolist() == [True, True, True, False]
    assert scored.reasons[""] == {
        0: "no relevance at all in either",
        1: "the two explain different targets",
        2: "scores are not finite",
    }


def test_different_units_are_unsupported() -> None:
    left, right = explained_maps([[1.0, 2.0]]), explained_maps([[1.0, 2.0]])
    token = right.attributions[0].with_scores(np.array([1.0]), Spans(np.array([0, 2])))
    with pytest.raises(Unsupported, match="sample 's0': expected both on the same units, got 2"):
        ContinuousJaccard().compare(left, right.with_attributions([token]))


def test_units_of_equal_number_may_still_differ() -> None:
    left = explained_maps([[1.0, 2.0, 3.0]])
    one, other = (
        left.attributions[0].with_scores(np.ones(2), Spans(np.array(ends)))
        for ends in ([0, 1, 3], [0, 2, 3])
    )
    with pytest.raises(Unsupported, match="expected both on the same units, got 2 and 2"):
        ContinuousJaccard().compare(left.with_attributions([one]), left.with_attributions([other]))


@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_is_undefined_after_renormalising_too() -> None:
    maps = [[1.0, float("nan")], [1.0, float("inf")], [2.0, -1.0]]
    left = renormalised(explained_maps(maps))
    scored = ContinuousJaccard().compare(left, renormalised(explained_maps([[1.0, 1.0]] * 3)))
    assert scored.reasons[""] == {0: "scores are not finite", 1: "scores are not finite"}
    assert np.isnan(scored.values[""]).tolist() == [True, True, False]
    assert scored.values[""][2] == pytest.approx((1 - 0.5) / 2)


SCORES = st.lists(st.integers(-5, 5), min_size=3, max_size=12)


@pytest.mark.reimplements("rank_correlation")
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


@pytest.mark.reimplements("top_k_overlap")
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
def test_what_has_no_order_says_why(metric: RankCorrelation | TopKOverlap) -> None:
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
def test_orders_of_other_units_are_unsupported(metric: RankCorrelation | TopKOverlap) -> None:
    with pytest.raises(Unsupported, match="expected both on the same units, got 3 and 4"):
        metric.compare(explained_maps([[1, 2, 3]]), explained_maps([[1, 2, 3, 4]]))


@pytest.mark.parametrize("percent", [0, -1, 101, float("nan")])
def test_percent_is_checked(percent: float) -> None:
    with pytest.raises(InputError, match="top_k_overlap, percent"):
        TopKOverlap(percent)


def test_ranking_is_checked() -> None:
    with pytest.raises(InputError, match="rank_correlation, ranking: unknown 'size'"):
        RankCorrelation("size")  # type: ignore[arg-type]
