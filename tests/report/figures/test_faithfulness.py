"""Figure 3, by reading back what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.report.evidence import Evidence
from gxarena.report.figures.faithfulness import BELOW, draw_faithfulness

Make = Callable[..., Path]


def _lines(axes: Any) -> dict[str, Any]:
    return {str(line.get_label()): line for line in axes.get_lines()}


def test_faithfulness_is_the_curves_with_bands(make_run: Make) -> None:
    rng = np.random.default_rng(0)
    drops = rng.normal(0.5, 0.1, size=(40, 1))
    curves = {
        f"{order}_drop_probability": [
            [(0.0, 0.0), (0.1, factor * d), (0.5, 2 * factor * d)] for d in drops[:, 0]
        ]
        for order, factor in (("mif", 1.0), ("lif", -0.1), ("random", 0.2))
    }
    cell = {"metric": "faithfulness", "values": {"q": [0.0]}, "curves": curves}
    folder = make_run(
        cell,
        cell | {"model": "cnn", "explainer": "lrp"},
        cell | {"explainer": "random"},
        cell | {"dataset": "background"},
    )
    figure = draw_faithfulness(Evidence.of([folder]))
    assert len(figure.axes) == 4
    upper, other, lower, _ = figure.axes
    assert upper.get_ylim() == other.get_ylim()
    assert upper.get_title(loc="left").endswith("MIF: most important first")
    assert lower.get_title(loc="left").endswith("LIF: least important first")
    assert upper.get_ylabel() == "drop of the probability"
    assert figure.axes[-1].get_xlabel() == "nucleotides replaced (%)"
    mean = drops.mean()
    for axes, factor in ((upper, 1.0), (lower, -0.1)):
        lines = _lines(axes)
        x, y = lines["tokens/attnlrp"].get_data()
        assert np.allclose(x, [0, 10, 50])
        assert np.allclose(y, [0, factor * mean, 2 * factor * mean])
        assert np.allclose(
            lines["tokens/attnlrp, random order"].get_ydata(), [0, 0.2 * mean, 0.4 * mean]
        )
        assert "tokens/random" not in lines
        # The band: about 1.96 standard errors to either side.
        band = axes.collections[0].get_paths()[0].vertices
        at_half = band[np.isclose(band[:, 0], 50), 1]
        half = abs(2 * factor) * 1.96 * drops.std() / np.sqrt(40)
        assert np.ptp(at_half) == pytest.approx(2 * half, rel=0.15)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [
        "tokens/attnlrp", "tokens/attnlrp, random order", "cnn/lrp", "cnn/lrp, random order",
    ]  # fmt: skip


def test_budgets_below_one_unit_have_empty_markers(make_run: Make) -> None:
    curve = [(0.0, 0.0), (0.03, 0.1), (0.06, 0.2), (0.2, 0.3)]
    curves = {f"{order}_drop_probability": [curve] * 3 for order in ("mif", "lif", "random")}
    shares = {f"replaced@{k}": [k / 100] * 3 for k in (1, 5, 20)}
    below = {"below_unit@1": [1, 1, 1], "below_unit@5": [1, 1, 0], "below_unit@20": [0, 0, 1]}
    cell = {"metric": "faithfulness", "values": shares | below, "curves": curves}
    other = {"model": "cnn", "explainer": "lrp", "values": shares | {k: [0] * 3 for k in below}}
    figure = draw_faithfulness(Evidence.of([make_run(cell, cell | other)]))
    for axes in figure.axes:
        (line,) = [one for one in axes.get_lines() if one.get_label() == BELOW]
        x, y = line.get_data()
        assert np.allclose(x, [3, 6])
        assert np.allclose(y, [0.1, 0.2])
        assert line.get_markerfacecolor() == "white"
        assert line.get_color() == _lines(axes)["tokens/attnlrp"].get_color()
    assert BELOW in [text.get_text() for text in figure.legends[0].get_texts()]
