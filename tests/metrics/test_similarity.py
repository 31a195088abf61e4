"""Continuous Jaccard against closed forms and a plain loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maps import explained_maps

from gxarena.data import Spans
from gxarena.errors import Unsupported
from gxarena.metrics.similarity import ContinuousJaccard, renormalised

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


def test_renormalised_spans_minus_one_to_one_without_special_tokens() -> None:
    explained = renormalised(explained_maps([[1.0, -4.0], [0.0, 0.0]], special={"[CLS]": 100.0}))
    assert [a.scores.tolist() for a in explained.attributions] == [[0.25, -1.0], [0.0, 0.0]]
    assert explained.attributions[0].special == {"[CLS]": 100.0}
