"""What ships in leaderboard/ says nothing of the machine that it was made on."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BOARDS = sorted((Path(__file__).parents[1] / "leaderboard").glob("*.parquet"))
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
