"""Matched motifs beside the controls': like beside like, and what is not defined says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gxarena.registry import Registry
from gxarena.report.evidence import Evidence
from gxarena.report.runs import ALL
from gxarena.results.excess import TOLD_THE_TRUTH, Excess, Found, excesses, is_null
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite, read_suite

CONTROLS = ("random", "gc", "randomised")
SUITES = Path(__file__).parents[2] / "benchmarks"
WITH_MOTIFS = sorted(p.stem for p in SUITES.glob("*.toml") if '["modisco' in p.read_text())


def test_every_control_that_is_not_told_the_truth_is_a_null() -> None:
    """A degraded oracle is a control, and finds the motifs that it is told of."""
    explainers = {
        name: one.component
        for (kind, name), one in Registry.load().components.items()
        if kind == "explainers"
    }
    assert {name for name, of in explainers.items() if "truth" in of.requires} == TOLD_THE_TRUTH
    for name, of in explainers.items():
        cell = {"explainer_component": name, "explainer_role": of.role}
        is_control = of.role in ("floor", "control")
        assert is_null(cell) == (is_control and "truth" not in of.requires), name


def test_a_plugins_own_control_is_a_null() -> None:
    mine = {"explainer_component": "my-shuffle", "explainer_role": "control"}
    assert is_null(mine)
    assert not is_null(mine | {"explainer_role": "method"})


def _excess(found: tuple[int, int], *controls: tuple[int, int]) -> Excess:
    """Of (patterns, matched)."""
    # Fewer count than there are: shares are of all.
    made = [
        Found(f"e{i}", n, matched, matched) for i, (n, matched) in enumerate([found, *controls])
    ]
    return Excess(
        "d", "m", "native", "modisco", None, "observed", "token", made[0], tuple(made[1:])
    )


def test_beyond_the_largest_control_and_beyond_all_together() -> None:
    one = _excess((4, 3), (9, 0), (7, 1), (4, 1))
    assert (one.most, one.number) == (1, 2)
    assert one.share == pytest.approx(3 / 4 - 2 / 20)


def test_without_controls_or_without_patterns_there_is_no_share() -> None:
    alone = _excess((4, 3))
    assert (alone.most, alone.number, alone.share, alone.interval) == (None, None, None, None)
    empty = _excess((4, 3), (0, 0))
    assert (empty.most, empty.number, empty.share, empty.interval) == (0, 3, None, None)
    nothing = _excess((0, 0), (5, 1))
    assert (nothing.number, nothing.share, nothing.interval) == (-1, None, None)


@given(st.data())
def test_limits_are_those_of_two_exact_intervals(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 60))
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    one = _excess((n, a), (m, b))
    assert one.interval is not None
    assert one.share is not None
    mine = stats.binomtest(a, n).proportion_ci(0.975)
    null = stats.binomtest(b, m).proportion_ci(0.975)
    assert one.interval == pytest.approx((mine.low - null.high, mine.high - null.low))
    assert one.interval[0] <= one.share <= one.interval[1]
    # As many in another order of the controls are the same.
    assert _excess((n, a), (m, b), (3, 1)).interval == _excess((n, a), (3, 1), (m, b)).interval


COUNTS = st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(COUNTS, st.lists(COUNTS, min_size=1, max_size=4), COUNTS)
def test_what_a_match_more_does_and_what_a_control_more_does(
    found: tuple[int, int], controls: list[tuple[int, int]], another: tuple[int, int]
) -> None:
    one = _excess(found, *controls)
    assert one.interval is not None
    assert one.share is not None
    assert one.number is not None
    assert -1 <= one.interval[0] <= one.share <= one.interval[1] <= 1
    n, matched = found
    if matched < n:
        better = _excess((n, matched + 1), *controls)
        assert better.number == one.number + 1
        assert better.share is not None
        assert better.share == pytest.approx(one.share + 1 / n)
        assert better.interval is not None
        assert better.interval[0] > one.interval[0]
    # Nobody gains by a further control, nor by a control that finds more.
    more = _excess(found, *controls, another)
    assert more.number is not None
    assert more.number <= one.number
    m, b = controls[0]
    if b < m:
        worse = _excess(found, (m, b + 1), *controls[1:])
        assert worse.share is not None
        assert worse.share < one.share
        assert worse.number is not None
        assert one.number - 1 <= worse.number <= one.number
    # What matches as its only control does is nothing beyond it.
    alike = _excess(found, found)
    assert (alike.number, alike.share) == (0, 0)
    assert alike.interval is not None
    assert alike.interval[0] < 0 < alike.interval[1]


def _ran(plan: Callable[..., Plan], folder: Path, metrics: list[str]) -> RunResults:
    block = {
        "datasets": ["mine"], "models": ["toy", "toy-tokens"],
        "explainers": ["exact", "random", "gc"], "aggregators": ["native"], "metrics": metrics,
    }  # fmt: skip
    assert run(plan(matrix=[block]), folder).complete
    return RunResults.of(folder)


def test_methods_stand_beside_the_controls_of_their_model_units_and_contributions(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    found = excesses(_ran(plan, tmp_path / "run", ["patterns", "gini"]))
    assert [(one.model, one.units, one.contributions) for one in found] == [
        ("toy", "nucleotide", "observed"),
        ("toy-tokens", "token", "observed"),
    ]
    for one in found:
        assert one.found == Found("exact", 2, 1, 1)
        # Sought in other contributions, GC's patterns are no measure of these.
        assert one.controls == (Found("random", 0, 0, 0),)
        assert (one.number, one.share) == (1, None)


def test_what_speaks_of_nucleotides_is_no_null_of_tokens(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where one explainer of a token model has the scores of a file, for each nucleotide."""
    results = _ran(plan, tmp_path / "run", ["patterns"])
    read = RunResults.table

    def table(self: RunResults, name: str) -> pa.Table:
        found = read(self, name)
        if name != "cells":
            return found
        rows = found.to_pylist()
        for row in rows:
            if (row["model"], row["explainer"]) == ("toy-tokens", "random"):
                row["attributions_units"] = "nucleotide"
        return pa.Table.from_pylist(rows, found.schema)

    monkeypatch.setattr(RunResults, "table", table)
    beside = {
        one.model: [control.explainer for control in one.controls] for one in excesses(results)
    }
    assert beside == {"toy": ["random"], "toy-tokens": []}


def test_a_copy_that_learned_nothing_stands_beside_who_explained_it(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    copies = {f"randomised-{of}": {"name": "random"} for of in ("exact", "again", "nobody")}
    block = {
        "datasets": ["mine"], "models": ["toy"], "aggregators": ["native"],
        "explainers": ["exact", "again", "random", *copies], "metrics": ["patterns"],
    }  # fmt: skip
    folder = tmp_path / "run"
    made = plan(matrix=[block], explainers={"again": {"name": "exact"}, **copies})
    assert run(made, folder).complete
    beside = {
        one.found.explainer: {control.explainer for control in one.controls}
        for one in excesses(RunResults.of(folder))
    }
    assert beside == {
        "exact": {"random", "randomised-exact", "randomised-nobody"},
        "again": {"random", "randomised-again", "randomised-nobody"},
    }
    evidence = Evidence.of([folder])
    for cell in evidence.cells("patterns", classes=ALL):
        found = {one.facts["explainer"] for one in evidence.controls_of(cell)}
        assert found == beside[cell.facts["explainer"]]


def test_a_run_whose_metric_says_not_in_what_has_no_excess(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    assert excesses(_ran(plan, tmp_path / "run", ["collection"])) == []


def test_suites_with_motifs_are_found() -> None:
    assert {"ctcf-vs-pu1", "fly-motifs", "human-promoters"} < {*WITH_MOTIFS}


@pytest.mark.parametrize("name", WITH_MOTIFS)
def test_every_suite_with_motifs_has_the_controls_in_the_same_block(name: str) -> None:
    suite: Suite = read_suite(name)
    components = Registry.load()
    for block in suite.matrix:
        if not any(metric.startswith("modisco") for metric in block.metrics):
            continue
        names = [suite.explainers.get(e, {}).get("name", e) for e in block.explainers]
        for control in CONTROLS:
            assert control in names
            assert components.registered("explainers", control).component.role in (
                "floor",
                "control",
            )
        methods = {
            e
            for e, of in zip(block.explainers, names, strict=True)
            if components.registered("explainers", of).component.role == "method"
        }
        _each_has_a_copy(suite, methods, set(block.explainers))


def _each_has_a_copy(suite: Suite, methods: set[str], explainers: set[str]) -> None:
    """Under the label by which it stands beside it, and of the same rule."""
    for method in methods:
        own = suite.explainers.get(method, {})
        name, parameters = own.get("name", method), {k: v for k, v in own.items() if k != "name"}
        copy = {"name": "randomised", "explainer": name, **parameters}
        assert f"randomised-{method}" in explainers
        assert suite.explainers[f"randomised-{method}"] == copy


def test_faithfulness_to_classes_is_beside_copies_by_the_same_rule() -> None:
    suite = read_suite("question-classes")
    (block,) = suite.matrix
    _each_has_a_copy(suite, {"lrp", "lrp-plus"}, set(block.explainers))
