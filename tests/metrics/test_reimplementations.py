"""Every number of every metric is computed by other means in some test: slowly, in closed form, or
by another library.

A test says so by `@pytest.mark.reimplements`, and is then tried: it has to fail where that number
is wrong (`tests/toys/noticing.py`). Here stands that no number is without one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from maps import explained_maps
from noticing import factory, stem, unnoticed

from gxarena.metrics.complexity import Gini
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.registry import Registry
from gxarena.run.probe import ModelProbe

TESTS = Path(__file__).parents[1]
THEIR_OWN = {
    "gxarena_quantus": "Quantus computes them; its test has closed forms, and ours beside them",
    "gxarena_modisco": "TF-MoDISco computes them; its test plants what is found",
}
"""Plugins that hand on what another library computes."""
METRICS = {
    name: found.component
    for (kind, name), found in sorted(Registry.load().components.items())
    if kind == "metrics"
}
NO_PROBE = ModelProbe(lambda: pytest.fail("shape asks no model"))


def declared(name: str) -> set[str]:
    """The numbers that a metric gives as it is by default, budgets apart."""
    return {stem(key) for key in factory(METRICS[name])().quantities}


def marked(source: str) -> Iterator[tuple[str, set[str]]]:
    """Metrics that a test re-implements, with the numbers that it says it is confined to."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.reimplements":
            only = [one for word in node.keywords for one in _texts(word.value)]
            for argument in node.args:
                yield from ((name, set(only)) for name in _texts(argument))


def _texts(node: ast.AST) -> list[str]:
    found = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return [value for value in found if isinstance(value, str)]


def without(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Numbers of metrics that no test computes by other means."""
    missing = {
        name: declared(name)
        for name, component in METRICS.items()
        if component.target.partition(".")[0] not in THEIR_OWN
    }
    for source in sources.values():
        for name, only in marked(source):
            # A mark without numbers is of all that scoring gives; the control is asked apart.
            missing[name] -= only or declared(name) - {"positional"}
    return {name: numbers for name, numbers in missing.items() if numbers}


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return {str(path): path.read_text() for path in TESTS.rglob("test_*.py")}


def test_every_number_of_every_metric_is_computed_by_other_means(sources: dict[str, str]) -> None:
    assert len(METRICS) > 25
    assert without(sources) == {}


def test_what_nobody_computes_again_is_found(sources: dict[str, str]) -> None:
    hidden = {
        path: text.replace('reimplements("auprc"', 'reimplements("auroc"').replace(
            '"gini", "entropy"', '"gini"'
        )
        for path, text in sources.items()
    }
    assert without(hidden) == {
        "auprc": {"", "chance", "base_rate", "positional"},
        "entropy": {""},
    }


def test_a_test_that_does_not_notice_is_found() -> None:
    def blind() -> None:
        assert Gini().score(explained_maps([[1.0, 0.0]]), NO_PROBE).values[""][0] > 0

    def sharp() -> None:
        found = Gini().score(explained_maps([[1.0, 0.0]]), NO_PROBE).values[""]
        np.testing.assert_allclose(found, [0.5])

    assert unnoticed(blind, Gini) == [""]
    assert unnoticed(sharp, Gini) == []


def test_a_test_that_asks_nothing_or_crashes_notices_nothing() -> None:
    with pytest.raises(AssertionError, match="Gini is not asked"):
        unnoticed(lambda: None, Gini)
    with pytest.raises(AssertionError, match="gives"):
        unnoticed(
            lambda: Gini().score(explained_maps([[1.0]]), NO_PROBE), Gini, only=["no-such-number"]
        )

    def crashes() -> None:
        assert Gini().score(explained_maps([[1.0, 0.0]]), NO_PROBE).values[""][0] == 0.5 or 1 / 0

    with pytest.raises(ZeroDivisionError):
        unnoticed(crashes, Gini)


def test_budgets_of_one_number_are_one() -> None:
    keys = [key for key in Faithfulness().quantities if key.startswith("mif_drop_logit@")]
    assert len(keys) > 1
    assert {stem(key) for key in keys} == {"mif_drop_logit"}
