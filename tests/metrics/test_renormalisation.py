"""To [-1, 1], by hand."""

from __future__ import annotations

from maps import explained_maps

from gxarena.metrics.renormalisation import renormalised


def test_renormalised_spans_minus_one_to_one_without_special_tokens() -> None:
    explained = renormalised(explained_maps([[1.0, -4.0], [0.0, 0.0]], special={"[CLS]": 100.0}))
    assert [a.scores.tolist() for a in explained.attributions] == [[0.25, -1.0], [0.0, 0.0]]
    assert explained.attributions[0].special == {"[CLS]": 100.0}
