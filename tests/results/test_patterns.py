"""Patterns that match nothing, at the plan and at the board."""

from __future__ import annotations

import pytest

from gxarena.results.patterns import hopeless, matches, matching_nothing, unmatched
from gxarena.run.suite import read_suite, shipped_suites

METRICS = ("gini", "faithfulness.mif_drop@20", "cj[vs cnn/lrp]", "auprc", "auprc.normalised")


def test_without_patterns_everything_is_asked_for() -> None:
    assert matches("gini", [])
    assert not matches("gini", ["auprc*", "Gini"])
    assert matches("auprc.normalised", ["gini", "auprc*"])


def test_what_matches_no_metric() -> None:
    patterns = ["gini", "ginni", "*@20", "*@10", "cj*", "ginni"]
    assert unmatched(patterns, METRICS) == ["ginni", "*@10"]


NAMES = ("gini", "faithfulness", "cj[vs cnn/lrp]")
HOPELESS = {
    "gini": False, "gini.normalised": False, "gin?": False, "*": False, "*@20": False,
    "faithfulness.*@20": False, "faith*": False, "cj*": False, "cj[[]vs*": False,
    "ginni": True, "ginni*": True, "faithfulness-unknown.*": True, "auprc*": True, "g": True,
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "lost"), HOPELESS.items())
def test_what_no_quantity_can_match(pattern: str, lost: bool) -> None:
    assert hopeless([pattern], NAMES) == ([pattern] if lost else [])


def test_the_sentence_names_what_is_close() -> None:
    sentence = matching_nothing("--metric", "ginni*", METRICS)
    assert sentence.startswith("--metric 'ginni*': expected a pattern of metrics that are there")
    assert "Did you mean 'gini'? Metrics: auprc, cj[vs cnn/lrp], faithfulness, gini." in sentence


@pytest.mark.parametrize("name", shipped_suites())
def test_the_headlines_that_ship_match_something(name: str) -> None:
    suite = read_suite(name)
    names = {metric for block in suite.matrix for metric in block.metrics}
    names |= {f"{m}[vs {o}]" for b in suite.matrix for m in b.metrics for o in b.against}
    assert hopeless(suite.headline, names) == []


def test_a_part_of_a_name_is_answered_by_the_pattern_that_has_it() -> None:
    names = ["faithfulness.mif_drop_logit@20", "gini"]
    assert "Did you mean '*mif_drop*'?" in matching_nothing("--metric", "mif_drop", names)
    assert "Did you mean 'gini'?" in matching_nothing("--metric", "ginni", names)
