"""Each broken promise is caught by the check that has its name, and a good component by none."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.testing import CHECKS, Outcome, Subject, check_component
from gxarena.testing.parametrisation import Case, cases_of
from gxarena.testing.running import found_by

Make = Callable[..., Registry]
SAMPLE = frozenset({"sample"})
REGISTRY = Registry.load()


def _failed(registry: Registry, **options: Any) -> dict[str, str]:
    found = list(check_component(registry, "bad", slow=False, **options))
    return {one.check: one.message for one in found if one.status == "failed"}


def test_good_ones_pass(made: Make) -> None:
    assert _failed(made("explainers", "Good")) == {}
    assert _failed(made("metrics", "GoodMetric", provides=SAMPLE, question="complexity")) == {}
    assert _failed(made("models", "Bare")) == {}
    assert _failed(made("models", "Masking", provides=frozenset({"maskable"}))) == {}


@pytest.mark.parametrize(
    ("target", "check"),
    [
        ("GlobalNoise", "seeds_decide_everything"),
        ("GlobalSeed", "the_process_stays"),
        ("Deaf", "what_is_asked_is_explained"),
        ("ByPlace", "order_does_not_matter"),
        ("ByBatch", "neighbours_do_not_matter"),
        ("ByPadding", "padding_does_not_matter"),
        ("WritesTargets", "inputs_stay"),
        ("WritesModel", "the_model_stays"),
        ("Moves", "the_process_stays"),
        ("NotFinite", "scores_are_finite"),
        ("OtherUnits", "scores_tile_the_sequence"),
        ("ReadsTruth", "only_declared_truth_is_read"),
        ("Sticks", "an_error_leaves_no_trace"),
        ("Raises", "scores_tile_the_sequence"),
    ],
)
def test_explainers(made: Make, target: str, check: str) -> None:
    failed = _failed(made("explainers", target))
    assert check in failed
    assert re.search("expected .*, got |Got ValueError", failed[check])


def test_units_of_either_kind_are_tried(made: Make) -> None:
    failed = _failed(made("explainers", "Literal"))
    assert failed["scores_tile_the_sequence"].startswith("one of tokens in NumPy: ")
    assert "a model in NumPy:" not in failed["scores_tile_the_sequence"]
    subject = Subject(REGISTRY, REGISTRY.registered("explainers", "ism"))
    assert [one.of_tokens for one in subject.trials] == [False, True]
    asked = Subject(REGISTRY, subject.found, models={"cnn": {}, "dnabert2-mini": {}})
    assert [one.label for one in asked.trials] == ["cnn", "dnabert2-mini"]


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("lime", ["a model in NumPy that masks", "one of tokens in NumPy that masks"]),
        ("saliency", ["cnn", "dnabert2-mini"]),
        ("deeplift", ["cnn"]),
        ("attnlrp", ["dnabert2-mini"]),
    ],
)
def test_models_are_those_that_fit(name: str, models: list[str]) -> None:
    subject = Subject(REGISTRY, REGISTRY.registered("explainers", name))
    assert [one.label for one in subject.trials] == models
    assert [one.tried.label for one in subject.on_each] == models


def test_an_objective_that_is_refused_is_no_failure(made: Make) -> None:
    registry = made("explainers", "Choosy")
    found = {one.check: one for one in check_component(registry, "bad", slow=False)}
    asked = found["what_is_asked_is_explained"]
    assert (asked.status, asked.message) == ("passed", "it refuses probability")


@pytest.mark.parametrize(
    ("target", "provides", "check"),
    [
        ("RandomModel", (), "outputs_are_always_the_same"),
        ("BatchModel", (), "batches_do_not_matter"),
        ("Constant", (), "the_sequence_matters"),
        ("Limited", (), "facts_are_true"),
        ("Bare", ("maskable",), "capabilities_have_their_methods"),
        ("NoMask", ("maskable",), "masking_is_true"),
        ("LeakyMask", ("maskable",), "masking_is_true"),
        ("SameCopy", ("randomisable",), "drawing_anew_changes_everything"),
    ],
)
def test_models(made: Make, target: str, provides: tuple[str, ...], check: str) -> None:
    assert check in _failed(made("models", target, provides=frozenset(provides)))


@pytest.mark.parametrize(
    ("target", "declared", "check"),
    [
        ("SevenMetric", {}, "values_are_as_declared"),
        ("AskingMetric", {}, "only_declared_questions_are_asked"),
        ("MeanMetric", {}, "samples_are_scored_by_themselves"),
        ("SilentMetric", {}, "scores_without_contrast_are_no_error"),
        ("PlainMetric", {}, "values_are_as_declared"),
        ("DizzyMetric", {"requires": frozenset({"truth"})}, "truth_beats_chance"),
        ("DizzyMetric", {"requires": frozenset({"truth"})}, "worse_is_worse"),
        ("DizzyMetric", {}, "only_declared_truth_is_read"),
    ],
)
def test_metrics(made: Make, target: str, declared: dict[str, Any], check: str) -> None:
    assert check in _failed(made("metrics", target, provides=SAMPLE, **declared))


@pytest.mark.parametrize(
    ("target", "check"),
    [
        ("Stubborn", "scores_lie_on_the_units_asked_for"),
        ("Stubborn", "units_that_cut_across_are_refused"),
        ("Boastful", "conservation_is_declared"),
    ],
)
def test_aggregators(made: Make, target: str, check: str) -> None:
    coarsen = frozenset({"coarsen"})
    assert check in _failed(made("aggregators", target, provides=coarsen))


@pytest.mark.parametrize(
    ("target", "check"),
    [("listed", "samples_are_well_formed"), ("fickle", "made_again_it_is_the_same")],
)
def test_datasets(made: Make, target: str, check: str) -> None:
    assert check in _failed(made("datasets", target))


def test_a_component_of_which_nothing_is_known_fails(made: Make) -> None:
    failed = _failed(made("explainers", "Undone"))
    assert list(failed) == ["it_can_be_made", "something_is_checked"]
    assert (
        "expected bad_components:Undone to make it, got Unsupported: never here"
        in failed["it_can_be_made"]
    )
    (lacking,) = [m for c, m in _failed(made("explainers", "GoodMetric")).items() if "made" in c]
    assert "expected an object with explain, got a GoodMetric without" in lacking


def test_no_model_to_try_it_on_is_a_failure_too(made: Make) -> None:
    failed = _failed(made("explainers", "Good", requires=frozenset({"one-hot"})))
    assert "no installed model will do" in failed["something_is_checked"]


@pytest.mark.parametrize("here", ["nothing", "what is skipped", "everything"])
def test_whether_something_is_checked_hangs_on_no_other_test(made: Make, here: str) -> None:
    """pytest-xdist deals the tests of a component out to processes; -k leaves some out."""
    registry = made("metrics", "GoodMetric", provides=SAMPLE, question="complexity")
    *_, something = _tried(registry, here)
    something()
    registry = made("explainers", "Good", requires=frozenset({"one-hot"}))
    *_, something = _tried(registry, here)
    with pytest.raises(pytest.fail.Exception, match=r"at least one check that applies, got \d\d "):
        something()


def _tried(registry: Registry, here: str) -> list[Case]:
    """The cases of the bad component, after a process in which that much of them was asked."""
    (found,) = found_by(registry, "bad")
    skipped = {one.check for one in check_component(registry, "bad") if one.status == "skipped"}
    assert skipped, "nothing of it is skipped: the test tells nothing"
    cases = cases_of(Subject(registry, found), {}, slow=False)
    for case in cases[:-1]:
        assert case.check is not None
        if here == "everything" or (here == "what is skipped" and case.check.name in skipped):
            with contextlib.suppress(pytest.skip.Exception, pytest.fail.Exception):
                case()
    return cases


def test_expected_failures_have_reasons_and_must_fail(made: Make) -> None:
    registry = made("explainers", "Declared")
    outcomes = {one.check: one for one in check_component(registry, "bad", slow=False)}
    assert outcomes["scores_are_finite"].status == "expected"
    assert outcomes["scores_are_finite"].message.startswith("a map of nothing (expected finite")
    assert outcomes["inputs_stay"].status == "failed"
    assert "Take it out of expected_failures" in outcomes["inputs_stay"].message
    with pytest.raises(InputError, match=r"unknown check 'scores_finite'\. Did you mean"):
        _failed(registry, expected_failures={"scores_finite": "?"})


def test_names_of_distributions_and_unknown_ones(made: Make) -> None:
    registry = made("explainers", "Good")
    assert {one.component for one in check_component(registry, "unknown:bad", slow=False)} == {
        "bad"
    }
    with pytest.raises(InputError, match="unknown component or distribution 'good'"):
        list(check_component(registry, "good"))


def test_every_check_has_a_promise_and_its_own_name() -> None:
    for kind, checks in CHECKS.items():
        names = [one.name for one in checks]
        assert len(set(names)) == len(names), kind
        assert all(one.promise.endswith(".") for one in checks)


def test_a_slow_check_spawns_a_process() -> None:
    registry = Registry.load()
    found: list[Outcome] = list(check_component(registry, "random", kind="explainers"))
    (spawned,) = [one for one in found if one.check == "a_fresh_process_agrees"]
    assert spawned.status == "passed"


def test_every_check_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text()
    for checks in CHECKS.values():
        for one in checks:
            assert f"`{one.name}`" in page
            assert one.promise in page


def test_one_output_is_said_to_have_no_probabilities(made: Make) -> None:
    for target, note in (("Single", "one output x: nothing in probabilities"), ("Bare", "")):
        found = {o.check: o for o in check_component(made("models", target), "bad", slow=False)}
        assert found["outputs_are_well_formed"].status == "passed"
        assert found["outputs_are_well_formed"].message.startswith(note)
