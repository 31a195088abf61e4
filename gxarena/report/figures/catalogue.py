"""The figures there are: by name, and by their number in the paper (Kurth et al. 2026)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gxarena.errors import unknown
from gxarena.report.drawing import check_ending, save
from gxarena.report.evidence import Evidence
from gxarena.report.figures.attributions import draw_attributions
from gxarena.report.figures.boards import BOARD_FIGURES
from gxarena.report.figures.complexity import draw_complexity
from gxarena.report.figures.faithfulness import draw_faithfulness
from gxarena.report.figures.motifs import write_motifs
from gxarena.report.figures.similarity import draw_similarity
from gxarena.report.runs import FIRST_REPLICATE, MEAN_OF_REPLICATES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """One figure: its name, what it shows, and how it is drawn.

    Attributes
    ----------
    name : str
        What `gxarena figure` calls it.
    title : str
    caption : str
    write : callable
        Draws it into a file; NotHeld, naming what to add to the suite, where the runs do not hold
        it.
    weights : str
        What is shown of a model that has several.
    """

    name: str
    title: str
    caption: str
    write: Callable[[Evidence, Path], None]
    weights: str = MEAN_OF_REPLICATES


def drawing(name: str) -> Drawing:
    """A figure by its name or its number in the paper: ``similarity``, ``2``, ``figure-2``.

    Raises
    ------
    InputError
        There is none of that name.
    """
    numbered = re.fullmatch(r"(?:fig(?:ure)?[-_ ]?)?(\d+)", name.lower())
    number = int(numbered[1]) - 1 if numbered else -1
    names = list(DRAWINGS)
    if numbered and 0 <= number < PAPERS:
        return DRAWINGS[names[number]]
    if name not in DRAWINGS:
        raise unknown("figure", name, [*names, *BOARD_FIGURES])
    return DRAWINGS[name]


def write_figure(name: str, evidence: Evidence, path: Path) -> None:
    """Draw a figure into a file: ``.png``, ``.svg`` or ``.pdf``."""
    check_ending(path)
    drawing(name).write(evidence, path)


def _saved(
    draw: Callable[[Evidence], Figure], weights: str = MEAN_OF_REPLICATES
) -> Callable[[Evidence, Path], None]:
    def write(evidence: Evidence, path: Path) -> None:
        figure = draw(evidence)
        figure.supxlabel(f"weights: {evidence.weights(weights)}", fontsize=7, x=1.0, ha="right")
        save(figure, path)

    return write


DRAWINGS = {
    one.name: one
    for one in (
        Drawing(
            "attributions",
            "Relevance of one sequence",
            "Relevance of one sequence (the one of median similarity): with [CLS] and [SEP], "
            "without them and re-normalised, passed on to nucleotides, and the other model's. "
            "After Figure 1 of the paper.",
            _saved(draw_attributions, FIRST_REPLICATE),
            FIRST_REPLICATE,
        ),
        Drawing(
            "similarity",
            "Similarity by strategy",
            "Distribution over sequences of the continuous Jaccard similarity of two models' "
            "explanations, by strategy; black tick: mean, dotted outline: random scores in place "
            "of the first. After Figure 2 of the paper.",
            _saved(draw_similarity),
        ),
        Drawing(
            "faithfulness",
            "Faithfulness",
            "Mean drop of the target's probability when units are replaced, most important first "
            "(upper) and least important first (lower); bands: 95% bootstrap over sequences, "
            "dotted: a random order on the same units, empty markers: budgets that are less than a "
            "mean unit of most sequences. After Figure 3 of the paper.",
            _saved(draw_faithfulness),
        ),
        Drawing(
            "motifs",
            "Patterns and their matches",
            "Patterns of TF-MoDISco with most seqlets, beside the entry of JASPAR that each "
            "resembles most. After Figure 4 of the paper.",
            write_motifs,
            FIRST_REPLICATE,
        ),
        Drawing(
            "complexity",
            "Sparsity and complexity",
            "Distribution over sequences of the Gini index and the entropy, by model and "
            "granularity; black tick: mean. The numbers of Table 1.",
            _saved(draw_complexity),
        ),
    )
}
PAPERS = 4
"""The first so many are the paper's, in its order."""
