"""Verdicts against closed forms, slow re-implementations and scipy."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gxarena.report import inference
from gxarena.report.columns import Column, joined
from gxarena.report.inference import above, above_of_others, in_most, paired, within
from gxarena.report.rising import rising
from gxarena.report.verdicts import Verdict
from gxarena.statistics.intervals import mean_intervals, mean_p_values

RNG = np.random.default_rng(1)


def _column(values: list[float] | np.ndarray) -> Column:
    names = np.array([f"s{i}" for i in range(len(values))], dtype=object)
    return Column(names, np.asarray(values, dtype=np.float64))


@pytest.mark.parametrize(("mean", "verdict"), [(1.0, "holds"), (-1.0, "fails"), (0.0, "undecided")])
def test_above_is_what_the_interval_says(mean: float, verdict: Verdict) -> None:
    values = RNG.normal(size=100)
    values += mean - values.mean()
    found = above("x", _column(values))
    assert found.verdict == verdict
    assert found.estimate == pytest.approx(mean)
    half = 1.96 / np.sqrt(100) * values.std()
    assert (found.low, found.high) == (
        pytest.approx(mean - half, abs=0.05),
        pytest.approx(mean + half, abs=0.05),
    )


@settings(deadline=None, max_examples=50)
@given(st.floats(-2, 2), st.lists(st.floats(-5, 5), min_size=20, max_size=30))
def test_a_threshold_is_a_shift(threshold: float, values: list[float]) -> None:
    shifted = _column(np.array(values) - threshold)
    one, other = above("x", _column(values), threshold), above("x", shifted)
    margins = (one.low - threshold, one.high - threshold)
    if min(map(abs, margins)) > 1e-9:  # a bound at the threshold may round either way
        assert one.verdict == other.verdict


@pytest.mark.parametrize(
    ("mean", "spread", "verdict"),
    [(0.02, 0.1, "holds"), (0.3, 0.1, "fails"), (-0.3, 0.1, "fails"), (0.1, 1.0, "undecided")],
)
def test_within_is_two_one_sided_tests(mean: float, spread: float, verdict: Verdict) -> None:
    values = RNG.normal(size=200)
    values = mean + spread * (values - values.mean()) / values.std()
    found = within("x", _column(values), 0.1)
    assert found.verdict == verdict
    # Student's two one-sided tests at 5%, on near-normal data of this size.
    low = stats.ttest_1samp(values, -0.1, alternative="greater").pvalue
    high = stats.ttest_1samp(values, 0.1, alternative="less").pvalue
    assert (max(low, high) < 0.05) == (verdict == "holds")


@pytest.mark.parametrize("n", [2, 3, 5])
def test_few_values_decide_nothing(n: int) -> None:
    """Every one of n says the same, and yet a coin would, in one of 2 ** (n - 1) draws."""
    ones = _column(np.ones(n))
    assert above("x", ones).verdict == "undecided"
    assert above("x", _column(-np.ones(n))).verdict == "undecided"
    if n < 5:  # 2 of the 20 ways to part six; two one-sided tests at 5% each
        assert above_of_others("x", ones, _column(np.zeros(3))).verdict == "undecided"
        assert within("x", _column(np.zeros(n)), 0.1).verdict == "undecided"


def test_below_twenty_values_signs_decide() -> None:
    """By hand: 10 values, all but the smallest above 0, in 2 of the 512 ways to sign them."""
    values = _column([1.0, 2, 3, 4, 5, 6, 7, 8, 9, -0.5])
    found = above("x", values)
    assert (found.verdict, found.n) == ("holds", 10)
    assert np.isnan(found.low)
    assert found.note == "exact test, fewer than 20 sequences"
    mirrored = above("x", _column(-values.values))
    assert mirrored.verdict == "fails"
    assert mirrored.p_fails >= 2 / 512
    assert within("x", values, 9.0).verdict == "holds"
    assert within("x", values, 0.1).verdict == "fails"
    assert above_of_others("x", values, _column(-values.values)).verdict == "holds"


def test_the_note_says_which_test_ran() -> None:
    few, exact = "fewer than 20 sequences", "exact test, fewer than 20 sequences"
    values = RNG.normal(1.0, 1.0, size=10)
    alone, several = _column(values), Column(_column(values).ids, np.stack([values, values + 0.1]))
    nothing = _column([np.nan])
    assert above_of_others("x", alone, alone).note == exact
    assert above_of_others("x", several, several).note == few
    assert above_of_others("x", alone, nothing).note == few
    for column, note in ((alone, exact), (several, exact), (nothing, few)):
        assert above("x", column).note == note
        assert within("x", column, 0.1).note == f"margin ±0.1, 90%; {note}"
    assert above_of_others("x", _column(np.arange(30)), _column(np.arange(30))).note == ""


def test_replicates_that_differ_more_than_samples_decide_nothing() -> None:
    samples = RNG.normal(1.0, 0.1, size=200)
    weights = np.array([[2.0], [-0.5], [1.5], [0.2], [0.4]])
    found = above("x", Column(_column(samples).ids, samples * weights))
    assert (found.verdict, found.replicates) == ("undecided", 5)
    assert above("x", _column(samples * weights.mean())).verdict == "holds"


def test_an_interval_of_few_weights_is_students() -> None:
    """Where only the weights differ, this is their own t interval."""
    weights = np.array([1.0, 2.0, 4.0])
    values = np.repeat(weights[:, None], 50, axis=1) + RNG.normal(scale=1e-6, size=50)
    found = above("x", Column(np.arange(50).astype(object), values))
    low, high = stats.t.interval(0.95, 2, weights.mean(), weights.std(ddof=1) / np.sqrt(3))
    assert (found.low, found.high) == (pytest.approx(low, 1e-3), pytest.approx(high, 1e-3))
    zeros = Column(np.arange(60).astype(object), np.zeros((3, 60)))
    other = above_of_others("x", Column(np.arange(50).astype(object), values), zeros)
    assert (other.low, other.high) == (pytest.approx(low, 1e-3), pytest.approx(high, 1e-3))


def test_undefined_values_are_left_out() -> None:
    found = above("x", _column([1.0, np.nan, 3.0, 2.0]))
    assert (found.estimate, found.n) == (2.0, 3)
    nothing = above("x", _column([np.nan, np.nan]))
    assert (nothing.verdict, nothing.n) == ("undecided", 0)
    assert within("x", _column([np.nan]), 0.1).verdict == "undecided"
    assert above_of_others("x", _column([np.nan]), _column([1.0])).verdict == "undecided"


def test_replicates_of_two_models_meet_as_far_as_both_go() -> None:
    ids = np.array(["a", "b"], dtype=object)
    left = Column(ids, np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    right = Column(ids[::-1], np.array([[10.0, 20.0], [30.0, 40.0]]))
    assert paired(left, right).replicates.tolist() == [[-19.0, -8.0], [-37.0, -26.0]]
    one = Column(ids, np.array([1.0, 1.0]))
    assert paired(left, one).replicates.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def test_pairs_are_of_one_replicate() -> None:
    ids = np.array(["a"], dtype=object)
    left = Column(ids, np.array([[1.0], [3.0]]), (0, 2))
    right = Column(ids, np.array([[10.0], [20.0], [30.0]]))
    assert paired(left, right).replicates.tolist() == [[-9.0], [-27.0]]
    # The only one left of several is no model without replicates.
    only = Column(ids, np.array([[5.0]]), (1,))
    assert paired(right, only).replicates.tolist() == [[15.0]]
    nothing = above("x", paired(left, only))
    assert (nothing.verdict, nothing.n, nothing.replicates) == ("undecided", 0, 0)
    assert within("x", paired(left, only), 1.0).verdict == "undecided"


def test_one_training_against_five_is_said_to_be_one() -> None:
    """Five of one model say nothing of how far another training of the other would move it."""
    ids = np.arange(40).astype(object)
    five = Column(ids, 2.0 + RNG.normal(size=(5, 40)))
    one = Column(ids, RNG.normal(size=40))
    said = "5 trainings of one model, 1 of the other: other trainings may differ"
    for found in (
        above("x", paired(five, one)),
        within("x", paired(one, five), 9.0),
        above_of_others("x", five, one),
        rising("x", np.arange(40.0), paired(five, one)),
        in_most("x", [True] * 5, weights=1),
        in_most("x", [False] * 5, weights=1),
    ):
        assert found.replicates == 1
        assert said in found.note
    for found in (above("x", five), above("x", paired(five, five)), in_most("x", [True] * 5)):
        assert found.replicates == 5
        assert "trainings" not in found.note


def test_looks_that_share_a_training_decide_nothing() -> None:
    """Five CNNs beside one mini agree by luck in a third of draws: it is the mini's luck."""
    for look in (True, False):
        shared = in_most("x", [look] * 9, weights=1)
        assert (shared.verdict, shared.p_fails) == ("undecided", 1.0)
        assert in_most("x", [look] * 9).verdict != "undecided"


def test_an_interval_over_groups_is_that_of_the_groups() -> None:
    groups = np.repeat(np.arange(12), 5)
    values = RNG.normal(size=12)[groups] + 0.1 * RNG.normal(size=60)
    column = Column(np.arange(60).astype(object), values, groups=groups)
    for found, level in ((above("x", column), 0.95), (within("x", column, 0.1), 0.9)):
        theirs = mean_intervals(values, groups=groups, level=level)
        assert (found.low, found.high) == (theirs.low[0], theirs.high[0])
    p = mean_p_values(values, 9.0, groups=groups)[0]
    assert above("x", column, 9.0).p_fails == pytest.approx(p)
    assert within("x", column, 4.0).p_fails == 1.0
    beyond = replace(column, replicates=column.replicates + 5)
    assert within("x", beyond, 1.0).p_fails == pytest.approx(
        mean_p_values(values + 5, 1.0, groups=groups)[0] / 2
    )


def test_two_sets_are_of_the_same_replicates() -> None:
    ids = np.arange(40).astype(object)
    effects = np.array([[0.0], [5.0], [9.0]])
    one = effects + RNG.normal(size=40)
    other = effects + RNG.normal(size=40) + 1.0
    expected = above_of_others("x", Column(ids, one[1:]), Column(ids, other[1:]))
    found = above_of_others("x", Column(ids, one[1:], (1, 2)), Column(ids, other))
    assert (found, found.replicates) == (expected, 2)
    nothing = above_of_others("x", Column(ids, one[:1], (0,)), Column(ids, other[1:], (1, 2)))
    assert (nothing.verdict, nothing.n, nothing.replicates) == ("undecided", 0, 0)


def test_pairs_are_joined_by_sample() -> None:
    left = Column(np.array(["a", "b", "c"], dtype=object), np.array([1.0, 2.0, 3.0]))
    right = Column(np.array(["c", "a", "d"], dtype=object), np.array([10.0, 20.0, 30.0]))
    found = paired(left, right)
    assert dict(zip(found.ids, found.values, strict=True)) == {"a": -19.0, "c": -7.0}


def test_claims_are_over_groups_where_samples_have_them() -> None:
    """Two hundred samples that say what eight groups say are eight pieces of evidence."""
    groups = np.repeat(np.arange(8), 25)
    ids = np.arange(200).astype(object)
    # Six of eight above 0: in any of 37 of 128 ways to sign them.
    values = np.where(groups < 6, 1.0, -1.0) + 0.01 * RNG.normal(size=200)
    plain, grouped = Column(ids, values), Column(ids, values, groups=groups)
    for judge in (above, lambda what, column: within(what, column, 0.25)):
        assert judge("x", plain).verdict != "undecided"
        assert judge("x", grouped).verdict == "undecided"
    nothing = Column(ids, RNG.normal(size=200) - 0.1)
    assert above_of_others("x", plain, nothing).verdict == "holds"
    assert above_of_others("x", grouped, nothing).verdict == "undecided"
    four = Column(ids, np.ones(200) + RNG.normal(size=200), groups=groups // 2)
    assert above_of_others("x", four, nothing).verdict == "undecided"
    rises = np.repeat(np.arange(8.0), 25)
    assert rising("x", rises, plain).verdict == "fails"
    assert rising("x", rises, grouped).verdict == "undecided"


def test_groups_follow_their_samples() -> None:
    ids = np.array(list("abcd"), dtype=object)
    left = Column(ids, np.arange(4.0), groups=np.array([0, 0, 1, 2]))
    right = Column(ids[::-1][:3], np.arange(3.0), groups=np.array([2, 1, 0]))
    both = paired(left, right)
    assert both.groups is not None
    assert dict(zip(both.ids, both.groups, strict=True)) == {"b": 0, "c": 1, "d": 2}
    together = joined([left, right])
    assert together is not None
    assert together.groups is not None
    assert dict(zip(together.ids, together.groups, strict=True)) == {"b": 0, "c": 1, "d": 2}
    assert left.evidence == 3
    assert replace(left, groups=None).evidence == 4


def test_two_sets_differ_as_welch_says() -> None:
    one, other = RNG.normal(0.5, 1, 150), RNG.normal(0.0, 2, 80)
    found = above_of_others("x", _column(one), _column(other))
    welch = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    assert found.estimate == pytest.approx(one.mean() - other.mean())
    assert (found.low, found.high) == (
        pytest.approx(welch.low, abs=0.03), pytest.approx(welch.high, abs=0.03),
    )  # fmt: skip
    assert above_of_others("x", _column(other + 9), _column(one)).verdict == "holds"
    assert above_of_others("x", _column(one), _column(other + 9)).verdict == "fails"


def test_the_p_value_of_two_sets_is_welchs() -> None:
    one, other = RNG.normal(0, 1, 150), RNG.normal(0, 2, 80)
    one += other.mean() - one.mean() - 0.6
    found = above_of_others("x", _column(one), _column(other))
    expected = stats.ttest_ind(one, other, equal_var=False).pvalue
    assert (found.verdict, found.p_fails) == ("fails", pytest.approx(expected, rel=0.4))


def test_beyond_a_margin_is_as_far_on_either_side() -> None:
    values = RNG.normal(0.16, 0.1, 40)
    over, under = (within("x", _column(sign * values), 0.1) for sign in (1, -1))
    assert over.verdict == under.verdict == "fails"
    assert under.p_fails == pytest.approx(over.p_fails)
    assert 1e-6 < over.p_fails < 0.05


def test_ties_but_for_one_decide_no_claim() -> None:
    values = np.zeros(200)
    values[0] = 1e-3
    assert above("x", _column(values)).verdict == "undecided"
    assert above("x", _column(-values)).verdict == "undecided"


def test_two_sets_of_rare_events_fail_seldom_by_luck() -> None:
    rng = np.random.default_rng(3)
    verdicts = [
        above_of_others(
            "x", *(_column((rng.random(30) < 0.95).astype(float)) for _ in "ab")
        ).verdict
        for _ in range(120)
    ]
    assert verdicts.count("undecided") >= 0.93 * len(verdicts)


@pytest.mark.parametrize(
    ("looks", "verdict"),
    [
        ([True] * 5, "holds"),
        ([False] * 5, "fails"),
        ([True] * 4, "undecided"),  # one training alone, or four, tell nothing
        ([False], "undecided"),
        ([True] * 4 + [False], "undecided"),
        ([True] * 5 + [None], "holds"),
        ([None] * 9, "undecided"),
        ([], "undecided"),
    ],
)
def test_in_most_sets_of_weights(looks: list[bool | None], verdict: Verdict) -> None:
    found = in_most("x", looks, "seen")
    told = [look for look in looks if look is not None]
    assert found.verdict == verdict
    assert found.n == len(told)
    if told:
        assert found.estimate == sum(told) / len(told)
        chance = [math.comb(len(told), k) / 2 ** len(told) for k in range(len(told) + 1)]
        assert found.p_fails == pytest.approx(sum(chance[: sum(told) + 1]))
        assert found.note == f"in {sum(told)} of {len(told)} sets of weights; seen"


def test_what_luck_shows_in_most_sets_of_weights_decides_seldom() -> None:
    rng = np.random.default_rng(0)
    verdicts = [in_most("x", list(rng.random(5) < 0.5)).verdict for _ in range(400)]
    assert 0 < verdicts.count("holds") <= 0.05 * 400
    assert 0 < verdicts.count("fails") <= 0.05 * 400


def test_few_values_among_ties_decide_between_sets_no_more_than_exchanging_them_does() -> None:
    """Of thirty a set, four are above zero here and one below it there: t would say it is sure."""
    ones, others = np.zeros((2, 30))
    ones[:4], others[0] = 1.0, -1.0
    found = above_of_others("x", _column(ones), _column(others))
    assert found.low > 0  # what the interval alone would decide by
    assert found.verdict == "undecided"


def test_no_seed_decides_what_exchanging_samples_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten a set all 184,756 ways are counted here; of them p is .054, just above the level."""
    rng = np.random.default_rng(1)
    one, other = rng.exponential(size=10), rng.exponential(size=10)
    one += 0.8
    both = np.concatenate([one, other])
    sums = np.array([sum(part) for part in itertools.combinations(both, 10)])
    apart = np.abs(2 * sums - both.sum())
    exact = np.mean(apart >= abs(one.sum() - other.sum()) * (1 - 1e-12))
    assert exact == pytest.approx(0.0545, abs=1e-4)
    for seed in range(8):
        monkeypatch.setattr(inference, "SEED", seed)
        found = above_of_others("x", _column(other), _column(one))
        assert found.verdict == "undecided"
        assert found.p_fails == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize("sizes", [(4, 5), (12, 15), (40, 25)])
def test_exchanging_samples_is_scipys_permutation_test(sizes: tuple[int, int]) -> None:
    """Of whole numbers, so that many ways give the same difference."""
    rng = np.random.default_rng(2)
    one, other = (rng.poisson(2.0, size=size).astype(float) for size in sizes)
    one += 1.0
    for left, right in ((one, other), (other, one)):
        expected = stats.permutation_test(
            (left, right), lambda a, b, axis=-1: a.mean(axis=axis) - b.mean(axis=axis),
            vectorized=True, n_resamples=9999, rng=np.random.default_rng(0),
        )  # fmt: skip
        p = inference._permuted(left, right)
        assert p == pytest.approx(expected.pvalue, abs=4 * np.sqrt(expected.pvalue / 9999))
    assert inference._permuted(np.ones(30), np.ones(30)) == 1.0
    assert inference._permuted(np.zeros(30), np.ones(30)) == 2 / 20_001
