"""Figure 2, by reading back what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gxarena.report.evidence import Evidence
from gxarena.report.figures.similarity import draw_similarity


def _lines(axes: Any) -> dict[str, Any]:
    return {str(line.get_label()): line for line in axes.get_lines()}


def test_similarity_has_a_ridge_for_each_strategy(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    figure = draw_similarity(evidence)
    assert [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes] == ["mine", "longer"]
    cells = evidence.cells("continuous_jaccard")
    for axes in figure.axes:
        lines = _lines(axes)
        names = [text.get_text() for text in axes.get_yticklabels()]
        assert names == ["(a) sum", "(b) mean", "(c) passed on", "(d) equally distributed"]
        here = [c for c in cells if c.dataset == axes.get_title(loc="left").split("\n")[0]]
        for name, cell in zip(names, here, strict=True):
            column = cell.column()
            assert column is not None
            assert lines[f"{name}, mean"].get_xdata()[0] == column.defined.mean()
            assert f"{name}, control" in lines


def test_the_dotted_control_is_the_floor_by_whatever_name(make_run: Callable[..., Path]) -> None:
    cell = {"metric": "continuous_jaccard", "against": "cnn/lrp", "aggregator": "sum"}
    folder = make_run(
        cell | {"explainer": "gc", "values": {"": [0.8, 0.9, 1.0]}},
        cell | {"explainer": "chance", "explainer_role": "floor", "values": {"": [-0.1, 0, 0.1]}},
        cell | {"values": {"": [0.4, 0.5, 0.6]}},
    )
    (axes,) = draw_similarity(Evidence.of([folder])).axes
    x, y = _lines(axes)["(a) sum, control"].get_data()
    assert abs(x[y.argmax()]) < 0.05


def test_a_panel_says_by_which_convention_scores_were_re_normalised(
    make_run: Callable[..., Path],
) -> None:
    cell = {"metric_component": "continuous_jaccard", "against": "cnn/lrp", "aggregator": "sum",
            "explainer": "attnlrp", "values": {"": [0.4, 0.5, 0.6]}}  # fmt: skip
    conventions = ("before", "after", "never", "l1")
    folder = make_run(
        *(cell | {"metric": f"cj-{one}", "metric_parameters": {"renormalise": one}}
          for one in conventions)
    )  # fmt: skip
    titles = [a.get_title(loc="left") for a in draw_similarity(Evidence.of([folder])).axes]
    assert [title.split("\n")[0].partition(", ")[2] for title in titles if title] == [
        "", "re-normalised after the projection", "never re-normalised", "re-normalised to L1"
    ]  # fmt: skip
