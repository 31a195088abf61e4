"""What changed since the last board: what moved beyond its interval, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from site_pages import pages_of, synthetic_board

from gxarena.registry import Registry
from gxarena.results.boards import Board, write_board
from gxarena.results.schemas import LEADERBOARD
from gxarena.site.changes import Change, changes_of
from gxarena.site.content import read_content
from gxarena.site.site import Site
from gxarena.site.writing import write_site


def changed(explainer: str, **changes: Any) -> Board:
    """A board of four explainers, of one of which something is another."""
    board = synthetic_board(4, 1, 1)
    rows = [
        row | (changes if row["explainer"] == explainer else {}) for row in board.table.to_pylist()
    ]
    return replace(board, table=pa.Table.from_pylist(rows, LEADERBOARD))


def change(here: Board, there: Board) -> Change:
    (found,) = changes_of((here, there), ("new", "last"))
    return found


def test_what_is_the_same_did_not_move() -> None:
    board = synthetic_board(4, 2, 2)
    found = change(board, board)
    assert (found.both, found.moved, found.only_here, found.only_there) == (16, (), 0, 0)
    near = changed("explainer-01", estimate=0.01, ci_low=-9.0, ci_high=9.0)
    assert change(near, changed("")).moved == ()


def test_what_moved_is_said_in_words_the_furthest_first() -> None:
    last = changed("")
    far = changed("explainer-01", estimate=5.0, ci_low=4.9, ci_high=5.1)
    (one,) = change(far, last).moved
    assert (one.what, one.here["estimate"], one.there["explainer"]) == (
        "estimate", 5.0, "explainer-01",
    )  # fmt: skip
    places = {"rank": 9, "rank_low": 9, "rank_high": 9, "tier": 7}
    (one,) = change(changed("explainer-02", **places), last).moved
    assert one.what == "rank and tier"
    rows = far.table.to_pylist()
    rows[3] |= {"estimate": 99.0, "ci_low": 98.0, "ci_high": 100.0}
    both = change(replace(far, table=pa.Table.from_pylist(rows, LEADERBOARD)), last)
    assert [one.here["estimate"] for one in both.moved] == [99.0, 5.0]


NO_INTERVAL = {"ci_low": None, "ci_high": None}
NO_RANK = dict.fromkeys(("rank", "rank_low", "rank_high", "tier"))
FAILED: dict[str, Any] = {"estimate": None, "n": 0, "n_failed": 300} | NO_INTERVAL | NO_RANK


@pytest.mark.parametrize(
    ("here", "there", "what"),
    [
        ({"estimate": -9.0} | NO_INTERVAL, {}, "estimate"),
        ({"estimate": -9.0} | NO_INTERVAL, {"estimate": 9.0} | NO_INTERVAL, "estimate"),
        ({"estimate": 9.0 + 1e-9} | NO_INTERVAL, {"estimate": 9.0} | NO_INTERVAL, ""),
        (FAILED, {}, "estimate, rank and tier lost, more failed"),
        ({}, FAILED, "estimate, rank and tier new, fewer failed"),
        (FAILED, FAILED, ""),
        (NO_RANK, {}, "rank and tier lost"),
        ({"tier": None}, {}, "tier lost"),
        ({"tier": 7}, {"tier": None}, "tier new"),
        ({"tier": 7, "n_failed": 3}, {"n_failed": 2, "n_undefined": 1},
         "tier, more failed, fewer undefined"),
        ({"rank": 9, "rank_low": None, "rank_high": None}, {}, "rank"),
    ],
)  # fmt: skip
def test_what_has_no_interval_or_is_not_there_moves_too(
    here: dict[str, Any], there: dict[str, Any], what: str
) -> None:
    moved = change(changed("explainer-01", **here), changed("explainer-01", **there)).moved
    assert [one.what for one in moved] == ([what] if what else [])


def test_what_is_the_same_to_rounding_did_not_move_though_it_has_no_width() -> None:
    ends = {"estimate": 0.5, "ci_low": 0.5, "ci_high": 0.5}
    near = {name: value + 1e-9 for name, value in ends.items()}
    assert change(changed("explainer-01", **near), changed("explainer-01", **ends)).moved == ()


def test_it_is_counted_how_many_can_be_compared_and_what_is_lost_comes_first() -> None:
    rows = changed("explainer-01", **FAILED).table.to_pylist()
    rows[2] |= {"estimate": -9.0} | NO_INTERVAL
    last = changed("")
    found = change(replace(last, table=pa.Table.from_pylist(rows, LEADERBOARD)), last)
    assert (found.both, found.compared, found.with_intervals, len(found.moved)) == (4, 3, 2, 2)
    assert [one.here["explainer"] for one in found.moved] == ["explainer-01", "explainer-02"]


def test_numbers_that_answer_no_question_move_too() -> None:
    last = [row | {"question": ""} | NO_INTERVAL for row in changed("").table.to_pylist()]
    new = [row | {"estimate": 1 - row["estimate"]} for row in last]
    boards = [
        replace(changed(""), table=pa.Table.from_pylist(rows, LEADERBOARD)) for rows in (new, last)
    ]
    assert len(change(*boards).moved) == sum(row["estimate"] != 0.5 for row in last)


def test_what_only_one_has_and_other_terms_are_said() -> None:
    here, there = synthetic_board(4, 1, 2), synthetic_board(3, 1, 1)
    found = change(here, replace(there, terms={("seed",): "1"}))
    assert (found.both, found.only_here, found.only_there) == (3, 5, 0)
    assert found.terms == (
        "One of them does not say what was measured on what, so that this may be what changed."
    )
    seeded = replace(here, terms={("seed",): "1"})
    assert change(seeded, replace(there, terms={("seed",): "1"})).terms == ""
    found = change(replace(here, terms={("seed",): "0"}), replace(there, terms={("seed",): "1"}))
    assert found.terms == "They are not on the same terms: seed is 0 in new and 1 in last."


def test_boards_of_other_suites_are_not_compared() -> None:
    board = changed("")
    other = [row | {"suite": "another"} for row in board.table.to_pylist()]
    apart = replace(board, table=pa.Table.from_pylist(other, LEADERBOARD))
    assert changes_of((board, apart), ("new", "last")) == []


def test_the_site_has_a_page_of_it_that_the_start_page_leads_to(tmp_path: Path) -> None:
    new = changed("explainer-01", estimate=5.0, ci_low=4.9, ci_high=5.1)
    for name, board in (("a-new", new), ("b-last", changed(""))):
        write_board(tmp_path / f"{name}.parquet", board)
    content = read_content([tmp_path / "a-new.parquet", tmp_path / "b-last.parquet"])
    write_site(Site.of(content, Registry.load()), tmp_path / "site")
    pages = pages_of(tmp_path / "site")
    assert "Board 1 since board 2: 1 of 4 numbers moved" in pages["index.html"].words
    counted = "have an estimate of 4 of them, with intervals of 4."
    assert all(counted in pages[name].words for name in ("index.html", "changes.html"))
    assert pages["changes.html"].row("explainer-01")[5:7] == ["estimate", "5.00 (4.90 to 5.10)"]
