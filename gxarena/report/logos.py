"""Pictures of explanations, where people would rather look than read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gxarena.data import Attribution, Explained, Floats
from gxarena.dna import ALPHABET
from gxarena.errors import InputError, MissingExtra, StorageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gxarena.results.motifs import KeptMotif

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
    InputError, MissingExtra
        See `check_plot`.
    """
    check_plot(explained.sequences, path)
    rows = _rows(explained.sequences)
    figure = _figure(14, 1.5 * len(rows) + 0.6)
    for axes, (index, start) in zip(
        figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True
    ):
        _draw_row(axes, explained, index, start)
    if title:
        figure.suptitle(title)
    _save(figure, path)


def check_plot(sequences: Sequence[str], path: Path) -> None:
    """Say what `plot_explained` lacks before the sequences are explained.

    Raises
    ------
    MissingExtra
        matplotlib or logomaker is not installed.
    InputError
        More rows than can be drawn, an ending that is not a picture's, or a folder that is none.
    """
    _check_picture(path)
    if not path.parent.is_dir():
        raise InputError(
            f"--plot {path}: expected a folder that is there, got '{path.parent}'. Make it first."
        )
    rows = len(_rows(sequences))
    if rows > MOST_ROWS:
        raise InputError(
            f"--plot {path}: expected sequences that fit {MOST_ROWS} rows of {PER_ROW} "
            f"nucleotides, got {rows} rows. Plot fewer or shorter sequences."
        )
    _figure(1, 1)


def _rows(sequences: Sequence[str]) -> list[tuple[int, int]]:
    """Each row of letters: of which sequence, and from where in it."""
    return [
        (index, start)
        for index, sequence in enumerate(sequences)
        for start in range(0, len(sequence), PER_ROW)
    ]


def plot_motifs(motifs: Sequence[KeptMotif], path: Path) -> None:
    """Draw motifs as the mean contributions of their letters, each above its database match.

    Parameters
    ----------
    motifs : sequence of KeptMotif
        At most `MOST_ROWS` are drawn: those with most seqlets of each cell first.
    path : Path
        ``.png``, ``.svg`` or ``.pdf``.
    """
    _check_picture(path)
    figure = _figure(14, 1.9 * min(len(motifs), MOST_ROWS) + 0.4)
    rows = figure.subplots(min(len(motifs), MOST_ROWS), 2, squeeze=False)
    for (left, right), motif in zip(rows, motifs, strict=False):
        _draw_letters(left, motif.scores, 0)
        left.axvspan(
            motif.trimmed[0] - 0.5, motif.trimmed[1] - 0.5, color="#eeeeee", zorder=-1, linewidth=0
        )
        left.set_title(
            f"{' / '.join(motif.found_in)}: {motif.name}, {motif.n_seqlets} seqlets",
            loc="left",
            fontsize=8,
        )
        left.set_ylabel("contribution")
        _draw_match(right, motif)
    _save(figure, path)


def _draw_match(axes: Axes, motif: KeptMotif) -> None:
    """The database entry in the motif's own coordinates, rows as high as their information."""
    axes.set_xlim(-0.5, len(motif.scores) - 0.5)
    if not motif.match:
        axes.set_axis_off()
        words = "no match" if motif.counts else "too little information to be compared"
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center")
        return
    frequencies = motif.match["frequencies"]
    if motif.match["reverse"]:
        frequencies = frequencies[::-1, ::-1]
    information = 2 + (frequencies * np.log2(np.maximum(frequencies, 1e-9))).sum(axis=1)
    _draw_letters(
        axes, frequencies * information[:, None], motif.trimmed[0] - int(motif.match["offset"])
    )
    axes.set(xlim=(-0.5, len(motif.scores) - 0.5), ylim=(0, 2), ylabel="bits")
    strand = ", reverse complement" if motif.match["reverse"] else ""
    axes.set_title(
        f"{motif.match['name']} {motif.match['id']}{strand}, q = {motif.match['q']:.1e}",
        loc="left",
        fontsize=8,
    )


def _draw_letters(axes: Axes, heights: Floats, start: int) -> None:
    """Letters A, C, G, T as high as `heights`, shape (w, 4), from position `start`."""
    import logomaker
    import pandas as pd

    frame = pd.DataFrame(heights, columns=list(ALPHABET), index=range(start, start + len(heights)))
    logomaker.Logo(frame, ax=axes, color_scheme=LETTERS, flip_below=False)
    axes.spines[["top", "right"]].set_visible(False)


def _figure(width: float, height: float) -> Figure:
    """An empty figure, drawn without a display."""
    try:
        import logomaker  # noqa: F401 (checked before anything is drawn)
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"--plot: expected module '{error.name}' to be installed. pip install 'gxarena[plot]'"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def _check_picture(path: Path) -> None:
    if path.suffix not in {".png", ".svg", ".pdf"}:
        raise InputError(f"--plot {path}: expected .png, .svg or .pdf, got '{path.suffix}'.")


def _save(figure: Figure, path: Path) -> None:
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
    axes.xaxis.set_major_formatter(lambda place, _: f"{place + len(sample.flanks[0]):g}")
    if start == 0:
        special = ", ".join(f"{name} {value:.3g}" for name, value in attribution.special.items())
        outputs = ", ".join(f"{value:.3g}" for value in explained.outputs[index])
        axes.set_title(
            f"{sample.id}: target {explained.targets[index]}, outputs {outputs}"
            + (f", region {place.start}-{place.end}" if (place := sample.region) else "")
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
