"""Figure 4, by reading back what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gxarena.report.evidence import Evidence
from gxarena.report.figures.catalogue import write_figure
from gxarena.run.plan import Plan
from gxarena.run.runner import run


def test_motifs_are_drawn(plan: Callable[..., Plan], tmp_path: Path) -> None:
    block = {
        "datasets": ["mine"],
        "models": ["toy"],
        "explainers": ["exact"],
        "metrics": ["collection"],
    }
    run(plan(matrix=[block]), tmp_path / "run")
    path = tmp_path / "out" / "a.svg"
    write_figure("4", Evidence.of([tmp_path / "run"]), path)
    assert "toy / exact" in path.read_text()
