"""Truth weighted by information: as repeated units, by scikit-learn, in closed form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
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
from gxarena.run.probe import ModelProbe

NO_PROBE = ModelProbe(lambda: pytest.fail("localization asks no model"))
WEIGHABLE = [AUPRC, AUROC, RelevanceMass, RelevanceRank]
QUARTERS = 4
"""Information in the cases below comes in quarters, so that units can be repeated instead."""

Case = tuple[list[float], list[int]]
"""Scores, and of each unit the quarters of information; -1 where it is not annotated."""


def _explained(cases: Sequence[Case]) -> Explained:
    """One sample per case, a nucleotide a unit; each annotated one an interval of its own."""
    samples, attributions = [], []
    for number, (scores, quarters) in enumerate(cases):
        intervals = tuple(
            Interval(i, i + 1, "m", "+", (q / QUARTERS,)) for i, q in enumerate(quarters) if q >= 0
        )
        samples.append(Sample(f"s{number}", "A" * len(scores), 1, intervals))
        attributions.append(Attribution(np.array(scores), Spans.nucleotides(len(scores))))
    n = len(samples)
    return Explained(
        tuple(samples), tuple(attributions), np.ones(n, dtype=np.int64), np.zeros((n, 2))
    )


def _repeated(case: Case) -> Case:
    """The same with each unit there as often as it weighs, all of full weight."""
    scores, quarters = case
    times = [QUARTERS if q < 0 else q for q in quarters]
    marks = [-1 if q < 0 else QUARTERS for q in quarters]
    rows = list(zip(scores, marks, times, strict=True))
    return (
        [score for score, _, n in rows for _ in range(n)],
        [mark for _, mark, n in rows for _ in range(n)],
    )


def _values(metric: Any, *cases: Case, key: str = "") -> list[float]:
    return metric.score(_explained(cases), NO_PROBE).values[key].tolist()  # type: ignore[no-any-return]


CASES = st.integers(2, 12).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(-4, 4).map(float), min_size=size, max_size=size),
        st.lists(st.integers(-1, QUARTERS), min_size=size, max_size=size).filter(
            lambda quarters: min(quarters) < 0 < max(quarters)
        ),
    )
)


@pytest.mark.parametrize("metric", WEIGHABLE)
@pytest.mark.parametrize("sign", ["signed", "magnitude"])
@given(cases=st.lists(CASES, min_size=1, max_size=4))
def test_a_unit_counts_as_so_many_units_as_it_weighs(
    metric: Any, sign: Any, cases: list[Case]
) -> None:
    """Against the metric without weights, itself tested over all orders of ties."""
    weighted = metric(sign, weights="information")
    found = _values(weighted, *cases)
    expected = [_values(metric(sign), _repeated(case))[0] for case in cases]
    assert found == pytest.approx(expected, nan_ok=True)
    if metric is AUPRC:
        rates = [_values(metric(sign), _repeated(c), key="base_rate")[0] for c in cases]
        assert _values(weighted, *cases, key="base_rate") == pytest.approx(rates)


@given(CASES)
def test_agrees_with_scikit_learn_s_sample_weights(case: Case) -> None:
    scores, quarters = case
    marks = [q >= 0 for q in quarters]
    weights = [1.0 if q < 0 else q / QUARTERS for q in quarters]
    expected = average_precision_score(marks, scores, sample_weight=weights)
    assert _values(AUPRC(weights="information"), case)[0] == pytest.approx(expected)
    expected = roc_auc_score(marks, scores, sample_weight=weights)
    assert _values(AUROC(weights="information"), case)[0] == pytest.approx(expected)


@given(CASES)
def test_mass_and_rank_are_plain_loops(case: Case) -> None:
    scores, quarters = case
    units = [
        (score, 1.0 if q < 0 else q / QUARTERS, q >= 0)
        for score, q in zip(scores, quarters, strict=True)
    ]
    on_motif = sum(w * max(s, 0.0) for s, w, hit in units if hit)
    relevance = sum(w * max(s, 0.0) for s, w, _ in units)
    mass = on_motif / relevance if relevance else np.nan
    assert _values(RelevanceMass(weights="information"), case)[0] == pytest.approx(
        mass, nan_ok=True
    )
    total = left = sum(w for _, w, hit in units if hit)
    found = 0.0
    for score in sorted(set(scores), reverse=True):
        tied = [(w, hit) for s, w, hit in units if s == score]
        weight = sum(w for w, _ in tied)
        taken = min(left, weight)
        if weight:
            found += taken * sum(w for w, hit in tied if hit) / weight
        left -= taken
    assert _values(RelevanceRank(weights="information"), case)[0] == pytest.approx(found / total)


def test_closed_forms() -> None:
    """Two motif columns, of 1 and a quarter of the information, and two of background."""
    strong_first = ([4.0, 1.0, 3.0, 2.0], [4, 1, -1, -1])
    weak_first = ([1.0, 4.0, 3.0, 2.0], [4, 1, -1, -1])
    perfect = ([4.0, 3.0, 0.0, 0.0], [4, 1, -1, -1])
    even = ([1.0] * 4, [4, 1, -1, -1])
    cases = (strong_first, weak_first, perfect, even)
    rate = 1.25 / 3.25
    # Precision at the strong column, then at the weak one; recall steps of 0.8 and 0.2.
    assert _values(AUPRC(weights="information"), *cases) == pytest.approx(
        [0.8 + 0.2 * rate, 0.2 + 0.8 * rate, 1.0, rate]
    )
    assert _values(AUPRC(weights="information"), *cases, key="base_rate") == [rate] * 4
    assert _values(AUROC(weights="information"), *cases) == pytest.approx([0.8, 0.2, 1.0, 0.5])
    assert _values(RelevanceMass(weights="information"), *cases) == pytest.approx(
        [4.25 / 9.25, 2 / 7, 1.0, rate]
    )
    # The highest that weigh 1.25: all of the first and a quarter of what comes next.
    assert _values(RelevanceRank(weights="information"), *cases) == pytest.approx(
        [0.8, 0.2, 1.0, rate]
    )


@pytest.mark.parametrize("metric", WEIGHABLE)
def test_information_that_is_full_everywhere_weighs_nothing(metric: Any) -> None:
    rng = np.random.default_rng(0)
    cases = [
        (rng.normal(size=30).tolist(), np.where(rng.random(30) < 0.3, QUARTERS, -1).tolist())
        for _ in range(20)
    ]
    assert _values(metric(weights="information"), *cases) == _values(metric(), *cases)


@pytest.mark.parametrize("metric", WEIGHABLE)
@given(cases=st.lists(CASES, min_size=2, max_size=5))
def test_a_sample_alone_is_as_in_any_batch(metric: Any, cases: list[Case]) -> None:
    weighted = metric(weights="information")
    alone = [_values(weighted, case)[0] for case in cases]
    assert _values(weighted, *cases) == pytest.approx(alone, nan_ok=True)


def _one(intervals: tuple[Interval, ...], scores: list[float], edges: list[int]) -> Explained:
    sample = Sample("s", "A" * edges[-1], 1, intervals)
    attribution = Attribution(np.array(scores), Spans(np.array(edges)))
    return Explained((sample,), (attribution,), np.array([1]), np.zeros((1, 2)))


def test_a_token_weighs_what_its_annotated_nucleotides_do_on_average() -> None:
    motif = Interval(2, 6, "m", "+", (0.2, 0.6, 1.0, 0.5))
    explained = _one((motif,), [3.0, 2.0, 2.0], [0, 4, 6, 9])
    scored = RelevanceMass(weights="information").score(explained, NO_PROBE)
    # Of the first token two of four are annotated, 0.4 on average; of the second both, 0.75.
    truth = 3 * 0.4 + 2 * 0.75
    assert scored.values[""] == pytest.approx([truth / (truth + 2)])


def test_where_motifs_overlap_a_nucleotide_says_the_most_that_one_says() -> None:
    motifs = (Interval(0, 2, "m", "+", (0.5, 0.25)), Interval(1, 3, "n", "-", (1.0, 0.5)))
    for order in (motifs, motifs[::-1]):
        explained = _one(order, [1.0] * 5, [0, 1, 2, 3, 4, 5])
        scored = RelevanceMass(weights="information").score(explained, NO_PROBE)
        assert scored.values[""] == pytest.approx([2 / 4])
    named = RelevanceMass(names=["m"], weights="information").score(explained, NO_PROBE)
    assert named.values[""] == pytest.approx([0.75 / 3.75])


def test_smoothed_maps_are_weighed_too() -> None:
    motif = Interval(1, 3, "m", "+", (1.0, 0.5))
    explained = _one((motif,), [0.0, 3.0, 0.0, 0.0], [0, 1, 2, 3, 4])
    scored = RelevanceMass(smoothing=3, weights="information").score(explained, NO_PROBE)
    # 1.5, 1, 1, 0 after smoothing.
    assert scored.values[""] == pytest.approx([1.5 / 3])


@pytest.mark.parametrize("metric", WEIGHABLE)
def test_without_information_is_undefined_and_says_why(metric: Any) -> None:
    cases = [
        (Interval(0, 2, "m"),),
        (Interval(0, 2, "m", "+", (1.0, 0.5)), Interval(3, 4, "m")),
        (Interval(0, 2, "m", "+", (0.0, 0.0)),),
        (Interval(0, 2, "m", "+", (0.0, 0.5)), Interval(3, 4, "decoy:m")),
    ]
    for number, intervals in enumerate(cases):
        explained = _one(intervals, [1.0, 2.0, 3.0, 4.0, 5.0], [0, 1, 2, 3, 4, 5])
        scored = metric(weights="information").score(explained, NO_PROBE)
        reason = [
            "an annotation does not say how informative it is",
            "an annotation does not say how informative it is",
            "no annotated unit says anything",
            None,
        ][number]
        assert scored.reasons[""] == ({0: reason} if reason else {})
        assert np.isnan(scored.values[""]).tolist() == [reason is not None]
        assert np.isfinite(metric().score(explained, NO_PROBE).values[""]).all()


def test_relevance_on_columns_that_say_nothing_is_no_relevance() -> None:
    explained = _one((Interval(0, 2, "m", "+", (0.0, 1.0)),), [1.0, 0.0, 0.0], [0, 1, 2, 3])
    scored = RelevanceMass(weights="information").score(explained, NO_PROBE)
    assert np.isnan(scored.values[""]).all()
    assert scored.reasons[""] == {0: "no relevance for the target"}


def test_chance_is_a_quantity_where_it_has_a_closed_form() -> None:
    assert set(AUPRC().quantities) == {"", "base_rate", "chance", "positional"}
    assert set(AUPRC(weights="information").quantities) == {"", "base_rate", "positional"}
    explained = _explained([([1.0, 2.0], [4, -1])])
    assert set(AUPRC(weights="information").score(explained, NO_PROBE).values) == {"", "base_rate"}
    assert set(AUPRC().quantities) == {"", "base_rate", "chance", "positional"}


def test_other_weights_are_one_sentence_and_the_highest_unit_has_none() -> None:
    with pytest.raises(InputError, match="weights: unknown 'bits'"):
        AUPRC(weights="bits")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        PointingGame(weights="information")  # type: ignore[call-arg]


def test_without_weights_every_bit_is_as_before_there_were_any() -> None:
    """The digest of values that an earlier version gave, of scores that add up exactly."""
    rng = np.random.default_rng(0)
    samples, attributions = [], []
    for number in range(200):
        length = int(rng.integers(8, 60))
        starts = rng.integers(0, length - 4, 2)
        intervals = tuple(Interval(int(s), int(s) + int(rng.integers(1, 5)), "m") for s in starts)
        inner = np.flatnonzero(rng.random(length - 1) < (1.0 if number % 2 else 0.4)) + 1
        spans = Spans(np.array([0, *inner.tolist(), length]))
        attributions.append(Attribution(rng.integers(-8, 9, len(spans)) / 4, spans))
        samples.append(Sample(f"s{number}", "A" * length, 1, intervals))
    explained = Explained(
        tuple(samples), tuple(attributions), np.ones(200, dtype=np.int64), np.zeros((200, 2))
    )
    state = hashlib.sha256()
    for metric in (*WEIGHABLE, PointingGame):
        for sign in ("signed", "magnitude"):
            scored = metric(sign).score(explained, NO_PROBE)
            state.update(scored.values[""].tobytes())
            if metric is AUPRC:
                # The digamma function's last bits are scipy's.
                chance = scored.values["chance"].round(9)
                state.update(scored.values["base_rate"].tobytes() + chance.tobytes())
            state.update(repr(sorted(scored.reasons[""].items())).encode())
    expected = "6448cf8136adb17e34fe7efb1cbe14d913ed293b0e68f348ac13fc4deac65238"
    assert state.hexdigest() == expected
