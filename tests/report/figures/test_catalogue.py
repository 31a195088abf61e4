"""Figures by name and number, and what a run lacks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gxarena.errors import InputError
from gxarena.report.evidence import Evidence
from gxarena.report.figures.catalogue import DRAWINGS, drawing, write_figure
from gxarena.report.runs import NotHeld

Make = Callable[..., Path]


@pytest.mark.parametrize("name", ["2", "figure-2", "fig2", "Figure 2", "similarity"])
def test_figures_go_by_name_and_by_number(name: str) -> None:
    assert drawing(name) is DRAWINGS["similarity"]


@pytest.mark.parametrize("name", ["5", "0", "similarty", "figure"])
def test_an_unknown_figure_lists_the_known(name: str) -> None:
    with pytest.raises(InputError, match=f"unknown '{name}'.*Choices: attributions, complexity"):
        drawing(name)


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("attributions", "expected metric special_share"),
        ("similarity", "expected metric continuous_jaccard with aggregators"),
        ("faithfulness", "expected metric faithfulness"),
        ("motifs", "expected metric modisco"),
        ("complexity", "expected metrics gini and entropy"),
    ],
)
def test_a_run_without_the_metric_is_told_which(
    name: str, needs: str, make_run: Make, tmp_path: Path
) -> None:
    evidence = Evidence.of([make_run({"metric": "total", "values": {"": [1.0]}})])
    with pytest.raises(NotHeld, match=needs):
        write_figure(name, evidence, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
