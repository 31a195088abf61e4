"""A large run that is finished is taken up at once: no torch, few files (benchmarks/speed)."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from shipped_scripts import shipped_script

from gxarena.registry import Registry
from gxarena.results.folder import RunFolder
from gxarena.results.reading import RunResults
from gxarena.results.segments import SEGMENTS, listed, write_segment
from gxarena.run.plan import make_plan
from gxarena.run.runner import record_of
from gxarena.run.suite import read_suite

resume = shipped_script("benchmarks/speed/resume.py")

CELLS = 300


@pytest.mark.parametrize("cells", [1, 15, 16, 300, 10_000])
def test_segments_are_as_many_as_a_writer_leaves(cells: int) -> None:
    sizes = list(resume.sizes(cells))
    assert sum(sizes) == cells
    assert max(sizes.count(size) for size in sizes) < 16


def test_a_finished_run_resumes_without_torch_and_is_few_files(tmp_path: Path) -> None:
    suite, folder = resume.write_suite(tmp_path, CELLS), RunFolder(tmp_path / "run")
    plan = make_plan(read_suite(str(suite)), Registry.load(), folder=suite.parent)
    assert len(plan.cells) == CELLS
    with folder.locked():
        folder.claim(record_of(plan))
        with folder.writer():
            rows = resume.attempts(plan)
            for size in resume.sizes(CELLS):
                write_segment(folder.path / SEGMENTS, itertools.islice(rows, size))
        assert len(listed(folder.path)) < 46
        folder.finish()
    before = RunResults.of(folder.path).table("cells")
    said = resume.measured(["run", str(suite), "--out", str(folder.path)])
    assert "torch not imported" in said
    assert RunResults.of(folder.path).table("cells").equals(before)
    assert len(list(folder.path.iterdir())) < 10
    assert not (folder.path / "store").exists()
