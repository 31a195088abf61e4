"""What a component lacks or breaks is one sentence: whose it is, what was expected, what to do."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from entry_points import entry_point

from gxarena.errors import PluginError
from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite

END = "expected an answer, got the end of the program (exit status 1). Raise an error instead"
WITHOUT = {
    "explainer 'empty'": "expected an object with explain, got a Empty without. See what gxarena."
    "api says of explainers.",
    "metric 'no-score'": "expected an object with score, got a Empty without.",
    "metric 'no-quantities'": "expected an object with quantities, got a Scoring without.",
    "metric 'no-renormalise'": "expected an object with renormalise, got a Pair without.",
    "aggregator 'no-project'": "expected an object with project, got a Empty without.",
    "model 'no-spans'": "expected an object with spans, got a Outputs without.",
    "model 'nothing'": "expected an object with predict and spans and n_outputs, got a Empty",
}
WRONG = {
    "explainer 'too-short'": "Attribution: expected one score for each of 24 units, got an array "
    "of shape (23,)",
    "explainer 'gaps'": "Spans: expected boundaries that run from 0 to the sequence length, got",
    "metric 'number'": "expected score to give a Scored, got a float. E.g. return Scored({",
    "metric 'bare'": "expected score to give a Scored, got one whose values are a float.",
    "metric 'one', ''": "expected 6 values, got an array of shape ().",
    "metric 'asks'": "expected no question, as requires holds neither 'probe' nor 'explainer', got "
    "probe.predict. Declare",
    "aggregator 'stubborn'": "expected project to give an Attribution on the 24 units of `onto`, "
    "got one on 8 units.",
    "metric 'pair-of-numbers'": "expected compare to give a Scored, got a float.",
    "metric 'whole'": "expected score_set to give a SetScored, got a float. E.g. return SetScored(",
}
LEFT = {
    "explainer 'leaves'": END,
    "explainer 'leaves-when-made'": "expected an answer, got the end of the program (no licence)",
    "model 'leaving-model'": END,
}


@pytest.fixture(scope="module")
def lacking() -> Registry:
    points = [*metadata.entry_points(group="gxarena"), entry_point("toys", "toy_plugin")]
    return Registry.load([*points, entry_point("lacking", "lacking")])


def _document(dataset: dict[str, Any], **changes: Any) -> Suite:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    return Suite.model_validate(
        {
            "name": "lacking",
            "target": 1,
            "datasets": {"mine": dataset},
            "matrix": [block | changes] if changes else [block],
        }
    )


def test_each_is_a_row_that_says_whose_it_is_and_what_to_do(
    data: Path, lacking: Registry, tmp_path: Path
) -> None:
    block = _document({"path": str(data)}).matrix[0].model_dump()
    named = {"explainers": [], "metrics": [], "models": [], "aggregators": []}  # type: ignore[var-annotated]
    for where in [*WITHOUT, *WRONG, *LEFT]:
        kind, _, name = where.split(",")[0].partition(" ")
        named[f"{kind}s"].append(name.strip("'"))
    pairs = {"no-renormalise", "pair-of-numbers"}
    blocks = [
        block | {"explainers": named["explainers"]},
        block | {"metrics": [m for m in named["metrics"] if m not in pairs]},
        block | {"explainers": ["random"], "metrics": [*pairs], "against": ["toy/exact"]},
        block | {"models": ["toy-tokens"], "aggregators": named["aggregators"]},
        block | {"models": named["models"]},
    ]
    document = _document({"path": str(data)}).model_dump() | {"matrix": blocks}
    run(make_plan(Suite.model_validate(document), lacking, limit=6), tmp_path / "run")
    rows = RunResults.of(tmp_path / "run").last_rows()
    said = {row["error_message"]: row for row in rows}
    for group, status, error in (
        (WITHOUT, "error", "PluginError"),
        (WRONG, "error", "PluginError"),
        (LEFT, "crashed", "SystemExit"),
    ):
        for where, sentence in group.items():
            begins = f"unknown: {where}: {sentence}"  # a test's entry point has no distribution
            (message,) = [one for one in said if one.startswith(begins)]
            assert (said[message]["status"], said[message]["error_type"]) == (status, error)
            assert said[message]["error_traceback"]  # its author can mend it
    assert len(said) == len(WITHOUT) + len(WRONG) + len(LEFT)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("listed", r"expected a Dataset, got a list\. Return gxarena\.Dataset\(name, samples\)\."),
        ("leaving", r"got the end of the program \(1\)\. Raise an error instead of calling exit\."),
    ],
)
def test_a_data_set_says_it_before_any_work(name: str, sentence: str, lacking: Registry) -> None:
    with pytest.raises(PluginError, match=f"^unknown: dataset '{name}': .*{sentence}$"):
        make_plan(_document({"name": name}), lacking)
