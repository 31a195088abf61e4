"""The writer of a run folder: what counts as done, and how its parts become tables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
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
from gxarena.results.schemas import CELLS, CURVES, SAMPLES, STATUSES, TABLES
from gxarena.results.segments import PARTS, SEGMENTS, listed
from gxarena.run.plan import Plan
from gxarena.run.runner import record_of, run

Claim = Callable[[], tuple[RunFolder, str]]


Row = dict[str, Any]


def _row(cell: str, status: str = "ok") -> Row:
    required: Row = {
        "string": "x",
        "int64": 1,
        "double": 0.5,
        "timestamp[us, tz=UTC]": datetime(2026, 1, 1, tzinfo=UTC),
    }
    row = {field.name: required[str(field.type)] for field in CELLS if not field.nullable}
    return row | {"cell_id": cell, "status": status}


def _sample(cell: str, value: float | None = 0.5) -> dict[str, Any]:
    return {"cell_id": cell, "sample_id": "s", "metric": "gini", "value": value, "reason": None}


def _write(folder: RunFolder, row: Row, parts: Mapping[str, Sequence[Row]] | None = None) -> None:
    """Write an attempt as a run does."""
    number = RunResults.of(folder.path).attempts_made(row["cell_id"]) + 1
    with folder.writer() as out:
        out.add(row | {"attempt": number}, parts)


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
    _write(folder, _row(cell, "error"))
    _write(folder, _row(cell, status))
    results = RunResults.of(folder.path)
    assert results.statuses([cell]) == {cell: status}
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
    _write(folder, _row(cell), {"samples": [_sample(cell, None)]})
    assert _finished(folder, "samples").to_pylist() == [_sample(cell, None)]


def test_the_board_that_is_written_is_handed_back(claim: Claim) -> None:
    folder, cell = claim()
    _write(folder, _row(cell) | {"quantities": '{"": {"better": "higher"}}'})
    assert _finished(folder, "leaderboard").equals(folder.finish())


def test_values_of_an_attempt_that_failed_are_no_results(claim: Claim) -> None:
    folder, cell = claim()
    _write(folder, _row(cell, "error"), {"samples": [_sample(cell)]})
    assert _finished(folder, "samples").num_rows == 0


def test_cells_of_an_earlier_plan_are_left_out(claim: Claim) -> None:
    folder, cell = claim()
    _write(folder, _row("00"), {"samples": [_sample("00")]})
    _write(folder, _row(cell), {"samples": [_sample(cell)]})
    assert _finished(folder, "cells")["cell_id"].to_pylist() == [cell]
    assert _finished(folder, "samples")["cell_id"].to_pylist() == [cell]


def _flip(path: Path, at: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 2
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "absent": Path.unlink,
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "flipped early": lambda path: _flip(path, 0.1),
    "flipped late": lambda path: _flip(path, 0.9),
    "another's": lambda path: path.write_bytes((path.parent / "motifs.parquet").read_bytes()),
}


@pytest.mark.parametrize("table", ["cells", "samples", "leaderboard"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_does_not_read_is_due_again_and_comes_back_the_same(
    plan: Callable[..., Plan], tmp_path: Path, table: str, damage: Callable[[Path], object]
) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "random"]}
    made = plan(matrix=[block | {"metrics": ["faithfulness"]}])
    run(made, tmp_path / "run")
    folder = tmp_path / "run"
    names = ("samples", "curves", "motifs", "leaderboard")
    before = {name: pq.read_table(folder / f"{name}.parquet") for name in names}
    damage(folder / f"{table}.parquet")
    results = RunResults.of(folder)
    lost = table != "leaderboard"
    assert set(results.statuses(results.record.cells).values()) == {"due" if lost else "ok"}
    if lost:
        assert f"{table}.parquet, so that 2 of 2 cells are due again" in results.warning
        with pytest.raises(StorageError, match="Run the same `gxarena run` again"):
            results.table(table)
    summary = run(made, folder)
    assert (summary.complete, summary.reused) == (True, 0 if lost else 2)
    assert RunResults.of(folder).warning == ""
    for name, content in before.items():
        assert _untimed(pq.read_table(folder / f"{name}.parquet")).equals(_untimed(content))


def _untimed(table: pa.Table) -> pa.Table:
    timed = {"seconds_per_sequence"} & {*table.column_names}
    return table.drop_columns(list(timed)).replace_schema_metadata(None)


def test_a_segment_that_does_not_read_is_due_and_said(claim: Claim) -> None:
    folder, cell = claim()
    _write(folder, _row(cell), {"samples": [_sample(cell)]})
    (segment,) = listed(folder.path)
    _flip(segment)
    results = RunResults.of(folder.path)
    assert results.statuses([cell]) == {cell: "due"}
    assert f"segments/{segment.name}, so that 1 of 1 cells are due" in results.warning
    for name in TABLES:
        with pytest.raises(StorageError, match="got another content in or no segments/"):
            results.table(name)
    _write(folder, _row(cell), {"samples": [_sample(cell)]})
    assert not segment.exists() or RunResults.of(folder.path).warning == ""
    assert _finished(folder, "samples").to_pylist() == [_sample(cell)]


JOINED = (*PARTS, "cells", "unlink")


@pytest.mark.parametrize("again", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("moment", JOINED)
def test_a_crash_while_joining_loses_and_doubles_nothing(
    plan: Callable[..., Plan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    again: bool,
) -> None:
    """Killed before each table is in its place, of a run's first joining and of a later one."""
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "random"]}
    made = plan(matrix=[block | {"metrics": ["gini", "faithfulness", "patterns"]}])
    folder = tmp_path / "run"
    run(made, tmp_path / "whole")
    if again:
        run(plan(matrix=[block | {"metrics": ["gini"]}]), folder)
    replace, unlink = Path.replace, Path.unlink

    def dying(path: Path, target: Path) -> Path:
        if Path(target) == folder / f"{moment}.parquet":
            raise KeyboardInterrupt
        return replace(path, target)

    def dying_later(path: Path, **how: bool) -> None:
        if path.parent.name == SEGMENTS and path.suffix == ".parquet" and not _merging():
            raise KeyboardInterrupt
        unlink(path, **how)

    with monkeypatch.context() as patch:
        if moment == "unlink":
            patch.setattr(Path, "unlink", dying_later)
        else:
            patch.setattr(Path, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            run(made, folder)
    wanted = RunResults.of(tmp_path / "whole")
    found = RunResults.of(folder)
    assert (found.warning, found.statuses(wanted.record.cells)) == (
        "",
        wanted.statuses(wanted.record.cells),
    )
    for name in PARTS:
        assert found.table(name).equals(wanted.table(name)), name
    ids = found.table("cells")["cell_id"].to_pylist()
    assert ids == wanted.table("cells")["cell_id"].to_pylist()
    summary = run(made, folder)
    assert (summary.complete, summary.reused) == (True, len(made.cells))
    assert not (folder / SEGMENTS).exists()
    for name in PARTS:
        written = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata(None)
        assert written.equals(wanted.table(name)), name


def _merging() -> bool:
    return any(frame.function == "_keep" for frame in inspect.stack())


def test_a_finished_run_is_its_tables_its_record_and_its_store(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    run(plan(), tmp_path / "run")
    found = {path.name for path in (tmp_path / "run").iterdir()}
    tables = {f"{name}.parquet" for name in (*TABLES, "leaderboard")}
    assert found == tables | {"run.json", "store", ".lock"}


def test_a_run_without_its_record_is_read_and_mended(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
    made = plan(matrix=[block | {"metrics": ["gini"]}])
    run(made, tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    before, rows = path.read_bytes(), RunResults.of(tmp_path / "run").last_rows()
    for text in (None, b"[]", b"\xff", before[:100]):
        if text is None:
            path.unlink()
        else:
            path.write_bytes(text)
        assert RunResults.of(tmp_path / "run").last_rows() == rows
        with pytest.raises(InputError, match="got a run of suite 'toy-suite'"):
            RunFolder(tmp_path / "run").check(RunRecord("other", "0", (), {"seed": 0}))
        assert run(made, tmp_path / "run").reused == 1
        assert path.read_bytes() == before


def test_work_for_an_earlier_plan_is_kept_for_the_next(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "random"]}
    one = plan(matrix=[block | {"metrics": ["faithfulness", "patterns"]}])
    two = plan(matrix=[block | {"metrics": ["gini"]}])
    folder = tmp_path / "run"
    run(one, folder)
    before = {name: RunResults.of(folder).table(name) for name in TABLES}
    assert run(two, folder).reused == 0
    assert {*RunResults.of(folder).table("cells")["metric"].to_pylist()} == {"gini"}
    assert run(two, folder).reused == 2
    assert run(one, folder).reused == 4
    for name in TABLES:
        assert RunResults.of(folder).table(name).equals(before[name])


def test_a_place_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, plan: Callable[..., Plan]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="expected a folder to write to, got 'Not a directory'"):
        run(plan(), tmp_path / "file" / "run")


def test_what_a_killed_run_was_writing_is_removed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    torn = [
        folder.path / place / f"{TEMPORARY}abc" for place in (".", SEGMENTS, "store/explain/key")
    ]
    for path in torn:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PAR1 and no more")
    whole = torn[-1].with_name("whole.parquet")
    whole.touch()
    with folder.locked(), folder.writer():
        assert not any(path.exists() for path in torn)
        assert whole.exists()
