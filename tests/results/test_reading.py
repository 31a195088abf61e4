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
from gxarena.results.format_version import FORMAT
from gxarena.results.leaderboard import leaderboard_of
from gxarena.results.parquet import write_table
from gxarena.results.reading import RunResults
from gxarena.results.schemas import TABLES
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


def test_tables_are_read_as_they_were_written(half: Path) -> None:
    results = RunResults.of(half)
    for name in TABLES:
        assert results.table(name).equals(results.joined(name))
        written = pq.read_table(half / f"{name}.parquet").replace_schema_metadata(None)
        assert results.table(name).equals(written)
    assert set(results.statuses(results.record.cells).values()) == {"ok"}


def test_what_was_opened_stays_what_it_was(half: Path, plan: MakePlan) -> None:
    opened = RunResults.of(half)
    seen = {name: opened.joined(name) for name in TABLES}
    again = RunResults.of(half)
    run(plan(matrix=[_block(ALL)]), half)
    for name in TABLES:
        # Tables have since been written anew, with more cells: these are still of that moment.
        assert again.table(name).equals(seen[name])
    cells = set(RunResults.of(half).table("cells")["cell_id"].to_pylist())
    assert cells > set(seen["cells"]["cell_id"].to_pylist())


def test_a_run_at_work_is_read_from_its_parts(half: Path, plan: MakePlan, tmp_path: Path) -> None:
    run(plan(matrix=[_block(ALL)]), tmp_path / "whole")
    # As if the tables had not been joined yet: those of the first plan are still there.
    for name in ("run.json", "parts"):
        source, target = tmp_path / "whole" / name, half / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for name in TABLES:
        assert RunResults.of(half).table(name).equals(RunResults.of(tmp_path / "whole").table(name))


def test_tables_of_two_moments_are_not_mixed(half: Path, plan: MakePlan) -> None:
    old = (half / "samples.parquet").read_bytes()
    run(plan(matrix=[_block(ALL)]), half)
    results = RunResults.of(half)
    samples = results.table("samples")
    (half / "samples.parquet").write_bytes(old)
    assert RunResults.of(half).table("samples").equals(samples)
    shutil.rmtree(half / "parts")
    with pytest.raises(InputError, match=r"got samples\.parquet of another moment"):
        RunResults.of(half).table("samples")


def test_tables_without_parts_read_too(half: Path) -> None:
    before = {name: RunResults.of(half).table(name) for name in TABLES}
    board = leaderboard_of(RunResults.of(half))
    shutil.rmtree(half / "parts")
    results = RunResults.of(half)
    for name, table in before.items():
        assert results.table(name).equals(table)
    assert leaderboard_of(results).equals(board)
    assert set(results.statuses(results.record.cells).values()) == {"ok"}
    (half / "cells.parquet").unlink()
    with pytest.raises(InputError, match=r"expected the tables of a run, got no cells\.parquet"):
        results.table("samples")


def test_a_copy_without_parts_is_run_anew_not_lost(half: Path, plan: MakePlan) -> None:
    samples = RunResults.of(half).table("samples")
    shutil.rmtree(half / "parts")
    summary = run(plan(matrix=[_block(HALF)]), half)
    assert (summary.reused, dict(summary.statuses)) == (0, {"ok": 4})
    assert RunResults.of(half).table("samples").equals(samples)


def test_a_damaged_table_is_made_of_its_parts(half: Path) -> None:
    path = half / "samples.parquet"
    samples = RunResults.of(half).table("samples")
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert RunResults.of(half).table("samples").equals(samples)
    shutil.rmtree(half / "parts")
    with pytest.raises(StorageError, match="expected a Parquet table"):
        RunResults.of(half).table("samples")


def test_what_is_no_run_is_one_sentence(half: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run.json\), got another folder"):
        RunResults.of(tmp_path)
    with pytest.raises(InputError, match="got nothing there"):
        RunResults.of(tmp_path / "none")
    for text in ("{", "[]"):
        (half / "run.json").write_text(text)
        with pytest.raises(InputError, match="expected the folder of a run"):
            RunResults.of(half)


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


def _as_another_version_wrote_it(folder: Path) -> None:
    """A run folder in the form of before formats had numbers."""
    record = json.loads((folder / "run.json").read_text())
    del record["format"]
    (folder / "run.json").write_text(json.dumps(record))


def test_a_run_of_another_version_is_refused_in_one_sentence(half: Path, plan: MakePlan) -> None:
    _as_another_version_wrote_it(half)
    expected = (
        rf"expected a run in format {FORMAT}, got one in format 1, which another version of gxarena"
    )
    with pytest.raises(InputError, match=expected):
        RunResults.of(half)
    before = {path: path.read_bytes() for path in half.rglob("*.*") if path.is_file()}
    with pytest.raises(InputError, match=expected):
        run(plan(matrix=[_block(ALL)]), half)
    assert before == {path: path.read_bytes() for path in half.rglob("*.*") if path.is_file()}


def test_parts_and_tables_of_another_version_are_never_mixed_in(
    half: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, *others = RunResults.of(half).record.cells
    (part,) = (half / "parts" / "cells").rglob(f"{one}.*.parquet")
    row = pq.read_table(part)
    monkeypatch.setattr("gxarena.results.parquet.FORMAT", 1)
    write_table(part, row, {"cell_id": one, "status": "ok", "parts": ["samples"]})
    monkeypatch.undo()
    (half / "cells.parquet").unlink()
    results = RunResults.of(half)
    assert results.statuses([one, *others]) == {one: "due"} | dict.fromkeys(others, "ok")
    assert set(results.table("cells")["cell_id"].to_pylist()) == set(others)
