"""Metrics that rank nobody: what a verdict is of, and that a written one is read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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


def test_written_verdicts_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Measure.of(_cell(fill="unknown"), "gain")
    other = Measure.of(_cell(fill="complement"), "gain")
    write_verdicts([(mine, "blind")], tmp_path / "v.json")
    monkeypatch.setattr(validity, "shipped", lambda _relative: tmp_path / "v.json")
    assert why_not_ranked(mine) == "blind"
    assert why_not_ranked(other) == ""
