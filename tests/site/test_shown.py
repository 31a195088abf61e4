"""Which quantity speaks for a question."""

from __future__ import annotations

from typing import Any

import pytest

from gxarena.site.shown import shown_quantity

ROW = {
    "role": "method", "estimate": 1.0, "direction": "higher", "aggregator": "native",
    "dataset": "d", "explainer": "a", "not_ranked": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "headline", "expected"),
    [
        ([{"metric": "x", "direction": "none"}, {"metric": "y"}], (), "y"),
        ([{"metric": "x"}, {"metric": "y"}], ("y*",), "y"),
        ([{"metric": "x"}, {"metric": "y"}, {"metric": "y", "explainer": "b"}], (), "y"),
        ([{"metric": "x"}, {"metric": "y"}, {"metric": "y", "dataset": "e"}], (), "y"),
        ([{"metric": "a"}, {"metric": "auprc"}], (), "auprc"),
        ([{"metric": "x", "estimate": None}, {"metric": "y"}], (), "y"),
        ([{"metric": "x", "not_ranked": "tells no truth"}, {"metric": "y"}], ("x",), "y"),
    ],
    ids=["ranks", "headline", "methods", "data sets", "trusted", "there", "not barred"],
)
def test_the_quantity_shown(
    rows: list[dict[str, Any]], headline: tuple[str, ...], expected: str
) -> None:
    assert shown_quantity([ROW | row for row in rows], headline)[0] == expected
