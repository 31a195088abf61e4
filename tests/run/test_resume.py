"""A large run that is finished is taken up at once: no torch, few files (benchmarks/speed)."""

from __future__ import annotations

from pathlib import Path

import pytest
from shipped_scripts import shipped_script

from gxarena.results.reading import RunResults
from gxarena.results.segments import listed

resume = shipped_script("benchmarks/speed/resume.py")

CELLS = 300


@pytest.mark.parametrize("cells", [1, 15, 16, 300, 10_000])
def test_segments_are_as_many_as_a_writer_leaves(cells: int) -> None:
    sizes = list(resume.sizes(cells))
    assert sum(sizes) == cells
    assert max(sizes.count(size) for size in sizes) < 16


def test_a_finished_run_resumes_without_torch_and_is_few_files(tmp_path: Path) -> None:
    suite, folder = resume.at_work(tmp_path, CELLS)
    assert len(listed(folder.path)) < 46
    with folder.locked():
        folder.finish()
    before = RunResults.of(folder.path).table("cells")
    assert len(before) == CELLS
    said = resume.measured("run", str(suite), "--out", str(folder.path))
    assert said.heavy == []
    assert RunResults.of(folder.path).table("cells").equals(before)
    assert resume.files(folder) < 10
    assert not (folder.path / "store").exists()


@pytest.mark.slow
def test_ten_thousand_cells_resume_in_little_memory(tmp_path: Path) -> None:
    suite, folder = resume.at_work(tmp_path, 10_000)
    looked = resume.measured("status", str(folder.path))
    assert resume.files(folder) < 100
    with folder.locked():
        folder.finish()
    again = resume.measured("run", str(suite), "--out", str(folder.path))
    assert (looked.heavy, again.heavy) == ([], [])
    assert looked.megabytes < 200
    assert again.megabytes < 200
    assert resume.files(folder) < 10
