"""Every key follows all that it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from gxarena.run import keys

EXPLAIN: dict[str, Any] = {
    "predict": "p", "explainer": "e", "objective": "logit", "target": "predicted", "seed": 0,
}  # fmt: skip
ASKER: dict[str, Any] = {
    "predict": "p", "metric": "m", "objective": "logit", "target": "predicted", "seed": 0,
}  # fmt: skip
CELL: dict[str, Any] = {
    "labels": ["suite", "data"], "explain": "e", "against": [], "aggregator": "a", "projects": (),
    "onto": "", "metric": "m", "scope": "sample", "unsupported": "",
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [("data", "d2"), ("model", "m2")])
def test_predictions(name: str, value: str) -> None:
    base = {"data": "d", "model": "m"}
    assert keys.predict_key(**base) == keys.predict_key(**base)
    assert keys.predict_key(**base | {name: value}) != keys.predict_key(**base)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("predict", "p2"),
        ("explainer", "e2"),
        ("objective", "log_odds"),
        ("target", 1),
        ("seed", 1),
        ("replicate", 1),
    ],
)
def test_attributions(name: str, value: object) -> None:
    assert keys.explain_key(**EXPLAIN) == keys.explain_key(**EXPLAIN)
    assert keys.explain_key(**EXPLAIN | {name: value}) != keys.explain_key(**EXPLAIN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("predict", "p2"),
        ("metric", "m2"),
        ("objective", "log_odds"),
        ("target", 1),
        ("seed", 1),
    ],
)
def test_who_asks_for_shared_answers(name: str, value: object) -> None:
    assert keys.asker_key(**ASKER) == keys.asker_key(**ASKER)
    assert keys.asker_key(**ASKER | {name: value}) != keys.asker_key(**ASKER)


def test_shared_answers() -> None:
    asker = keys.asker_key(**ASKER)
    assert keys.shared_key(asker, "[]") == keys.shared_key(asker, "[]")
    assert keys.shared_key(asker, "[]") != keys.shared_key(asker, "[1]")
    assert keys.shared_key(asker, "[]").startswith(asker)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("labels", ["suite", "other"]),
        ("explain", "e2"),
        ("against", ["e2"]),
        ("against", ["e2", "e3"]),
        ("aggregator", "a2"),
        ("projects", {"refine"}),
        ("onto", "p2"),
        ("metric", "m2"),
        ("scope", "set"),
        ("unsupported", "needs what it lacks"),
    ],
)
def test_cells(name: str, value: object) -> None:
    assert keys.cell_id(**CELL) == keys.cell_id(**CELL)
    assert keys.cell_id(**CELL | {name: value}) != keys.cell_id(**CELL)


def test_stages_do_not_share_keys() -> None:
    drawn: dict[str, Any] = {"objective": "logit", "target": 0, "seed": 0}
    found = {
        keys.predict_key("a", "b"),
        keys.explain_key("a", "b", **drawn),
        keys.asker_key("a", "b", **drawn),
    }
    assert len(found) == 3
