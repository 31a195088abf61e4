"""What must agree, and the sentence where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from written_runs import write_run

from gxarena.results.reading import RunResults
from gxarena.results.terms import Terms, components_of, from_json, terms_of, to_json, why_apart


def _terms(folder: Path, document: dict[str, Any] | None = None, **changes: Any) -> Terms:
    return terms_of(RunResults.of(write_run(folder, {"a": [1.0, 2.0]}, document, **changes)))


APART = {
    "target": ({"target": "label"}, "target is '1' in A and 'label' in B"),
    "objective": ({"objective": "probability"}, "objective is 'logit' in A and 'probability' in B"),
    "seed": ({"seed": 3}, "seed is 0 in A and 3 in B"),
    "sequences": (
        {"dataset_digest": "b" * 64},
        "data set 'd' is 2 sequences (dddddddd…) in A and 2 sequences (bbbbbbbb…) in B",
    ),
    "number": (
        {"n_samples": 12},
        "data set 'd' is 2 sequences (dddddddd…) in A and 12 sequences (dddddddd…) in B",
    ),
    "weights": (
        {"model_weights_digest": "f" * 32},
        "model 'm' is cnn with weights aaaaaaaa… in A and cnn with weights ffffffff… in B",
    ),
    "precision": (
        {"model_parameters": '{"dtype": "bfloat16"}'},
        "model 'm' is cnn with weights aaaaaaaa… in A and "
        'cnn with weights aaaaaaaa… {"dtype": "bfloat16"} in B',
    ),
    "metric": (
        {"metric_parameters": '{"fill": "random"}'},
        "metric 'q' is q {} in A and q {\"fill\": \"random\"} in B",
    ),
    "aggregator": (
        {"aggregator_component": "sum"},
        "aggregator 'native' is native {} in A and sum {} in B",
    ),
    "question": (
        {"metric_question": "sparsity"},
        "question of metric 'q' is localization in A and sparsity in B",
    ),
    "direction": (
        {"quantities": '{"": {"better": "lower"}}'},
        "direction of 'q' is higher in A and lower in B",
    ),
    "role": (
        {"explainer_role": "floor"},
        "role of explainer 'a' is method in A and floor in B",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), APART.values(), ids=APART)
def test_what_differs_keeps_runs_apart(
    changes: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    one, other = _terms(tmp_path / "a"), _terms(tmp_path / "b", **changes)
    assert why_apart("A", one, "B", other) == sentence
    assert why_apart("B", other, "A", one) != ""


SAME = {
    "where the weights lie": {"model_parameters": '{"checkpoint": "there", "device": "cuda"}'},
    "code": {"metric_digest": "0" * 32, "model_digest": "0" * 32, "gxarena_version": "1"},
    "another data set": {"dataset": "e", "dataset_digest": "0" * 64},
    "another model": {"model": "n", "model_weights_digest": "0" * 32},
    "a further replicate": {"model_replicate": 1, "model_weights_digest": "0" * 32},
    "another explainer": {"explainer_parameters": '{"n": 2}'},
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_what_does_not_matter_keeps_nobody_apart(changes: dict[str, Any], tmp_path: Path) -> None:
    assert why_apart("A", _terms(tmp_path / "a"), "B", _terms(tmp_path / "b", **changes)) == ""


def test_a_further_replicate_is_named(tmp_path: Path) -> None:
    one, other = (
        _terms(tmp_path / name, model_replicate=2, model_weights_digest=name * 32) for name in "ab"
    )
    assert why_apart("A", one, "B", other).startswith("model 'm' (replicate 2) is cnn with")


def test_the_first_replicate_is_the_only_one_of_who_has_one(tmp_path: Path) -> None:
    assert _terms(tmp_path / "a", model_replicate=0) == _terms(tmp_path / "b")


def test_a_model_without_files_is_what_its_code_is(tmp_path: Path) -> None:
    one = _terms(tmp_path / "a", model_weights_digest=None)
    other = _terms(tmp_path / "b", model_weights_digest=None, model_digest="0" * 32)
    assert (
        why_apart("A", one, "B", other)
        == "model 'm' is cnn (cccccccc…) in A and cnn (00000000…) in B"
    )


def test_partition_groups_and_comparisons_are_the_suites(tmp_path: Path) -> None:
    plain = _terms(tmp_path / "a", {"partition": "m"}, against="n/lrp")
    other = _terms(tmp_path / "b", {"partition": "n"}, against="n/lrp")
    assert why_apart("A", plain, "B", other) == "partition is 'm' in A and 'n' in B"
    assert why_apart("A", plain, "B", _terms(tmp_path / "c")) == ""
    grouped = _terms(tmp_path / "d", {"datasets": {"d": {"groups": "overlap"}}})
    assert "grouped by overlap) in B" in why_apart("A", plain, "B", grouped)
    changed = _terms(
        tmp_path / "e", {"explainers": {"lrp": {"name": "lrp", "gamma": 1}}}, against="n/lrp"
    )
    assert "what is compared with 'n/lrp' is" in why_apart("A", plain, "B", changed)


def _compared(folder: Path, **changes: Any) -> Terms:
    """Of a run in which b is compared with a, whose cells it holds."""
    run = write_run(
        folder, {"a": [1.0], "b": [2.0]}, metric_name={"a": "q", "b": "q[vs m/a]"},
        against={"b": "m/a"}, **changes,
    )  # fmt: skip
    return terms_of(RunResults.of(run))


def test_an_explainer_that_is_compared_with_must_be_of_the_same_code(tmp_path: Path) -> None:
    one, other = (
        _compared(tmp_path / name, explainer_digest={"a": name * 32, "b": "0" * 32})
        for name in "cd"
    )
    assert why_apart("A", one, "B", other) == (
        "code of what is compared with 'm/a' is a {} (cccccccc…) in A and a {} (dddddddd…) in B"
    )
    # Of who is compared with it the code is among no terms.
    same = _compared(tmp_path / "e", explainer_digest={"a": "c" * 32, "b": "1" * 32})
    assert why_apart("A", one, "B", same) == ""


def test_replicates_of_ones_own_are_no_other_explanation(tmp_path: Path) -> None:
    assert not any("compared" in key[0] for key in _terms(tmp_path / "a", against="m/a"))


def test_a_written_board_carries_them(tmp_path: Path) -> None:
    terms = _terms(tmp_path / "a")
    assert from_json(to_json(terms)) == terms


def test_terms_say_of_which_component_labels_are(tmp_path: Path) -> None:
    terms = _terms(tmp_path / "A", metric_component="faithfulness")
    assert components_of(terms, "metric") == {"q": "faithfulness"}
    assert components_of(terms, "model") == {"m": "cnn"}
