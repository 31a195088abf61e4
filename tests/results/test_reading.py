"""The reader of a run folder: what it reads is of one moment, whatever a run does meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gxarena.errors import InputError, StorageError
from gxarena.results.folder import RunFolder
from gxarena.results.format_version import FORMAT
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.reading import RunResults
from gxarena.results.schemas import TABLES
from gxarena.results.segments import PARTS
from gxarena.run.plan import Plan
from gxarena.run.runner import run

MakePlan = Callable[..., Plan]
HALF, ALL = ["gini", "entropy"], ["gini", "entropy", "total", "faithfulness"]


def _block(metrics: list[str]) -> dict[str, Any]:
    return {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact", "random"],
        "metrics": metrics,
    }


@pytest.fixture
def half(plan: MakePlan, tmp_path: Path) -> Path:
    """A finished run that another plan will take up."""
    run(plan(matrix=[_block(HALF)]), tmp_path / "run")
    return tmp_path / "run"


def _copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def _unjoined(made: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that did all its work and was killed before it joined it."""

    def killed(_folder: RunFolder) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            run(made, folder)


def test_tables_are_read_as_they_were_written(half: Path) -> None:
    results = RunResults.of(half)
    for name in TABLES:
        written = pq.read_table(half / f"{name}.parquet").replace_schema_metadata(None)
        assert results.table(name).equals(written)
    assert set(results.statuses(results.record.cells).values()) == {"ok"}


@pytest.mark.parametrize("columns", [None, ["value", "cell_id"], ["metric"]], ids=str)
@pytest.mark.parametrize("encode", [False, True])
def test_what_is_asked_for_is_the_same_before_and_after_joining(
    plan: MakePlan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    columns: list[str] | None,
    encode: bool,
) -> None:
    made = plan(matrix=[_block([*HALF, "faithfulness"])])
    _unjoined(made, tmp_path / "run", monkeypatch)
    before = RunResults.of(tmp_path / "run")
    found = before.table("samples", columns, encode=encode)
    values = {name: before.table(name) for name in TABLES if name != "cells"}
    run(made, tmp_path / "run")
    after = RunResults.of(tmp_path / "run")
    wanted = after.table("samples", columns, encode=encode)
    assert found.column_names == wanted.column_names
    assert found.schema.types == wanted.schema.types
    assert found.to_pylist() == wanted.to_pylist()
    assert len(found) > 0
    for name, table in values.items():
        assert after.table(name).equals(table)
    cells = [before.table("cells"), after.table("cells")]
    assert cells[0].equals(cells[1])


def test_what_was_opened_stays_what_it_was(half: Path, plan: MakePlan, tmp_path: Path) -> None:
    before = RunResults.of(_copied(half, tmp_path / "copy"))
    seen = {name: before.table(name) for name in TABLES}
    again = RunResults.of(half)
    run(plan(matrix=[_block(ALL)]), half)
    for name in TABLES:
        # Tables have since been written anew, with more cells: these are still of that moment.
        assert again.table(name).equals(seen[name])
    cells = set(RunResults.of(half).table("cells")["cell_id"].to_pylist())
    assert cells > set(seen["cells"]["cell_id"].to_pylist())


def test_what_was_opened_at_work_is_read_from_where_it_is_by_then(
    half: Path, plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(matrix=[_block(ALL)])
    _unjoined(made, half, monkeypatch)
    opened = RunResults.of(half)
    seen = {name: RunResults.of(half).table(name) for name in TABLES}
    assert opened.segments
    run(made, half)
    assert not any(path.exists() for path in opened.segments)
    for name in TABLES:
        assert opened.table(name).equals(seen[name])


def test_a_run_at_work_is_read_from_tables_and_segments_together(
    half: Path, plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(matrix=[_block(ALL)])
    run(made, tmp_path / "whole")
    _unjoined(made, half, monkeypatch)
    assert (half / "cells.parquet").exists()
    for name in PARTS:
        assert RunResults.of(half).table(name).equals(RunResults.of(tmp_path / "whole").table(name))


def test_segments_beside_tables_that_hold_the_same_give_it_once(
    half: Path, plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(matrix=[_block(ALL)])
    _unjoined(made, half, monkeypatch)
    shutil.copytree(half / "segments", tmp_path / "segments")
    run(made, half)
    before = {name: RunResults.of(half).table(name) for name in TABLES}
    shutil.copytree(tmp_path / "segments", half / "segments")
    for name, table in before.items():
        assert RunResults.of(half).table(name).equals(table)
    assert run(made, half).reused == len(made.cells)
    for name, table in before.items():
        assert pq.read_table(half / f"{name}.parquet").replace_schema_metadata(None).equals(table)
    assert not (half / "segments").exists()


def test_tables_of_two_moments_are_not_mixed(half: Path, plan: MakePlan) -> None:
    old = (half / "samples.parquet").read_bytes()
    run(plan(matrix=[_block(ALL)]), half)
    (half / "samples.parquet").write_bytes(old)
    with pytest.raises(StorageError, match=r"no samples\.parquet, so that 8 of 8 cells are due"):
        RunResults.of(half).table("samples")


def test_reading_writes_nothing(
    half: Path, plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unjoined(plan(matrix=[_block(ALL)]), half, monkeypatch)
    before = {path: path.read_bytes() for path in half.rglob("*") if path.is_file()}
    results = RunResults.of(half)
    results.statuses(results.record.cells)
    leaderboard_of(results)
    assert results.warning == ""
    assert before == {path: path.read_bytes() for path in half.rglob("*") if path.is_file()}


def test_what_is_no_run_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run.json\), got another folder"):
        RunResults.of(tmp_path)
    with pytest.raises(InputError, match="got nothing there"):
        RunResults.of(tmp_path / "none")
    for text in (b"{", b"[]", b"\xff"):
        (tmp_path / "run.json").write_bytes(text)
        with pytest.raises(InputError, match="expected the folder of a run"):
            RunResults.of(tmp_path)


READ = """
import sys
from pathlib import Path
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.motifs import motifs_of_run
from gxarena.results.reading import RunResults
seen, folder = [], Path(sys.argv[1])
print("ready", flush=True)
while not seen or seen[-1] < int(sys.argv[2]):
    results = RunResults.of(folder)
    cells, samples = (results.table(name) for name in ("cells", "samples"))
    done = [row["cell_id"] for row in cells.to_pylist() if row["status"] == "ok"]
    # Every cell that counts as done has all its values, and no other has any.
    assert set(samples["cell_id"].to_pylist()) == set(done), (len(seen), len(done))
    assert len(leaderboard_of(results))
    seen.append(len(done))
assert seen == sorted(seen), seen
print(len(set(seen)), flush=True)
"""


def test_a_reader_beside_a_run_neither_disturbs_it_nor_mixes(
    half: Path, plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second process reads again and again while this one takes the run up and ends it."""
    labels = [f"total-{i}" for i in range(6)]
    made = plan(
        metrics={label: {"name": "total"} for label in labels}, matrix=[_block([*HALF, *labels])]
    )
    monkeypatch.setenv("TOY_DELAY", "0.1")
    command = [sys.executable, "-c", READ, str(half), str(len(made.cells))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        assert run(made, half).complete
        moments = reader.stdout.read()
    assert reader.returncode == 0
    assert int(moments) > 2, "the reader did not read while the run was at work"
    run(made, tmp_path / "undisturbed")
    for name in ("samples", "curves", "motifs"):
        written = pq.read_table(half / f"{name}.parquet")
        assert written.equals(pq.read_table(tmp_path / "undisturbed" / f"{name}.parquet"))


def test_a_run_of_another_version_is_refused_in_one_sentence(half: Path, plan: MakePlan) -> None:
    """As before formats had numbers."""
    record = json.loads((half / "run.json").read_text())
    del record["format"], record["checksum"]
    (half / "run.json").write_text(json.dumps(record))
    for name in ("cells", "samples"):
        table = pq.read_table(half / f"{name}.parquet").replace_schema_metadata(None)
        pq.write_table(table, half / f"{name}.parquet")
    expected = (
        rf"expected a run in format {FORMAT}, got one in format 1, which another version of gxarena"
    )
    with pytest.raises(InputError, match=expected):
        RunResults.of(half)
    before = {path: path.read_bytes() for path in half.rglob("*.*") if path.is_file()}
    with pytest.raises(InputError, match=expected):
        run(plan(matrix=[_block(ALL)]), half)
    assert before == {path: path.read_bytes() for path in half.rglob("*.*") if path.is_file()}
