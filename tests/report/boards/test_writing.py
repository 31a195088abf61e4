"""Boards as files: each format read back."""

from __future__ import annotations

import csv
import html.parser
import re
from pathlib import Path

import pytest
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.report.boards.writing import ENDINGS, check_ending, write
from gxarena.results.boards import Board, boards_of, read_board

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(40)] for m in (1.0, 2.0, 0.0))
WILD = "<b>&x|y_%$</b>"


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """Of explainers one of which has a name that every format must escape."""
    run = write_run(tmp_path / "run", {"a": LOW, WILD: HIGH, "random": NONE})
    return boards_of([run])[0]


def test_parquet_is_a_written_board(board: Board, tmp_path: Path) -> None:
    write(tmp_path / "b.parquet", board, ["nothing"])
    assert read_board(tmp_path / "b.parquet").table.equals(board.table)


def test_csv_holds_every_row_and_column(board: Board, tmp_path: Path) -> None:
    table = board.table
    at = table.column_names.index("ranks_without")
    lists = type(board)(**{**vars(board), "table": table.set_column(
        at, table.schema.field(at), [[[1, None, 2], None, [3]]])})  # fmt: skip
    write(tmp_path / "b.csv", lists, ["nothing"])
    with (tmp_path / "b.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["explainer"] for row in rows] == table["explainer"].to_pylist()
    assert list(rows[0]) == table.column_names
    assert [float(row["estimate"]) for row in rows] == table["estimate"].to_pylist()
    assert [row["ranks_without"] for row in rows] == ["1 – 2", "", "3"]


def test_markdown_reads_back(board: Board, tmp_path: Path) -> None:
    write(tmp_path / "b.md", board, [])
    text = (tmp_path / "b.md").read_text(encoding="utf-8")
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line[:1] == "|"]
    assert len({len(cells) for cells in lines if "95% CI" in "".join(cells)}) == 1
    plain = ["".join(cells).replace("\\", "") for cells in lines]
    assert any(f" {WILD} " in line and "1 (1 … 1)" in line for line in plain)
    assert "\n\n\n" not in text
    assert "self-reported: computed by" in text


def test_latex_escapes_and_balances(board: Board, tmp_path: Path) -> None:
    write(tmp_path / "b.tex", board, [])
    text = (tmp_path / "b.tex").read_text(encoding="utf-8")
    assert r"<b>\&x|y\_\%\$</b> & 2.195" in text
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    for name in ("table", "tabular"):
        begun, ended = (text.count(rf"\{what}{{{name}}}") for what in ("begin", "end"))
        assert begun == ended == 2
    for table in text.split(r"\begin{tabular}{")[1:]:
        columns = table.partition("}")[0]
        rows = [line for line in table.splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(columns)}


class _Page(html.parser.HTMLParser):
    """Cells of the tables, and whatever a page would ask a server for."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.asked: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.asked += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


def test_html_holds_itself(board: Board, tmp_path: Path) -> None:
    write(tmp_path / "b.html", board, [])
    text = (tmp_path / "b.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert (page.open, page.asked) == ([], [])
    assert "url(" not in text
    assert "<script" not in text
    assert WILD in page.cells
    rows = page.cells[page.cells.index("95% CI") :]
    assert rows[rows.index(WILD) + 3] == "1 (1 … 1)"


def test_only_what_is_asked_for_is_in_the_tables(board: Board, tmp_path: Path) -> None:
    for ending in (".md", ".tex", ".html"):
        write(tmp_path / f"b{ending}", board, ["nothing"])
        text = (tmp_path / f"b{ending}").read_text(encoding="utf-8")
        assert "95" not in text.rpartition("seconds")[2]


def test_other_endings_are_one_sentence(board: Board, tmp_path: Path) -> None:
    for ending in ENDINGS:
        check_ending(Path(f"a{ending}"))
    with pytest.raises(
        InputError, match=r"expected .parquet, .csv, .md, .tex or .html, got '.xls'"
    ):
        write(tmp_path / "b.xls", board, [])
    assert not (tmp_path / "b.xls").exists()
