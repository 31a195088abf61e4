"""What pages of metrics hold: whose table is open, and what a folded one says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from site_pages import Page, synthetic_board

from gxarena.registry import Registry
from gxarena.results.boards import write_board
from gxarena.results.schemas import LEADERBOARD
from gxarena.site.content import read_content
from gxarena.site.pages import board_tables, weights_of
from gxarena.site.site import Site
from gxarena.site.writing import write_site


def test_a_folded_table_says_who_is_first_and_whom_nobody_tells_from_it() -> None:
    board = synthetic_board(5, 1, 1)
    for table in board_tables(board.table.to_pylist(), 1, ("metric-0", "native")):
        ranked = [row for row in table.rows if row["rank"] is not None]
        first = [row["explainer"] for row in ranked if row["rank"] == 1]
        alike = {row["entry"] for row in ranked if row["tier"] == 1} - {
            row["entry"] for row in ranked if row["rank"] == 1
        }
        told = f", {len(alike)} not told apart" if alike else ""
        entries = len({row["entry"] for row in ranked})
        assert table.leads == f"; first of {entries}: {first[0]}{told}"
        bare = replace(table, rows=[{**row, "rank": None, "tier": None} for row in table.rows])
        assert bare.leads == ""


def test_of_a_long_page_the_first_table_of_each_kind_of_model_is_open(tmp_path: Path) -> None:
    """37,633 pixels on a phone, of one table after the other."""
    board = synthetic_board(3, 1, 6)
    rows = [
        row | {"metric": "auprc", "question": "localization"} for row in board.table.to_pylist()
    ]
    table = pa.Table.from_pylist(rows, LEADERBOARD)
    write_board(tmp_path / "b.parquet", replace(board, table=table))
    write_site(Site.of(read_content([tmp_path / "b.parquet"]), Registry.load()), tmp_path / "site")
    page = Page.read(tmp_path / "site" / "metric" / "auprc.html")
    models = {row["model"] for row in rows}
    folded = [a for tag, a in page.tags if tag == "details" and a.get("class") == "folded"]
    shown = sum("open" in one for one in folded)
    assert len(folded) >= 6 * len(models)
    assert shown == len(models)
    assert page.words.count("first of") == 6 * len(models)


def test_a_model_s_weights_are_said_once_with_the_boards_that_they_are_on() -> None:
    terms = [{("model", "m", "0"): "m with weights a", ("model", "n", "0"): "n"}] * 2
    terms += [{("model", "m", "0"): "m with weights b", ("seed",): "0"}]
    boards = [replace(synthetic_board(2, 1, 1), terms=one) for one in terms]
    assert weights_of(boards, "m") == [
        ("0", "m with weights a", [1, 2]),
        ("0", "m with weights b", [3]),
    ]
