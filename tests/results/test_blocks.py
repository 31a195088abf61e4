"""What a board's rows rank."""

from __future__ import annotations

import pytest

from gxarena.results.blocks import component_of


@pytest.mark.parametrize(
    ("metric", "component"),
    [
        ("auprc-magnitude", "auprc"),
        ("auprc-magnitude.base_rate", "auprc"),
        ("gini", "gini"),
        ("cj[vs v1.5/lrp].gain_logit@20", "continuous_jaccard[vs v1.5/lrp]"),
        ("borrowed[vs cnn/lrp].mif", "borrowed[vs cnn/lrp]"),
    ],
)
def test_what_a_quantity_is_of_whatever_a_suite_calls_it(metric: str, component: str) -> None:
    labels = {"auprc-magnitude": "auprc", "cj": "continuous_jaccard"}
    assert component_of(metric, labels) == component
