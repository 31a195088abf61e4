"""Figure 4, by reading back what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gxarena.report.evidence import Evidence
from gxarena.report.figures.catalogue import write_figure
from gxarena.run.plan import Plan
from gxarena.run.runner import run

BLOCK = {"datasets": ["mine"], "explainers": ["exact"], "metrics": ["collection"]}


def test_of_replicates_the_first_one_s_motifs_are_drawn(
    plan: Callable[..., Plan], tmp_path: Path
) -> None:
    models = {"trained": {"name": "toy-trained", "replicates": 3}}
    run(plan(models=models, matrix=[BLOCK | {"models": ["trained"]}]), tmp_path / "run")
    path = tmp_path / "a.svg"
    write_figure("motifs", Evidence.of([tmp_path / "run"]), path)
    text = path.read_text()
    assert "trained / exact / native / collection / replicate 0: positive_0" in text
    assert "replicate 1" not in text


def test_motifs_are_drawn(plan: Callable[..., Plan], tmp_path: Path) -> None:
    run(plan(matrix=[BLOCK | {"models": ["toy"]}]), tmp_path / "run")
    path = tmp_path / "out" / "a.svg"
    write_figure("4", Evidence.of([tmp_path / "run"]), path)
    assert "toy / exact" in path.read_text()


def test_controls_leave_the_room_to_methods(plan: Callable[..., Plan], tmp_path: Path) -> None:
    block = BLOCK | {"models": ["toy"], "explainers": ["random", "exact"]}
    run(plan(matrix=[block]), tmp_path / "both")
    run(plan(matrix=[block | {"explainers": ["random"]}]), tmp_path / "control")
    for name, drawn in (("both", False), ("control", True)):
        path = tmp_path / f"{name}.svg"
        write_figure("motifs", Evidence.of([tmp_path / name]), path)
        assert ("toy / random" in path.read_text()) is drawn
