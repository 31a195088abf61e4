"""The distributions behind Table 1, by reading back what was drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gxarena.report.evidence import Evidence
from gxarena.report.figures.complexity import draw_complexity


def _lines(axes: Any) -> dict[str, Any]:
    return {str(line.get_label()): line for line in axes.get_lines()}


def test_complexity_shows_what_table_1_means(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    figure = draw_complexity(evidence)
    assert len(figure.axes) == 4
    assert [axes.get_xlabel() for axes in figure.axes[:2]] == ["Gini index", "Entropy (nats)"]
    lines = _lines(figure.axes[1])
    native = next(
        c for c in evidence.cells("entropy", strategies=["native"]) if c.facts["model"] == "toy"
    ).column()
    assert native is not None
    drawn = lines["toy/exact\nnucleotides (native), mean"].get_xdata()[0]
    assert drawn == native.defined.mean()
