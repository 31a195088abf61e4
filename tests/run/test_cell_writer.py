"""What is added to the writer of cells is on disk once it is written, together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gxarena.errors import StorageError
from gxarena.results.folder import RunFolder
from gxarena.results.reading import RunResults
from gxarena.results.segments import SegmentWriter, listed
from gxarena.run.cell_rows import CellRows
from gxarena.run.cell_writer import AGAIN, CellWriter
from gxarena.run.plan import Plan
from gxarena.run.runner import record_of


@pytest.fixture
def made(plan: Callable[..., Plan]) -> Plan:
    block = {"datasets": ["mine"], "models": ["toy"], "metrics": ["gini"]}
    return plan(matrix=[block | {"explainers": ["exact", "random", "occlusion"]}])


def _rows(made: Plan, status: str) -> list[dict[str, Any]]:
    rows = CellRows(made)
    ended = {"status": status, "started": datetime.now(UTC), "seconds": 1.0}
    return [rows.of(cell) | ended for cell in made.cells]


def _kept(folder: RunFolder) -> list[tuple[str, int, str]]:
    rows = RunResults.of(folder.path).table("cells", ["cell_id", "attempt", "status"])
    return sorted((row["cell_id"], row["attempt"], row["status"]) for row in rows.to_pylist())


def test_what_was_added_is_one_segment_once_it_is_written(made: Plan, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.claim(record_of(made))
    ids = [cell.id for cell in made.cells]
    out = CellWriter(folder, made.cells)
    for row in _rows(made, "error"):
        out.add(row)
    assert not listed(folder.path)
    for _ in range(2):
        out.write()
        assert len(listed(folder.path)) == 1
    for row in _rows(made, "ok"):  # of the same writer, and of a later one
        out.add(row)
    out.write()
    later = CellWriter(folder, made.cells)
    for row in _rows(made, "ok"):
        later.add(row)
    later.write()
    how = ("error", "ok", "ok")
    assert _kept(folder) == sorted((one, i + 1, how[i]) for one in ids for i in range(3))


def test_what_could_not_be_written_is_written_once_it_can(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where Ctrl-C comes while it is written: nothing is lost, and nothing is there twice."""
    folder = RunFolder(tmp_path / "run")
    folder.claim(record_of(made))
    out = CellWriter(folder, made.cells)
    rows = _rows(made, "ok")
    real = SegmentWriter.add_all

    def full(self: SegmentWriter, attempts: Any) -> None:
        real(self, attempts)
        raise StorageError("expected space, got a full disk.")

    out.add(rows[0])
    with monkeypatch.context() as patch:
        patch.setattr(SegmentWriter, "add_all", full)
        with pytest.raises(StorageError):
            out.write()
    for row in rows[1:]:
        out.add(row)
    out.write()
    assert _kept(folder) == sorted((cell.id, 1, "ok") for cell in made.cells)


def test_who_is_owed_a_second_try_is_owed_it_after_ctrl_c_too(made: Plan, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.claim(record_of(made))
    out = CellWriter(folder, made.cells)
    first, second, _ = _rows(made, "oom")
    again = {"error_type": "MemoryError", "error_message": f"Too much. {AGAIN}"}
    for row in (first | again, second | again, second | again | {"error_message": "Too much."}):
        out.add(row)
    out.write()
    assert CellWriter(folder, made.cells).owed == {first["cell_id"]}
    out.add(first | {"status": "interrupted"})
    out.write()
    assert CellWriter(folder, made.cells).owed == {first["cell_id"]}
