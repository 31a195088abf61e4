"""Runs, bundles and written boards as boards: what is ranked together, and why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.results.boards import Board, boards_of, read_board, write_board
from gxarena.results.bundle import write_bundle
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.results.schemas import LEADERBOARD

LOW, HIGH, NONE = ([m + 0.01 * i for i in range(24)] for m in (1.0, 2.0, 0.0))


def _ranks(board: Board) -> dict[str, Any]:
    return {row["explainer"]: row["rank"] for row in board.table.to_pylist()}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A bundle of somebody's run: its folder is gone."""
    run = write_run(tmp_path / "theirs", {"a": LOW, "random": NONE}, {"headline": ["q*"]})
    write_bundle(RunResults.of(run), tmp_path / "published.zip")
    for file in run.iterdir():
        file.unlink()
    run.rmdir()
    return tmp_path / "published.zip"


def test_ones_own_run_is_ranked_with_a_published_bundle(published: Path, tmp_path: Path) -> None:
    mine = write_run(tmp_path / "mine", {"b": HIGH, "random": NONE}, {"headline": ["q*", "r"]})
    (board,) = boards_of([mine, published])
    assert _ranks(board) == {"a": 2, "b": 1, "random": None}
    assert board.names == (str(mine), str(published))
    assert (board.headline, len(board.runs), board.notes) == (("q*", "r"), 2, ())
    (same,) = boards_of([published, mine])
    assert same.table.equals(board.table)


def _seconds(board: Board) -> dict[str, Any]:
    return {row["explainer"]: row["seconds_per_sequence"] for row in board.table.to_pylist()}


def test_a_model_that_several_runs_timed_has_no_seconds_in_whatever_order(tmp_path: Path) -> None:
    """Of `a`, which both hold, whose seconds stand would be a matter of the order."""
    one = write_run(tmp_path / "one", {"a": LOW}, device="cpu", explain_seconds=24.0)
    two = write_run(tmp_path / "two", {"a": LOW, "b": HIGH}, device="cpu", explain_seconds=48.0)
    for runs in ([one, two], [two, one]):
        (board,) = boards_of(runs)
        assert _seconds(board) == {"a": None, "b": None}
        (note,) = board.notes
        assert note.endswith("and of a model that several timed none are shown.")
    (alone,) = boards_of([two])
    assert _seconds(alone) == {"a": 2.0, "b": 2.0}


def test_a_model_that_one_run_timed_keeps_its_seconds(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", {"a": LOW}, device="cpu", explain_seconds=24.0)
    untimed = write_run(tmp_path / "two", {"b": HIGH}, explain_seconds=None)
    other = write_run(
        tmp_path / "three",
        {"c": HIGH},
        model="n",
        model_weights_digest="1" * 32,
        explain_seconds=48.0,
    )
    for runs in ([one, untimed, other], [other, untimed, one]):
        (board,) = boards_of(runs)
        assert _seconds(board) == {"a": 1.0, "b": None, "c": 2.0}


@pytest.mark.parametrize(
    ("ending", "kept"), [(".", None), (", and of a model that several timed none are shown.", 1.0)]
)
def test_a_board_written_with_seconds_of_several_runs_is_read_without(
    ending: str, kept: float | None, tmp_path: Path
) -> None:
    note = f"Seconds of x and y were measured on cpu both: they compare within a run alone{ending}"
    (board,) = boards_of([write_run(tmp_path / "run", {"a": LOW}, explain_seconds=24.0)])
    write_board(tmp_path / "board.parquet", replace(board, notes=(note,)))
    assert _seconds(read_board(tmp_path / "board.parquet")) == {"a": kept}


def test_one_run_is_its_own_board(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW, "random": NONE})
    (board,) = boards_of([run, run])
    assert board.table.equals(leaderboard_of(RunResults.of(run)))
    assert (board.names, board.notes, board.written) == ((str(run),), (), False)


def test_what_cannot_be_compared_is_apart_and_says_why(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", {"a": LOW, "random": NONE})
    few = write_run(tmp_path / "few", {"b": HIGH[:12]}, dataset_digest="f" * 64)
    more = write_run(tmp_path / "more", {"c": HIGH})
    again = write_run(tmp_path / "again", {"c": LOW[:12]}, dataset_digest="f" * 64)
    first, second = boards_of([one, few, more, again])
    assert _ranks(first) == {"a": 2, "c": 1, "random": None}
    assert _ranks(second) == {"b": 1, "c": 2}
    assert first.notes == ()
    assert second.names == (str(few), str(again))
    assert second.notes == (
        f"Not ranked with {one}: data set 'd' is 12 sequences (ffffffff…) in {few} and "
        f"24 sequences (dddddddd…) in {one}.",
    )


def test_who_joins_no_board_is_told_apart_from_the_first(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), {"a": LOW}, seed=seed) for seed in range(3)]
    notes = [board.notes for board in boards_of(runs)]
    assert notes[0] == ()
    assert [len(some) for some in notes[1:]] == [1, 1]
    assert all(f"Not ranked with {runs[0]}: seed is" in some[0] for some in notes[1:])


def test_a_written_board_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW, "random": NONE}, {"headline": ["q"]})
    (board,) = boards_of([run])
    write_board(tmp_path / "board.parquet", board)
    read = read_board(tmp_path / "board.parquet")
    assert read.table.equals(board.table)
    assert (read.terms, read.headline, read.runs) == (board.terms, board.headline, board.runs)
    assert read.written
    assert boards_of([tmp_path / "board.parquet"]) == [read]


def _board(tmp_path: Path, **changes: Any) -> Path:
    run = write_run(tmp_path / "theirs", {"a": LOW, "random": NONE}, **changes)
    write_board(tmp_path / "board.parquet", boards_of([run])[0])
    return tmp_path / "board.parquet"


def test_nobody_is_ranked_with_a_written_board(tmp_path: Path) -> None:
    mine, board = write_run(tmp_path / "mine", {"b": HIGH}), _board(tmp_path)
    first, second = boards_of([board, mine])
    assert (_ranks(first), _ranks(second)) == ({"b": 1}, {"a": 1, "random": None})
    assert second.notes == (
        f"{board} holds no samples: its ranks are its own, and nobody is ranked with it; "
        f"estimates may be set beside those of {mine}, on the same terms.",
    )


def test_a_written_board_on_other_terms_says_so(tmp_path: Path) -> None:
    mine, board = write_run(tmp_path / "mine", {"b": HIGH}), _board(tmp_path, seed=1)
    (note,) = boards_of([mine, board])[1].notes
    assert note.endswith(
        f"its estimates compare with none of {mine}, since seed is 1 in {board} and 0 in {mine}."
    )


def _without(path: Path, *columns: str) -> None:
    table = pq.read_table(path).drop_columns(list(columns))
    pq.write_table(table.replace_schema_metadata(None), path)


def test_a_board_of_an_earlier_version_lacks_what_it_did_not_say(tmp_path: Path) -> None:
    mine, board = write_run(tmp_path / "mine", {"b": HIGH}), _board(tmp_path)
    _without(board, "coverage", "estimate_filled", "rank_filled")
    table = pq.read_table(board)
    at = table.column_names.index("verification")
    pq.write_table(table.set_column(at, "verification", pa.array(["unverified"] * 2)), board)
    second = boards_of([mine, board])[1]
    assert second.table.schema.equals(LEADERBOARD)
    assert second.table["coverage"].null_count == 2
    assert set(second.table["verification"].to_pylist()) == {"self-reported"}
    assert "does not say what was measured on what" in second.notes[0]


def test_a_written_board_is_not_checked_by_what_it_says_itself(tmp_path: Path) -> None:
    """One that was made by hand passed for replayed."""
    board = _board(tmp_path)
    assert read_board(board).notes == ()
    table = pq.read_table(board)
    at = table.column_names.index("verification")
    said = pa.array(["replayed", "\x1b[2J"])
    pq.write_table(table.set_column(at, table.schema.field(at), said), board)
    read = read_board(board)
    assert read.table["verification"].to_pylist() == ["self-reported"] * 2
    assert read.notes == (
        f"{board} says '\\x1b[2J' and 'replayed' of 2 of 2 rows, which counts for nothing: no "
        "attestation is of a written board. Its bundle's board says what was checked.",
    )


def test_sentences_of_a_written_board_are_its_own(tmp_path: Path) -> None:
    """Nobody holds them against anything: not who it says verified it, either."""
    run = write_run(tmp_path / "run", {"a": LOW, "random": NONE})
    board = replace(boards_of([run])[0], notes=("b.zip: verified by A lab.",))
    write_board(tmp_path / "b.parquet", board)
    (note,) = read_board(tmp_path / "b.parquet").notes
    assert note == f"{tmp_path}/b.parquet says of itself: b.zip: verified by A lab."


def test_what_is_none_of_these_is_one_sentence(tmp_path: Path) -> None:
    board = _board(tmp_path)
    _without(board, "question")
    with pytest.raises(InputError, match=r"expected a board with the column question, got none"):
        boards_of([board])
    with pytest.raises(InputError, match=r"expected a board, a bundle or a run, got nothing"):
        boards_of([tmp_path / "none.parquet"])
    with pytest.raises(InputError, match=r"expected the folder of a run"):
        boards_of([tmp_path])


def test_who_is_compared_with_other_code_under_another_label_is_apart(tmp_path: Path) -> None:
    """The second run calls the same model my-cnn: terms are held together by what labels mean."""
    runs = []
    for name, model, code in (("one", "m", "1"), ("two", "my-cnn", "2"), ("three", "my-cnn", "1")):
        aliases = {"models": {"my-cnn": {"name": "cnn"}}}
        runs.append(
            write_run(
                tmp_path / name, {"ref": NONE, "a": LOW}, aliases, model=model,
                explainer_digest={"ref": code * 32, "a": "0" * 32},
                metric_name={"a": f"q[vs {model}/ref]"},
                against={"a": f"{model}/ref"},
            )
        )  # fmt: skip
    first, second = boards_of(runs)
    assert first.names == (str(runs[0]), str(runs[2]))
    assert second.notes == (
        f"Not ranked with {runs[0]}: code of what is compared with 'm/ref' is ref {{}} (22222222…) "
        f"in {runs[1]} and ref {{}} (11111111…) in {runs[0]}.",
    )


def test_people_read_no_rank_of_who_is_alone(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": LOW, "random": NONE})
    pair = write_run(tmp_path / "pair", {"a": LOW, "b": HIGH})
    for path, shown in ((run, {"a": None, "random": None}), (pair, {"a": 2, "b": 1})):
        (board,) = boards_of([path])
        file = path.with_suffix(".parquet")
        write_board(file, board)
        for one in (board, read_board(file)):
            assert {r["explainer"]: r["rank"] for r in one.shown.to_pylist()} == shown
            assert {**_ranks(one), "random": None} == {
                **shown,
                "a": shown["a"] or 1,
                "random": None,
            }
