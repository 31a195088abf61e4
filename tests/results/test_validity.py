"""Metrics that rank nobody: what a verdict is of, and that a written one is read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.files import shipped
from gxarena.results import validity
from gxarena.results.validity import Measure, why_not_ranked, write_verdicts


def _cell(model: str = "cnn", **parameters: Any) -> dict[str, Any]:
    return {
        "model_component": model,
        "metric_component": "faithfulness",
        "metric_parameters": json.dumps(parameters),
    }


def test_a_verdict_is_of_what_is_asked_and_not_of_how_far() -> None:
    one = Measure.of(_cell(ranking="signed", fill="unknown", budgets=[5, 20]), "mif_drop_logit@20")
    other = Measure.of(_cell(fill="unknown", ranking="signed", budgets=[20, 50]), one.quantity)
    assert one == other
    assert Measure.of(_cell(fill="complement", ranking="signed"), one.quantity) != one
    assert Measure.of(_cell(fill="unknown", ranking="signed"), "") != one
    assert Measure.of(_cell("hf", fill="unknown", ranking="signed"), one.quantity) != one
    assert Measure.of(_cell() | {"metric_parameters": None}, "").parameters == "{}"


NAMES = st.sampled_from(["fill", "ranking", "budgets", "random_orders", "sign"])
VALUES = st.sampled_from([1, 2, "unknown", None])


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_two_are_one_measure_where_they_ask_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    def what(asked: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in asked.items() if k not in ("budgets", "random_orders")}

    same = Measure.of(_cell(**one), "q") == Measure.of(_cell(**dict(reversed(other.items()))), "q")
    assert same == (what(one) == what(other))


def test_every_shipped_verdict_is_found_by_the_cell_that_it_is_of() -> None:
    rows = json.loads(shipped(validity.FILE).read_text())
    assert rows
    for row in rows:
        given_more = row["parameters"] | {"budgets": [3], "random_orders": 7}
        cell = {"model_component": row["model"], "metric_component": row["metric"],
                "metric_parameters": json.dumps(given_more)}  # fmt: skip
        assert why_not_ranked(Measure.of(cell, row["quantity"])) == row["why"]
        other = cell | {"model_component": "somebody's"}
        assert why_not_ranked(Measure.of(other, row["quantity"])) == ""


def test_written_verdicts_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Measure.of(_cell(fill="unknown"), "gain")
    other = Measure.of(_cell(fill="complement"), "gain")
    write_verdicts([(mine, "blind")], tmp_path / "v.json")
    monkeypatch.setattr(validity, "shipped", lambda _relative: tmp_path / "v.json")
    assert why_not_ranked(mine) == "blind"
    assert why_not_ranked(other) == ""
