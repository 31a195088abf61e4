"""Pictures of explanations, where people would rather look than read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gxarena.data import Attribution, Explained
from gxarena.errors import InputError, MissingExtra, StorageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER_ROW = 125
"""Nucleotides in a row of letters: more cannot be read."""

MOST_ROWS = 60
FOR, AGAINST = "#b2182b", "#2166ac"
LETTERS = {"A": "#109648", "C": "#255c99", "G": "#f7b32b", "T": "#d62839", "N": "#999999"}


def plot_explained(explained: Explained, path: Path, title: str = "") -> None:
    """Draw each sequence as letters as high as their scores; a token's letters share its score.

    Parameters
    ----------
    explained : Explained
    path : Path
        ``.png``, ``.svg`` or ``.pdf``.
    title : str

    Raises
    ------
    MissingExtra
        matplotlib or logomaker is not installed.
    InputError
        More rows than can be drawn, or an ending that is not a picture's.
    """
    if path.suffix not in {".png", ".svg", ".pdf"}:
        raise InputError(f"--plot {path}: expected .png, .svg or .pdf, got '{path.suffix}'.")
    rows = [
        (index, start)
        for index, sequence in enumerate(explained.sequences)
        for start in range(0, len(sequence), PER_ROW)
    ]
    if len(rows) > MOST_ROWS:
        raise InputError(
            f"--plot {path}: expected sequences that fit {MOST_ROWS} rows of {PER_ROW} "
            f"nucleotides, got {len(rows)} rows. Plot fewer or shorter sequences."
        )
    try:
        import logomaker  # noqa: F401 (checked before anything is drawn)
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"--plot: expected module '{error.name}' to be installed. pip install 'gxarena[plot]'"
        ) from error
    figure = Figure(figsize=(14, 1.5 * len(rows) + 0.6), layout="constrained")
    for axes, (index, start) in zip(
        figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True
    ):
        _draw_row(axes, explained, index, start)
    if title:
        figure.suptitle(title)
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise StorageError(f"--plot {path}: expected to write, got '{error.strerror}'.") from error


def _draw_row(axes: Axes, explained: Explained, index: int, start: int) -> None:
    """Up to `PER_ROW` letters of one sequence, and where its units end."""
    import logomaker
    import pandas as pd

    sample, attribution = explained.samples[index], explained.attributions[index]
    part = sample.sequence[start : start + PER_ROW]
    per_nucleotide = attribution.scores[attribution.spans.owner]
    heights = np.zeros((len(part), len(LETTERS)))
    columns = np.array([list(LETTERS).index(letter) for letter in part])
    heights[np.arange(len(part)), columns] = per_nucleotide[start : start + len(part)]
    frame = pd.DataFrame(heights, columns=list(LETTERS), index=range(start, start + len(part)))
    logomaker.Logo(frame, ax=axes, color_scheme=LETTERS, flip_below=False)
    _draw_units(axes, attribution, start, start + len(part))
    limit = 1.1 * float(np.abs(per_nucleotide).max()) or 1.0
    axes.set(xlim=(start - 0.5, start + PER_ROW - 0.5), ylim=(-limit, limit))
    axes.set_ylabel("score")
    if start == 0:
        special = ", ".join(f"{name} {value:.3g}" for name, value in attribution.special.items())
        outputs = ", ".join(f"{value:.3g}" for value in explained.outputs[index])
        axes.set_title(
            f"{sample.id}: target {explained.targets[index]}, outputs {outputs}"
            + (f", {special}" if special else ""),
            loc="left",
            fontsize=9,
        )
    axes.spines[["top", "right"]].set_visible(False)


def _draw_units(axes: Axes, attribution: Attribution, start: int, stop: int) -> None:
    """A band under each unit wider than a nucleotide, coloured by its sign."""
    if attribution.spans.widths.max() == 1:
        return
    edges = attribution.spans.boundaries
    for first, last, score in zip(edges[:-1], edges[1:], attribution.scores, strict=True):
        if first < stop and last > start:
            axes.axvspan(
                max(first, start) - 0.45,
                min(last, stop) - 0.55,
                ymax=0.03,
                color=FOR if score > 0 else AGAINST,
                linewidth=0,
            )
