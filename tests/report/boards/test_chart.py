"""A board as a chart, by what its document says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from written_runs import write_run

import gxarena
from gxarena.errors import InputError, MissingExtra
from gxarena.report.boards.chart import chart

pytest.importorskip("altair")

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(40)] for m in (1.0, 2.0, 0.0))


@pytest.fixture
def board(tmp_path: Path) -> pa.Table:
    run = write_run(tmp_path / "run", {"a": LOW, "b": HIGH, "random": NONE})
    return gxarena.read_leaderboard(run).table


def _values(document: dict[str, Any]) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = document["datasets"][document["data"]["name"]]
    return values


def test_every_row_is_a_point_with_its_interval(board: pa.Table) -> None:
    document = chart(board, []).to_dict()
    drawn = {row["explainer"]: row for row in _values(document)}
    assert set(drawn) == {"a", "b", "random"}
    for row in board.to_pylist():
        one = drawn[row["explainer"]]
        assert [one[k] for k in ("estimate", "ci_low", "ci_high")] == [
            row[k] for k in ("estimate", "ci_low", "ci_high")
        ]
    assert sorted(drawn, key=lambda name: drawn[name]["order"]) == ["b", "a", "random"]
    assert drawn["random"]["kind"] == "control"
    rule, point = document["spec"]["layer"]
    assert (rule["encoding"]["x"]["field"], rule["encoding"]["x2"]["field"]) == (
        "ci_low",
        "ci_high",
    )
    assert point["encoding"]["x"]["field"] == "estimate"
    assert point["encoding"]["y"]["sort"]["field"] == "order"
    assert document["resolve"]["scale"] == {"x": "independent", "y": "independent"}


def test_panels_are_told_apart(board: pa.Table) -> None:
    rows = board.to_pylist()
    other = [row | {"suite": "t"} for row in rows] + [
        row | {"direction": "lower", "metric": "r"} for row in rows
    ]
    both = pa.Table.from_pylist(rows + other)
    panels = {row["panel"] for row in _values(chart(both, []).to_dict())}
    assert panels == {
        "s, q, native, d, m (higher is better)",
        "t, q, native, d, m (higher is better)",
        "s, r, native, d, m (lower is better)",
    }


def test_patterns_choose_and_what_matches_nothing_is_said(board: pa.Table) -> None:
    assert len(_values(chart(board, ["q"]).to_dict())) == 3
    with pytest.raises(InputError, match=r"plot 'r\*': expected a pattern of metrics"):
        chart(board, ["r*"])


def test_without_altair_the_extra_is_named(
    board: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingExtra, match=r"pip install 'gxarena\[plot\]'"):
        chart(board, [])
