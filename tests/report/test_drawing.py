"""Densities, ridges and saving."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gxarena.errors import InputError, StorageError
from gxarena.report.drawing import STYLES, Ridge, canvas, density, draw_ridges, save, style

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "values", [RNG.normal(size=50), np.full(9, 2.0), np.array([1.0]), np.array([0.0, np.nan, 3.0])]
)
def test_a_density_integrates_to_one(values: np.ndarray) -> None:
    grid = np.linspace(-20, 20, 4001)
    assert np.trapezoid(density(values, grid), grid) == pytest.approx(1, abs=1e-3)


def test_a_density_is_scipys_and_nothing_gives_none() -> None:
    values, grid = RNG.normal(size=80), np.linspace(-4, 4, 50)
    assert np.array_equal(density(values, grid), stats.gaussian_kde(values)(grid))
    assert not density(np.array([np.nan]), grid).any()


def test_ridges_read_back() -> None:
    axes = canvas(4, 3).subplots()
    one, other = RNG.normal(1, 1, 99), RNG.normal(3, 1, 99)
    nothing = np.zeros(0)
    draw_ridges(axes, [Ridge("one", one, nothing), Ridge("two", other, one)], "value (unit)")
    lines = {str(line.get_label()): line for line in axes.get_lines()}
    assert set(lines) == {"one", "one, mean", "two", "two, mean", "two, control"}
    assert lines["one, mean"].get_xdata()[0] == one.mean()
    assert lines["two, mean"].get_xdata()[0] == other.mean()
    x, y = lines["one"].get_data()
    own = density(one, np.asarray(x))
    height = np.asarray(y) - 1  # the first ridge stands on the upper line
    assert height == pytest.approx(own * height.max() / own.max())
    assert np.asarray(lines["two"].get_ydata()).min() >= 0
    assert [text.get_text() for text in axes.get_yticklabels()] == ["one", "two"]
    assert axes.get_xlabel() == "value (unit)"


def test_lines_differ_by_more_than_colour() -> None:
    for key in ("color", "linestyle", "marker"):
        assert len({str(style[key]) for style in STYLES}) == len(STYLES)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_bytes(ending: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        figure = canvas(2, 2)
        figure.subplots().plot([0, 1])
        save(figure, tmp_path / "new" / f"{name}.{ending}")
    one, two = ((tmp_path / "new" / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert one == two


def test_what_cannot_be_saved_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected \.png, \.svg or \.pdf, got '\.jpg'\."):
        save(canvas(1, 1), tmp_path / "a.jpg")
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="expected to write, got"):
        save(canvas(1, 1), tmp_path / "file" / "a.png")


def test_more_explainers_than_colours_are_told_apart() -> None:
    assert [style(i) for i in range(len(STYLES))] == list(STYLES)
    assert len({style(i)["color"] for i in range(24)}) == 24
    assert len({tuple(style(i).values()) for i in range(72)}) == 72


def test_every_ridge_has_a_colour_of_its_own() -> None:
    figure = canvas(4, 4)
    axes = figure.subplots()
    draw_ridges(axes, [Ridge(str(i), RNG.normal(size=30), np.empty(0)) for i in range(12)], "x")
    drawn = [line for line in axes.get_lines() if str(line.get_label()).isdigit()]
    assert len({str(line.get_color()) for line in drawn}) == len(drawn) == 12
