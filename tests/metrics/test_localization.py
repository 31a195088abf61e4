"""Localization against closed forms, plain loops over every order of ties, and scikit-learn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from gxarena.data import Attribution, Explained, Interval, Sample, Spans
from gxarena.errors import InputError
from gxarena.metrics.localization import (
    AUPRC,
    AUROC,
    PointingGame,
    RelevanceMass,
    RelevanceRank,
)
from gxarena.metrics.smoothing import moving_mean
from gxarena.run.probe import ModelProbe

NO_PROBE = ModelProbe(lambda: pytest.fail("localization asks no model"))
METRICS = [AUPRC, AUROC, RelevanceMass, RelevanceRank, PointingGame]


def _explained(*cases: tuple[Sequence[float], Sequence[int]]) -> Explained:
    """One sample per (scores, marks), a nucleotide a unit; marks are 1 where annotated."""
    samples, attributions = [], []
    for number, (scores, marks) in enumerate(cases):
        intervals = tuple(Interval(i, i + 1, "m") for i, mark in enumerate(marks) if mark)
        samples.append(Sample(f"s{number}", "A" * len(scores), 1, intervals))
        attributions.append(Attribution(np.array(scores), Spans.nucleotides(len(scores))))
    n = len(samples)
    return Explained(
        tuple(samples), tuple(attributions), np.ones(n, dtype=np.int64), np.zeros((n, 2))
    )


def _values(metric: Any, *cases: tuple[Sequence[float], Sequence[int]], key: str = "") -> Any:
    return metric.score(_explained(*cases), NO_PROBE).values[key].tolist()


CASES = st.integers(2, 12).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(-4, 4).map(float), min_size=size, max_size=size),
        st.lists(st.integers(0, 1), min_size=size, max_size=size).filter(
            lambda marks: 0 < sum(marks) < len(marks)
        ),
    )
)


@pytest.mark.reimplements("auprc", only=["base_rate"])
def test_closed_forms() -> None:
    perfect, worst = ([3.0, 2.0, 1.0, 0.0], [1, 1, 0, 0]), ([0.0, 1.0, 2.0, 3.0], [1, 1, 0, 0])
    even = ([1.0, 1.0, 1.0, 1.0], [1, 0, 0, 0])
    assert _values(AUPRC(), perfect, worst, even) == pytest.approx([1, (1 / 3 + 2 / 4) / 2, 0.25])
    assert _values(AUPRC(), perfect, even, key="base_rate") == pytest.approx([0.5, 0.25])
    assert _values(AUROC(), perfect, worst, even) == pytest.approx([1, 0, 0.5])
    assert _values(RelevanceMass(), perfect, worst, even) == pytest.approx([5 / 6, 1 / 6, 0.25])
    assert _values(RelevanceRank(), perfect, worst, even) == pytest.approx([1, 0, 0.25])
    assert _values(PointingGame(), perfect, worst, even) == pytest.approx([1, 0, 0.25])


def test_magnitude_counts_evidence_against_signed_does_not() -> None:
    case = ([-5.0, 1.0, 2.0], [1, 0, 0])
    signed = [_values(metric(), case)[0] for metric in METRICS]
    magnitude = [_values(metric("magnitude"), case)[0] for metric in METRICS]
    assert signed == pytest.approx([1 / 3, 0, 0, 0, 0])
    assert magnitude == pytest.approx([1, 1, 5 / 8, 1, 1])


@pytest.mark.reimplements("auprc", "auroc", only=[""])
@given(CASES)
def test_agrees_with_scikit_learn(case: tuple[list[float], list[int]]) -> None:
    scores, marks = case
    assert _values(AUPRC(), case)[0] == pytest.approx(average_precision_score(marks, scores))
    assert _values(AUROC(), case)[0] == pytest.approx(roc_auc_score(marks, scores))


@pytest.mark.reimplements("relevance_rank", "pointing_game", only=[""])
@given(CASES.filter(lambda case: len(case[0]) <= 6))
def test_ties_count_by_the_mean_over_their_orders(case: tuple[list[float], list[int]]) -> None:
    scores, marks = case
    orders = [
        order
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    k = sum(marks)
    rank = np.mean([sum(marks[i] for i in order[:k]) / k for order in orders])
    point = np.mean([marks[order[0]] for order in orders])
    assert _values(RelevanceRank(), case)[0] == pytest.approx(rank)
    assert _values(PointingGame(), case)[0] == pytest.approx(point)


@pytest.mark.reimplements("auprc", only=["chance"])
@given(CASES.filter(lambda case: len(case[0]) <= 6))
def test_chance_is_the_mean_over_all_orders(case: tuple[list[float], list[int]]) -> None:
    _, marks = case
    falling = list(range(len(marks), 0, -1))
    orders = set(itertools.permutations(marks))
    mean = np.mean([average_precision_score(order, falling) for order in orders])
    assert _values(AUPRC(), case, key="chance")[0] == pytest.approx(mean)


@pytest.mark.reimplements("relevance_mass", only=[""])
@given(CASES)
def test_mass_is_a_plain_sum(case: tuple[list[float], list[int]]) -> None:
    scores, marks = case
    positive = sum(s for s in scores if s > 0)
    assume(positive > 0)
    expected = sum(s for s, mark in zip(scores, marks, strict=True) if s > 0 and mark) / positive
    assert _values(RelevanceMass(), case)[0] == pytest.approx(expected)


@given(st.lists(CASES, min_size=2, max_size=5), st.floats(1e-12, 1e12))
def test_a_sample_alone_and_scaled_is_as_in_any_batch(
    cases: list[tuple[list[float], list[int]]], scale: float
) -> None:
    scaled = [([scale * s for s in scores], marks) for scores, marks in cases]
    for metric in METRICS:
        together = _values(metric(), *cases)
        alone = [_values(metric(), case)[0] for case in scaled]
        assert together == pytest.approx(alone, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("metric", METRICS)
def test_undefined_says_why(metric: Any) -> None:
    cases = [
        ([1.0, np.nan], [1, 0]),
        ([1.0, 2.0], [0, 0]),
        ([1.0, 2.0], [1, 1]),
        ([1.0, 2.0], [1, 0]),
    ]
    scored = metric().score(_explained(*cases), NO_PROBE)
    assert np.isnan(scored.values[""]).tolist() == [True, True, True, False]
    reasons = {
        0: "scores are not finite",
        1: "no annotated unit",
        2: "every unit is annotated",
    }
    assert scored.reasons[""] == reasons


def test_mass_without_evidence_for_the_target_is_undefined() -> None:
    scored = RelevanceMass().score(_explained(([-1.0, 0.0], [1, 0])), NO_PROBE)
    assert np.isnan(scored.values[""]).all()
    assert scored.reasons[""] == {0: "no relevance for the target"}


def test_a_token_is_annotated_where_half_of_it_is() -> None:
    spans = Spans(np.array([0, 4, 6, 9]))
    sample = Sample("s", "A" * 9, 1, (Interval(2, 5, "m"),))
    explained = Explained(
        (sample,),
        (Attribution(np.array([3.0, 2.0, 1.0]), spans),),
        np.array([1]),
        np.zeros((1, 2)),
    )
    assert AUPRC().score(explained, NO_PROBE).values["base_rate"] == pytest.approx([2 / 3])
    assert AUPRC().score(explained, NO_PROBE).values[""] == pytest.approx([1.0])


def test_decoys_count_only_where_they_are_named() -> None:
    intervals = (Interval(0, 1, "m"), Interval(1, 2, "decoy:d"))
    explained = Explained(
        (Sample("s", "AAAA", 1, intervals),),
        (Attribution(np.array([0.0, 1.0, 0.0, 0.0]), Spans.nucleotides(4)),),
        np.array([1]),
        np.zeros((1, 2)),
    )
    assert PointingGame().score(explained, NO_PROBE).values[""] == pytest.approx([0.0])
    decoys = PointingGame(names=["decoy:*"])
    assert decoys.score(explained, NO_PROBE).values[""] == pytest.approx([1.0])


def test_a_wrong_sign_is_one_sentence() -> None:
    with pytest.raises(InputError, match="unknown 'absolute'"):
        AUPRC("absolute")  # type: ignore[arg-type]


def test_read_only_scores_are_accepted_and_left_alone() -> None:
    explained = _explained(([1.0, 2.0], [1, 0]))
    before = explained.attributions[0].scores.copy()
    for metric in METRICS:
        metric().score(explained, NO_PROBE)
    assert np.array_equal(explained.attributions[0].scores, before)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("sign", ["signed", "magnitude"])
@given(cases=st.lists(CASES, min_size=1, max_size=4), half=st.integers(1, 4))
def test_smoothed_maps_are_judged_as_their_windows_means(
    metric: Any, sign: str, cases: list[Any], half: int
) -> None:
    """A plain loop over each nucleotide's window, then the metric as it is."""
    smoothed = []
    for scores, marks in cases:
        sizes = [abs(s) if sign == "magnitude" else s for s in scores]
        windows = [sizes[max(i - half, 0) : i + half + 1] for i in range(len(sizes))]
        # In tenths of thousands, so that equal means are equal.
        smoothed.append(([round(sum(w) / len(w), 9) for w in windows], marks))
    found = _values(metric(sign=sign, smoothing=2 * half + 1), *cases)
    assert found == pytest.approx(_values(metric(), *smoothed), abs=1e-7, nan_ok=True)


def test_smoothed_tokens_are_judged_on_nucleotides() -> None:
    spans = Spans(np.array([0, 4, 6]))
    sample = Sample("s", "ACGTAC", 1, (Interval(4, 6, "m"),))
    attribution = Attribution(np.array([1.0, 4.0]), spans)
    explained = Explained((sample,), (attribution,), np.ones(1, dtype=np.int64), np.zeros((1, 2)))
    scored = RelevanceMass(smoothing=3).score(explained, NO_PROBE)
    # 1, 1, 1, (1 + 1 + 4) / 3, (1 + 4 + 4) / 3, 4
    assert scored.values[""].tolist() == pytest.approx([7 / 12])


def test_smoothing_knows_no_neighbours_and_keeps_ties() -> None:
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=n).tolist() for n in (30, 7, 50)]
    marks = [[1, 0, 0, 1, 1] + [0] * (len(row) - 5) for row in rows]
    cases = list(zip(rows, marks, strict=True))
    together = _values(AUPRC(smoothing=11), *cases)
    assert together == [_values(AUPRC(smoothing=11), case)[0] for case in cases]
    flat = ([0.1] * 40, [1] * 4 + [0] * 36)
    expected = _values(AUPRC(), flat, key="base_rate")
    # At the ends a window is smaller; where all are 0.1, so are their means but for rounding.
    assert _values(AUPRC(smoothing=7), flat, ([0.0] * 40, flat[1])) == pytest.approx(expected * 2)
    repeated = ([1.0, 3.0, 0.1] * 20, [1, 0, 0] * 20)
    inner = moving_mean(np.array([repeated[0]]), np.ones((1, 60), dtype=bool), 3)[0, 1:-1]
    assert len(set(inner[::3])) == len(set(inner[1::3])) == 1


def test_scores_that_are_not_finite_say_so_smoothed_too() -> None:
    cases = ([np.nan, 1.0, 2.0], [1, 0, 0]), ([np.inf, -np.inf, 2.0], [1, 0, 0])
    scored = AUPRC(smoothing=3).score(_explained(*cases), NO_PROBE)
    assert np.isnan(scored.values[""]).all()
    assert set(scored.reasons[""].values()) == {"scores are not finite"}


@pytest.mark.parametrize("smoothing", [0, 2, -1, 1.5, "11"])
def test_smoothing_is_odd(smoothing: Any) -> None:
    with pytest.raises(InputError, match="expected an odd number of nucleotides"):
        AUPRC(smoothing=smoothing)
