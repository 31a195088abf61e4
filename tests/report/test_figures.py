"""Figures, by reading back what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.errors import InputError
from gxarena.report.evidence import Evidence
from gxarena.report.figures import (
    DRAWINGS,
    draw_attributions,
    draw_complexity,
    draw_faithfulness,
    draw_similarity,
    drawing,
    write_figure,
)
from gxarena.report.stored import attributions_of
from gxarena.run.plan import Plan
from gxarena.run.runner import run

Make = Callable[..., Path]


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
        # The band is the bootstrap's: about 1.96 standard errors to either side.
        band = axes.collections[0].get_paths()[0].vertices
        at_half = band[np.isclose(band[:, 0], 50), 1]
        half = abs(2 * factor) * 1.96 * drops.std() / np.sqrt(40)
        assert np.ptp(at_half) == pytest.approx(2 * half, rel=0.15)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [
        "tokens/attnlrp", "tokens/attnlrp, random order", "cnn/lrp", "cnn/lrp, random order",
    ]  # fmt: skip


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


def test_attributions_are_one_samples_scores(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    cell = evidence.cells("special_share")[0]
    found = attributions_of(evidence, cell)
    name = next(iter(found))
    figure = draw_attributions(evidence, name)
    whole, tokens, passed_on, other = (
        np.array([patch.get_height() for patch in axes.patches]) for axes in figure.axes
    )
    scores = found[name].scores
    assert np.array_equal(whole, [0.0, *scores])  # [CLS] stands first
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["[CLS]"]
    assert np.array_equal(tokens, scores / np.abs(scores).max())
    assert np.array_equal(passed_on, np.repeat(tokens, 3))
    assert len(other) == 24
    assert np.abs(other).max() == 1
    assert figure.axes[2].get_xlabel() == "position (bp)"


def test_the_example_is_the_median_one(toy_run: Path) -> None:
    evidence = Evidence.of([toy_run])
    pair = evidence.cells("continuous_jaccard", strategies=["passed_on"])[0].column()
    assert pair is not None
    title = draw_attributions(evidence).axes[0].get_title(loc="left")
    chosen = pair.values[pair.ids.tolist().index(title.partition(":")[0])]
    below, above = (pair.values < chosen).sum(), (pair.values > chosen).sum()
    assert max(below, above) <= len(pair.values) // 2
    with pytest.raises(InputError, match="unknown sample 's99'"):
        draw_attributions(evidence, "s99")


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
    with pytest.raises(InputError, match=needs):
        write_figure(name, evidence, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


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
