"""What the figures share: colours everyone can tell apart, densities, saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gxarena.data import Floats
from gxarena.errors import InputError, MissingExtra, StorageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito 2008, Color Universal Design; each with a line and a marker of its own, so that
# nothing is told by colour alone.
STYLES = (
    {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    {"color": "#D55E00", "linestyle": "--", "marker": "s"},
    {"color": "#009E73", "linestyle": "-.", "marker": "^"},
    {"color": "#CC79A7", "linestyle": (0, (5, 1, 1, 1)), "marker": "D"},
    {"color": "#E69F00", "linestyle": (0, (3, 1)), "marker": "v"},
    {"color": "#56B4E9", "linestyle": (0, (1, 1)), "marker": "P"},
)
_SHADES = (0.0, -0.45, 0.45, -0.7)
"""By how much the colours are darker (to black) or lighter (to white), each time round."""
CONTROL = "#777777"
FOR, AGAINST = "#D55E00", "#0072B2"
ENDINGS = (".png", ".svg", ".pdf")
ACROSS = 3
"""Panels side by side."""
_GRID = 256
_OVERLAP = 0.9
"""Height of the highest ridge, in rows."""


class Ridge(NamedTuple):
    """One distribution of a ridge plot.

    Parameters
    ----------
    name : str
    values : float array, shape (n,)
        NaN is left out.
    control : float array, shape (m,)
        The same of a control explainer, drawn as an outline; may be empty.
    """

    name: str
    values: Floats
    control: Floats


def style(i: int) -> dict[str, Any]:
    """The i-th colour, line and marker; the first 24 colours differ, and of 72 no two share all."""
    turn, hue = divmod(i, len(STYLES))
    chosen = STYLES[hue] | {"marker": STYLES[(hue + turn) % len(STYLES)]["marker"]}
    return chosen | {"color": _shaded(str(chosen["color"]), _SHADES[turn % len(_SHADES)])}


def _shaded(colour: str, shade: float) -> str:
    """A colour mixed with white, or with black where the shade is negative."""
    end = 255 if shade > 0 else 0
    channels = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(c + abs(shade) * (end - c)):02X}" for c in channels)


def canvas(width: float, height: float) -> Figure:
    """An empty figure, drawn without a display; inches.

    Raises
    ------
    MissingExtra
        matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"figures: expected module '{error.name}' to be installed. pip install 'gxarena[plot]'"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def panels(n: int, rows: int, width: float, height: float) -> tuple[Figure, NDArray[Any]]:
    """A figure of n panels, each a column of `rows` axes, at most `ACROSS` side by side.

    Returns
    -------
    figure, axes of shape (n, rows)
    """
    across = min(n, ACROSS)
    down = -(-n // across)
    # One panel alone leaves room for a legend.
    figure = canvas(max(width * across, 6.0), height * rows * down + 0.6)
    grid = figure.subplots(down * rows, across, squeeze=False)
    columns = grid.reshape(down, rows, across).transpose(0, 2, 1).reshape(-1, rows)
    for axes in columns[n:].flat:
        axes.set_axis_off()
    return figure, columns[:n]


def check_ending(path: Path) -> None:
    """InputError where a path does not end as a picture's does."""
    if path.suffix not in ENDINGS:
        raise InputError(
            f"--out {path}: expected {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, "
            f"got '{path.suffix or path.name}'."
        )


def save(figure: Figure, path: Path) -> None:
    """Write a figure; the same figure gives the same bytes.

    Raises
    ------
    InputError
        The ending is not a picture's.
    StorageError
        The disk says no.
    """
    import matplotlib

    check_ending(path)
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context({"svg.hashsalt": "gxarena", "svg.fonttype": "none"}):
            figure.savefig(path, dpi=150, metadata=undated)
    except OSError as error:
        raise StorageError(f"--out {path}: expected to write, got '{error.strerror}'.") from error


def tidy(axes: Axes, title: str = "") -> None:
    """Two spines are enough."""
    axes.spines[["top", "right"]].set_visible(False)
    if title:
        axes.set_title(title, loc="left", fontsize=9)


def common_limits(ridges: Sequence[Ridge]) -> tuple[float, float]:
    """An axis that holds every value, with room at either end."""
    every = np.concatenate([values for ridge in ridges for values in (ridge.values, ridge.control)])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
    pad = 0.05 * (high - low) or 0.5
    return low - pad, high + pad


def draw_ridges(
    axes: Axes, ridges: Sequence[Ridge], label: str, limits: tuple[float, float] | None = None
) -> None:
    """Densities one below the other, each with a tick at its mean; the first on top.

    Parameters
    ----------
    axes : Axes
    ridges : sequence of Ridge
    label : str
        What the values are, with their unit.
    limits : (low, high), optional
        Of the axis, where several are to be compared.
    """
    grid = np.linspace(*(limits or common_limits(ridges)), _GRID)
    curves = [(density(r.values, grid), density(r.control, grid)) for r in ridges]
    highest = max((curve.max() for pair in curves for curve in pair), default=0.0) or 1.0
    for row, (ridge, (own, control)) in enumerate(zip(ridges, curves, strict=True)):
        base = len(ridges) - 1 - row
        colour = style(row)["color"]
        scaled = base + _OVERLAP * own / highest
        axes.fill_between(grid, base, scaled, color=colour, alpha=0.35, linewidth=0, zorder=row)
        axes.plot(grid, scaled, color=colour, linewidth=1.2, label=ridge.name, zorder=row)
        if control.any():
            outline = base + _OVERLAP * control / highest
            axes.plot(
                grid, outline, color=CONTROL, linestyle=":", linewidth=1,
                label=f"{ridge.name}, control",
            )  # fmt: skip
        defined = ridge.values[np.isfinite(ridge.values)]
        if len(defined):
            axes.plot(
                [defined.mean()] * 2, [base, base + 0.25], color="black", linewidth=1.5,
                label=f"{ridge.name}, mean", zorder=len(ridges),
            )  # fmt: skip
    axes.set_yticks(np.arange(len(ridges))[::-1], [ridge.name for ridge in ridges], fontsize=8)
    axes.set_ylim(-0.05, len(ridges))
    axes.set_xlim(grid[0], grid[-1])
    axes.set_xlabel(label)
    tidy(axes)


def density(values: Floats, grid: Floats) -> Floats:
    """Gaussian kernel density on a grid; values that are all alike give a narrow peak."""
    values = values[np.isfinite(values)]
    if not len(values):
        return np.zeros_like(grid)
    width = 0.01 * (grid[-1] - grid[0])
    if values.std() < width / 10:
        return np.asarray(stats.norm.pdf(grid, values.mean(), width))
    return np.asarray(stats.gaussian_kde(values)(grid))


def draw_band(
    axes: Axes,
    x: Floats,
    mean: Floats,
    interval: tuple[Floats, Floats],
    style: Mapping[str, object],
) -> None:
    """A line with markers, and its interval as a band."""
    axes.plot(x, mean, linewidth=1.4, markersize=4, **style)  # type: ignore[arg-type]
    axes.fill_between(x, *interval, color=str(style["color"]), alpha=0.2, linewidth=0)
