"""The writer of a run folder: what counts as done, and how its parts become tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gxarena.errors import InputError, StorageError
from gxarena.files import TEMPORARY
from gxarena.results.folder import RunFolder
from gxarena.results.parquet import read_identity
from gxarena.results.reading import RunResults
from gxarena.results.record import RunRecord
from gxarena.results.schemas import CELLS, CURVES, SAMPLES, STATUSES
from gxarena.run.plan import Plan
from gxarena.run.runner import record_of, run

Claim = Callable[[], tuple[RunFolder, str]]


def _row(cell: str, status: str = "ok") -> dict[str, Any]:
    required: dict[str, Any] = {
        "string": "x",
        "int64": 1,
        "double": 0.5,
        "timestamp[us, tz=UTC]": datetime(2026, 1, 1, tzinfo=UTC),
    }
    row = {field.name: required[str(field.type)] for field in CELLS if not field.nullable}
    return row | {"cell_id": cell, "status": status}


def _sample(cell: str, value: float | None = 0.5) -> dict[str, Any]:
    return {"cell_id": cell, "sample_id": "s", "metric": "gini", "value": value, "reason": None}


def _parts(folder: RunFolder, table: str) -> list[Path]:
    return sorted((folder.path / "parts" / table).rglob("*.parquet"))


def _finished(folder: RunFolder, table: str) -> pa.Table:
    folder.finish()
    return pq.read_table(folder.path / f"{table}.parquet")


@pytest.fixture
def claim(plan: Callable[..., Plan], tmp_path: Path) -> Claim:
    """A folder claimed for a plan of one cell, and that cell's id."""

    def make() -> tuple[RunFolder, str]:
        block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
        made = plan(matrix=[block | {"metrics": ["gini"]}])
        folder = RunFolder(tmp_path / "run")
        folder.path.mkdir()
        folder.claim(record_of(made))
        return folder, made.cells[0].id

    return make


RECORD = RunRecord("mine", "0123", ("00",), {"seed": 0})


def test_a_new_folder_an_empty_one_and_ones_own_are_taken(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.check(RECORD)
    folder.path.mkdir()
    folder.check(RECORD)
    # What a killed run leaves before it wrote anything.
    (folder.path / f"{TEMPORARY}abc").touch()
    folder.check(RECORD)
    folder.claim(RECORD)
    (folder.path / "notes.txt").touch()
    folder.check(RunRecord("mine", "another plan", (), {}))


def test_a_folder_of_another_suite_is_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.claim(RECORD)
    with pytest.raises(InputError, match="run of suite 'other', got a run of suite 'mine'"):
        folder.check(RunRecord("other", "0123", ("00",), {"seed": 0}))


@pytest.mark.parametrize("there", ["run", "run/thesis.tex", "run/run.json"])
def test_a_place_of_something_else_is_refused(tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("years of work")
    with pytest.raises(InputError, match="expected a new or empty folder, got something that is"):
        RunFolder(tmp_path / "run").check(RECORD)


@pytest.mark.parametrize("status", STATUSES)
def test_the_last_attempt_tells_the_status(claim: Claim, status: str) -> None:
    folder, cell = claim()
    assert RunResults.of(folder.path).statuses([cell]) == {cell: "due"}
    folder.write_cell(_row(cell, "error"))
    folder.write_cell(_row(cell, status))
    results = RunResults.of(folder.path)
    assert results.statuses([cell]) == results.resumable([cell]) == {cell: status}
    assert [(r["attempt"], r["status"]) for r in results.last_rows()] == [(2, status)]
    assert _finished(folder, "cells")["status"].to_pylist() == ["error", status]


def test_tables_have_their_schemas_and_say_whose_they_are(claim: Claim) -> None:
    folder, cell = claim()
    folder.finish()
    for name, schema in (("cells", CELLS), ("samples", SAMPLES), ("curves", CURVES)):
        path = folder.path / f"{name}.parquet"
        assert pq.read_schema(path).remove_metadata().equals(schema)
        assert pq.read_table(path).num_rows == 0
        identity = read_identity(path) or {}
        assert (identity["table"], identity["suite"]) == (name, "toy-suite")
    folder.write_cell(_row(cell), {"samples": [_sample(cell, None)]})
    assert _finished(folder, "samples").to_pylist() == [_sample(cell, None)]


def test_the_board_that_is_written_is_handed_back(claim: Claim) -> None:
    folder, cell = claim()
    folder.write_cell(_row(cell) | {"quantities": '{"": {"better": "higher"}}'})
    assert _finished(folder, "leaderboard").equals(folder.finish())


def test_a_table_without_rows_gets_no_part(claim: Claim) -> None:
    folder, cell = claim()
    folder.write_cell(_row(cell), {"samples": [_sample(cell)], "curves": []})
    assert (len(_parts(folder, "samples")), len(_parts(folder, "curves"))) == (1, 0)
    assert RunResults.of(folder.path).resumable([cell]) == {cell: "ok"}


def test_values_of_an_attempt_that_failed_are_no_results(claim: Claim) -> None:
    folder, cell = claim()
    folder.write_cell(_row(cell, "error"), {"samples": [_sample(cell)]})
    assert _finished(folder, "samples").num_rows == 0


def test_cells_of_an_earlier_plan_are_left_out(claim: Claim) -> None:
    folder, cell = claim()
    folder.write_cell(_row("00"), {"samples": [_sample("00")]})
    folder.write_cell(_row(cell), {"samples": [_sample(cell)]})
    assert _finished(folder, "cells")["cell_id"].to_pylist() == [cell]
    assert _finished(folder, "samples")["cell_id"].to_pylist() == [cell]


@pytest.mark.parametrize("table", ["cells", "samples", "curves"])
@pytest.mark.parametrize("damage", ["absent", "truncated", "another cell's"])
def test_a_cell_whose_parts_do_not_read_is_due_again(
    plan: Callable[..., Plan], tmp_path: Path, table: str, damage: str
) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "random"]}
    made = plan(matrix=[block | {"metrics": ["faithfulness"]}])
    run(made, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    before = {
        name: pq.read_table(folder.path / f"{name}.parquet") for name in ("samples", "curves")
    }
    board = (folder.path / "leaderboard.parquet").read_bytes()
    one, other = _parts(folder, table)
    if damage == "absent":
        one.unlink()
    else:
        one.write_bytes(one.read_bytes()[:-9] if damage == "truncated" else other.read_bytes())
    statuses = RunResults.of(folder.path).resumable(cell.id for cell in made.cells)
    assert sorted(statuses.values()) == ["due", "ok"]
    summary = run(made, tmp_path / "run")
    assert (summary.complete, summary.reused) == (True, 1)
    for name, content in before.items():
        assert pq.read_table(folder.path / f"{name}.parquet").equals(content)
    assert (folder.path / "leaderboard.parquet").read_bytes() == board


def test_a_place_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, plan: Callable[..., Plan]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="expected a folder to write to, got 'Not a directory'"):
        run(plan(), tmp_path / "file" / "run")


def test_what_a_killed_run_was_writing_is_removed(tmp_path: Path) -> None:
    torn = tmp_path / "run" / "parts" / "cells" / f"{TEMPORARY}abc"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"PAR1 and no more")
    whole = torn.with_name("whole.parquet")
    whole.touch()
    with RunFolder(tmp_path / "run").locked():
        assert not torn.exists()
        assert whole.exists()
