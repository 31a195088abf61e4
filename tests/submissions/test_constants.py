"""One number for everybody: what nobody measured, and what may well be."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gxarena.submissions.constants import FEW, check_constants
from gxarena.submissions.findings import Findings
from gxarena.submissions.values import Values


def _row(explainer: str, better: str) -> dict[str, Any]:
    return {
        "cell_id": explainer, "dataset": "d", "model": "m", "model_replicate": None,
        "explainer": explainer, "explainer_role": "floor" if explainer == "random" else "method",
        "aggregator": "native", "metric_name": "q",
        "quantities": json.dumps({"": {"better": better, "bounds": [0.0, 1.0]}}),
    }  # fmt: skip


def _found(
    values: dict[str, list[float]],
    *,
    better: str = "higher",
    confirmed: tuple[str, ...] = (),
    first: int = 2,
) -> Findings:
    rows = [_row(explainer, better) for explainer in values]
    held = Values({name: {"": np.array(given)} for name, given in values.items()})
    findings = Findings()
    check_constants(rows, held, {(name, ""): first for name in confirmed}, findings)
    return findings


SAME = {"a": [0.5, 0.5], "random": [0.5, 0.5]}


def test_one_number_for_everybody_is_found() -> None:
    (found,) = _found(SAME).listed
    assert found.sentence == (
        "'d / m / native / q', all 2 cells: expected values that differ between explainers or "
        "samples, got 0.5 in each of 4, as if hard-coded."
    )
    assert _found({"a": [0.5, np.nan, 0.5], "random": [0.5, 0.5, np.nan]})


@pytest.mark.parametrize(
    "honest",
    [
        _found({"a": [0.5, 0.5], "random": [0.5, 0.4]}),
        _found({"a": [0.5, 0.5], "b": [0.5, 0.5]}),
        _found({"random": [0.5, 0.5]}),
        _found({"a": [0.5], "random": [0.5]}),
        _found({"a": [np.nan, np.nan], "random": [np.nan, np.nan]}),
        _found(SAME, better="none"),
        _found(SAME, confirmed=("a", "random")),
    ],
    ids=["varies", "no control", "alone", "one sample", "undefined", "ranks nobody", "confirmed"],
)
def test_what_may_be_is_not(honest: Findings) -> None:
    assert not honest
    assert honest.notes == []


def test_a_part_that_follows_from_something_is_not_enough() -> None:
    assert _found(SAME, confirmed=("a",))


def test_what_follows_the_first_samples_may_be_hard_coded() -> None:
    """Attributions are of the first samples alone: the others' values may be anything."""
    made = {"a": [0.1, 0.2, 0.5, 0.5], "random": [0.3, 0.4, 0.5, 0.5]}
    assert _found(made, confirmed=("a", "random"))
    assert not _found(made)
    honest = made | {"a": [0.1, 0.2, 0.5, 0.6]}
    assert not _found(honest, confirmed=("a", "random"))


def test_few_values_at_a_bound_are_pointed_out_alone() -> None:
    few = _found({"a": [0.0] * (FEW // 2), "random": [0.0] * (FEW // 2)})
    assert not few
    assert few.notes == ["'d / m / native / q', all 2 cells: every value is 0, which is a bound."]
    assert _found({"a": [0.0] * FEW, "random": [0.0] * FEW})
