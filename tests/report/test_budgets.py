"""What was really replaced at each budget, and which budgets are less than a unit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from claims_by_hand import NUCLEOTIDES, TOKENS

from gxarena.report.budgets import (
    Met,
    Row,
    below_unit,
    budget_rows,
    budget_table,
    met,
    note,
    row_key,
)
from gxarena.report.evidence import Evidence

Make = Callable[..., Path]


def _cell(facts: dict[str, Any], shares: dict[float, list[float]], below: Any) -> dict[str, Any]:
    values = {f"replaced@{k:g}": column for k, column in shares.items()}
    values |= {f"below_unit@{k:g}": column for k, column in below.items()}
    return facts | {"metric_component": "faithfulness", "metric": "faithfulness", "values": values}


def _tokens(**more: Any) -> dict[str, Any]:
    shares = {10.0: [0.1, 0.11, 0.12], 1.0: [0.019, 0.021, 0.008], 2.5: [0.03, 0.02, 0.025]}
    below = {1.0: [1, 1, 0], 2.5: [1, 0, 0], 10.0: [0, 0, 0]}
    return _cell(TOKENS, shares, below) | more


def test_budgets_are_met_in_their_order_and_marked_where_most_are_below(make_run: Make) -> None:
    (cell,) = Evidence.of([make_run(_tokens())]).cells("faithfulness")
    found = met(cell)
    assert [one.budget for one in found] == ["1", "2.5", "10"]
    assert [one.replaced for one in found] == pytest.approx([1.6, 2.5, 11])
    assert [one.below for one in found] == pytest.approx([2 / 3, 1 / 3, 0])
    assert [one.marked for one in found] == [True, False, False]
    assert [one.text for one in found] == ["1.6*", "2.5", "11.0"]
    assert not Met("1", 2.0, 0.5).marked


def test_a_run_that_does_not_tell_marks_nothing(make_run: Make) -> None:
    (cell,) = Evidence.of([make_run(_cell(TOKENS, {1.0: [0.02]}, {}))]).cells("faithfulness")
    (one,) = met(cell)
    assert (one.text, np.isnan(one.below)) == ("2.0", True)
    (bare,) = Evidence.of([make_run(_cell(TOKENS, {}, {}), name="b")]).cells("faithfulness")
    assert met(bare) == ()


def test_fills_that_remove_the_same_are_one_row_and_controls_none(make_run: Make) -> None:
    other = _cell(NUCLEOTIDES, {1.0: [0.008] * 3}, {1.0: [0, 0, 0]})
    run = make_run(
        _tokens(metric="faithfulness-unknown"),
        _tokens(metric="faithfulness-complement"),
        _tokens(metric="faithfulness-unknown", dataset="background"),
        _tokens(explainer="random"),
        other,
        _cell(TOKENS, {}, {}) | {"metric": "empty"},
    )
    rows = budget_rows(Evidence.of([run]))
    assert [(r.dataset, r.explanation, r.strategy, r.metrics) for r in rows] == [
        (
            "promoters",
            "tokens/attnlrp",
            "native",
            ("faithfulness-unknown", "faithfulness-complement"),
        ),
        ("background", "tokens/attnlrp", "native", ("faithfulness-unknown",)),
        ("promoters", "cnn/lrp", "native", ("faithfulness",)),
    ]
    assert isinstance(rows[0], Row)
    assert [one.text for one in rows[2].met] == ["0.8"]


def test_a_table_has_a_column_for_every_budget() -> None:
    rows = [
        Row("a", "m/e", "native", ("x", "y"), (Met("1", 2.0, 1.0), Met("20", 20.04, 0.0))),
        Row("b", "m/e", "native", ("x",), (Met("2.5", 2.4, 0.0), Met("100nt", 1.0, 0.0))),
    ]
    assert budget_table(rows) == {
        "head": [["data set", "explanation", "scores", "metric", "1%", "2.5%", "20%", "100 nt"]],
        "body": [
            ["a", "m/e", "native", "x, y", "2.0*", "–", "20.0", "–"],
            ["b", "m/e", "native", "x", "–", "2.4", "–", "1.0"],
        ],
    }


def _row(metric: str, estimate: float | None, **labels: str) -> dict[str, Any]:
    facts = {
        "suite": "s",
        "dataset": "d",
        "model": "tokens",
        "explainer": "e",
        "aggregator": "native",
    }
    return facts | {"metric": metric, "estimate": estimate} | labels


def test_rows_of_a_board_are_marked_where_their_budget_is_below_a_unit() -> None:
    pair = "borrowed[vs a-1.5/b]"
    marked = [
        _row("f.mif_drop_logit@1", 0.2),
        _row("f.lif_change_probability@1", None),
        _row("f.replaced@1", 0.02),
        _row("f.below_unit@1", 1.0),
        _row(f"{pair}.gain_logit@2.5", 0.1),
        _row(f"{pair}.below_unit@2.5", 0.6),
    ]
    plain = [
        _row("f.mif_drop_logit@10", 0.2),
        _row("f.below_unit@10", 0.5),
        _row("f.mif_drop_logit@5", 0.2),
        _row("f.below_unit@5", None),
        _row("f.mif_logit_area", 0.2),
        _row("f-other.mif_drop_logit@1", 0.2),
        _row(f"{pair}.gain_logit@1", 0.1),
        _row("auprc", 0.9),
        _row("f.mif_drop_logit@1", 0.2, model="cnn"),
        _row("f.mif_drop_logit@1", 0.2, aggregator="passed_on"),
    ]
    assert below_unit([*plain, *marked]) == {row_key(row) for row in marked}


def test_in_words_it_is_said_of_whom(make_run: Make) -> None:
    other = _cell(NUCLEOTIDES, {1.0: [0.008] * 3}, {1.0: [0, 0, 0]})
    cells = Evidence.of([make_run(_tokens(), other)]).cells("faithfulness")
    assert note(cells, 1) == "1% is less than one unit of tokens/attnlrp"
    assert note(cells, 2.5) == note(cells[1:], 1) == note(cells, 50) == ""
