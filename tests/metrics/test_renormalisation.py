"""To [-1, 1], by hand."""

from __future__ import annotations

import math

from maps import explained_maps

from gxarena.metrics.renormalisation import renormalised


def test_renormalised_spans_minus_one_to_one_without_special_tokens() -> None:
    explained = renormalised(explained_maps([[1.0, -4.0], [0.0, 0.0]], special={"[CLS]": 100.0}))
    assert [a.scores.tolist() for a in explained.attributions] == [[0.25, -1.0], [0.0, 0.0]]
    assert explained.attributions[0].special == {"[CLS]": 100.0}


def test_small_maps_are_enlarged_and_what_is_nothing_or_not_finite_stays() -> None:
    explained = renormalised(explained_maps([[0.001, -0.004, 0.0], [1e-300], [math.inf, 2.0]]))
    scores = [a.scores.tolist() for a in explained.attributions]
    assert scores == [[0.25, -1.0, 0.0], [1.0], [math.inf, 2.0]]
