"""What ships in leaderboard/ says nothing of the machine that it was made on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gxarena.results.validity import Measure, why_not_ranked

BOARDS = sorted((Path(__file__).parents[1] / "leaderboard").glob("*.parquet"))
OF_EXPLAINERS = [
    board for board in BOARDS if {"not_ranked", "ci_method"} <= set(pq.read_schema(board).names)
]
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PLACE = re.compile(r"(?<![\w.])/(tmp|work|home|root)/")


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_no_board_names_a_place_of_a_machine(board: Path) -> None:
    """Not in its columns, nor in what it says of the runs that it was made of."""
    table = pq.read_table(board)
    said = [str(table.schema.metadata)]
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
            said += map(str, column.unique().to_pylist())
    assert not [text for text in said if PLACE.search(text)]


def test_a_place_is_seen() -> None:
    assert PLACE.search("Seconds of /tmp/runs/a were measured")
    assert not PLACE.search("https://host.example/work/a, docs/tmp/a")


def test_why_nobody_is_ranked_is_what_was_found_last() -> None:
    """A board whose reason is of an earlier verdict says more, or less, than was shown."""
    verdicts = json.loads((BENCHMARKS / "validity" / "not_ranked.json").read_text())
    known = {verdict["why"] for verdict in verdicts}
    said: dict[str, set[str]] = {}
    for board in OF_EXPLAINERS:
        reasons = pq.read_table(board, columns=["not_ranked"])["not_ranked"].unique()
        for reason in filter(None, reasons.to_pylist()):
            said.setdefault(reason, set()).add(board.stem)
    assert said
    verdict = re.compile(r"(?:^|; )(?:at [\d.nt]+(?: and [\d.nt]+)* )?(on planted motifs [^;]*)")
    found = [(one, boards) for reason, boards in said.items() for one in verdict.findall(reason)]
    assert found
    assert not [(one, boards) for one, boards in found if one not in known]


JUDGED_APART = {("explainers", "completeness")}
"""Boards whose run is not kept, and what of them stands under a reason of its own."""


@pytest.mark.parametrize("board", OF_EXPLAINERS, ids=lambda path: path.stem)
def test_each_row_has_the_verdict_on_its_own_quantity(board: Path) -> None:
    """A reason may be known and yet be another row's, or be missing where there is one."""
    table = pq.read_table(board, columns=["model", "metric", "not_ranked", "rank"])
    terms = json.loads(table.schema.metadata[b"gxarena"])["terms"]
    asked = {one[1]: one[-1] for one in terms if one[0] == "metric"}
    components = {one[1]: one[-1].partition(" ")[0] for one in terms if one[0] == "model"}
    wrong = set()
    for row in table.to_pylist():
        label, quantity = _label_and_quantity(row["metric"], asked)
        if (board.stem, label) not in JUDGED_APART:
            why = why_not_ranked(_measure(components[row["model"]], asked[label], quantity))
            if (row["not_ranked"] or "") != why or (why and row["rank"] is not None):
                wrong.add((row["model"], row["metric"], row["not_ranked"], why))
    assert not wrong


def _label_and_quantity(name: str, labels: dict[str, Any]) -> tuple[str, str]:
    """A row's metric is `label[vs other].quantity`."""
    label = max(
        (one for one in labels if name == one or name.startswith((f"{one}.", f"{one}["))), key=len
    )
    rest = name.removeprefix(label)
    return label, (rest.partition("]")[2] if rest.startswith("[") else rest).removeprefix(".")


def _measure(model: str, asked: str, quantity: str) -> Measure:
    """Of a metric as boards say it: its component, then its parameters, then maybe more."""
    component, _, more = asked.partition(" ")
    parameters = json.dumps(json.JSONDecoder().raw_decode(more)[0]) if more else "{}"
    cell = {
        "model_component": model,
        "metric_component": component,
        "metric_parameters": parameters,
    }
    return Measure.of(cell, quantity)
