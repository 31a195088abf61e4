"""What ships in leaderboard/ says nothing of the machine that it was made on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BOARDS = sorted((Path(__file__).parents[1] / "leaderboard").glob("*.parquet"))
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
    for board in BOARDS:
        if {"not_ranked", "ci_method"} <= set(pq.read_schema(board).names):
            reasons = pq.read_table(board, columns=["not_ranked"])["not_ranked"].unique()
            for reason in filter(None, reasons.to_pylist()):
                said.setdefault(reason, set()).add(board.stem)
    assert said
    verdict = re.compile(r"(?:^|; )(?:at [\d.nt]+(?: and [\d.nt]+)* )?(on planted motifs [^;]*)")
    found = [(one, boards) for reason, boards in said.items() for one in verdict.findall(reason)]
    assert found
    assert not [(one, boards) for one, boards in found if one not in known]
