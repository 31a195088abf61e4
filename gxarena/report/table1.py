"""Table 1 of the paper: sparsity and complexity by model and granularity, ours beside theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gxarena.data import Floats
from gxarena.report.columns import Column
from gxarena.report.evidence import Evidence, groups
from gxarena.report.rendering import latex_text
from gxarena.report.runs import (
    ALL,
    COARSENING,
    LETTERS,
    MEAN_OF_REPLICATES,
    ONE_SET,
    REFINING,
    Cell,
    Level,
)
from gxarena.sources.dependencies import CORE

Figures = tuple[float, float]
"""Mean and standard deviation."""

METRICS = ("gini", "entropy")
HEADINGS = {"gini": "Gini index", "entropy": "Entropy (nats)"}

# Kurth et al. 2026, Table 1: by the explained model's own level, the level of the scores, metric.
PROMOTERS: dict[tuple[Level, Level, str], Figures] = {
    ("token", "token", "gini"): (0.42, 0.07),
    ("token", "token", "entropy"): (3.63, 0.13),
    ("token", "nucleotide", "gini"): (0.41, 0.07),
    ("token", "nucleotide", "entropy"): (5.22, 0.12),
    ("nucleotide", "token", "gini"): (0.51, 0.07),
    ("nucleotide", "token", "entropy"): (3.49, 0.16),
    ("nucleotide", "nucleotide", "gini"): (0.51, 0.07),
    ("nucleotide", "nucleotide", "entropy"): (5.06, 0.14),
}
ENHANCERS: dict[tuple[Level, Level, str], Figures] = {
    ("token", "token", "gini"): (0.64, 0.10),
    ("token", "token", "entropy"): (5.02, 0.56),
    ("token", "nucleotide", "gini"): (0.64, 0.10),
    ("token", "nucleotide", "entropy"): (6.63, 0.55),
    ("nucleotide", "token", "gini"): (0.50, 0.05),
    ("nucleotide", "token", "entropy"): (5.57, 0.27),
    ("nucleotide", "nucleotide", "gini"): (0.50, 0.05),
    ("nucleotide", "nucleotide", "entropy"): (7.17, 0.27),
}
_PAPERS = {
    "promoters": (PROMOTERS, "human non-TATA promoters (251 bp)"),
    "enhancers": (ENHANCERS, "Drosophila enhancers"),
}
"""By the kind of a data set's sequences: the numbers, and the paper's data set they are of."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One number of the table.

    Attributes
    ----------
    ours : (mean, SD) or None
        SD over samples, with n - 1; None where the runs do not hold it.
    values : float array, shape (n,)
        What it is over.
    theirs : (mean, SD) or None
        What the paper prints for the same model, level and kind of sequence, if it has that kind.
    """

    ours: Figures | None
    values: Floats
    theirs: Figures | None

    @property
    def n(self) -> int:
        """Samples it is over."""
        return len(self.values)


@dataclass(frozen=True, eq=False)
class TableRow:
    """One explanation at one level: a row of the table.

    Attributes
    ----------
    dataset, explanation : str
    level : "token" or "nucleotide"
    strategy : str
        How the scores got there; "native" where the model speaks of that level itself.
    entries : mapping of metric to Entry
    paper : str
        The paper's data set that stands beside it.
    of_several : bool
        Whether the model has replicates, over which each sample's mean is taken.
    """

    dataset: str
    explanation: str
    level: Level
    strategy: str
    entries: dict[str, Entry]
    paper: str
    of_several: bool = False

    @property
    def scores(self) -> str:
        """The level, and how the scores got there."""
        if self.strategy == "native":
            return f"{self.level}s (native)"
        return f"{self.level}s ({LETTERS[self.strategy]}: {self.strategy})"


def table_1(evidence: Evidence) -> list[TableRow]:
    """The rows that the runs allow, token models first within each data set.

    The paper does not print by which strategy a row's scores changed their level, so there is a
    row for each.

    Raises
    ------
    NotHeld
        No run has a Gini index or an entropy as the paper defines them.
    """
    cells = [
        cell
        for metric in METRICS
        for cell in evidence.cells(metric, classes=ALL)
        if _as_in_the_paper(cell)
    ]
    same = groups(cells, "dataset", "model", "explainer")
    rows = [row for group in same for row in _rows(group)]
    if not rows:
        raise evidence.missing(
            "table 1",
            "metrics gini and entropy with aggregators native and passed_on (tokens) or sum "
            "(nucleotides)",
        )
    order = list(dict.fromkeys(row.dataset for row in rows))
    return sorted(rows, key=lambda row: order.index(row.dataset))


def markdown(rows: list[TableRow]) -> str:
    """The table as GitHub's Markdown."""
    head = ["data set", "explanation", "scores on"]
    for metric in METRICS:
        head += [HEADINGS[metric], "paper"]
    lines = ["| " + " | ".join([*head, "n"]) + " |"]
    lines.append("| " + " | ".join(["---"] * 3 + ["---:"] * (2 * len(METRICS) + 1)) + " |")
    for row in rows:
        cells = [row.dataset, f"`{row.explanation}`", row.scores]
        for metric in METRICS:
            cells += [figures(row.entries[metric].ours), figures(row.entries[metric].theirs)]
        lines.append("| " + " | ".join([*(_markdown(c) for c in cells), counts(row)]) + " |")
    return "\n".join([*lines, "", f"{caption(rows)}", ""])


def latex(rows: list[TableRow]) -> str:
    """The table as LaTeX; needs the package booktabs."""
    head = ["Data set", "Explanation", "Scores on"]
    for metric in METRICS:
        head += [HEADINGS[metric], "Paper"]
    lines = [
        r"\begin{table}",
        rf"\caption{{{latex_text(caption(rows))}}}",
        r"\begin{tabular}{lll" + "r" * (2 * len(METRICS) + 1) + "}",
        r"\toprule",
        " & ".join([*head, "$n$"]) + r" \\",
    ]
    last = ""
    for row in rows:
        lines += [r"\midrule"] if row.dataset != last else []
        last = row.dataset
        cells = [row.dataset, row.explanation, row.scores]
        for metric in METRICS:
            cells += [figures(row.entries[metric].ours), figures(row.entries[metric].theirs)]
        lines.append(" & ".join([*(latex_text(c) for c in cells), counts(row)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def caption(rows: list[TableRow]) -> str:
    """What the numbers are, and what stands beside them."""
    papers = " and ".join(dict.fromkeys(row.paper for row in rows if row.paper))
    ours = (
        "Mean (SD over samples) of sparsity and complexity by model and granularity; entropy with "
        "the natural logarithm."
    )
    several = any(row.of_several for row in rows)
    ours += f" Weights: {MEAN_OF_REPLICATES if several else ONE_SET}."
    return f"{ours} Paper: Kurth et al. 2026, Table 1, {papers}." if papers else ours


def figures(pair: Figures | None) -> str:
    """As the paper prints them: mean (SD)."""
    return "–" if pair is None else f"{pair[0]:.2f} ({pair[1]:.2f})"


def counts(row: TableRow) -> str:
    """Samples behind the row's numbers; a range where the metrics differ."""
    found = sorted({entry.n for entry in row.entries.values() if entry.ours is not None})
    return "–".join(str(n) for n in found)


def _rows(cells: tuple[Cell, ...]) -> Iterator[TableRow]:
    own = cells[0].level
    for strategy in ("native", *(REFINING if own == "token" else COARSENING)):
        columns = {cell.metric: cell.column() for cell in cells if cell.strategy == strategy}
        if not columns:
            continue
        level: Level = own if strategy == "native" else _OTHER[own]
        theirs, paper = _paper(cells[0])
        yield TableRow(
            dataset=cells[0].dataset,
            explanation=cells[0].explanation,
            level=level,
            strategy=strategy,
            entries={m: _entry(columns.get(m), theirs.get((own, level, m))) for m in METRICS},
            paper=paper,
            of_several=cells[0].replicate is not None,
        )


def _as_in_the_paper(cell: Cell) -> bool:
    """Whether a metric's parameters are the paper's: of magnitudes, entropy as it is."""
    given = cell.parameters
    return (
        cell.level in _OTHER
        and given.get("sign", "magnitude") == "magnitude"
        and not given.get("normalised", False)
    )


_OTHER: dict[Level, Level] = {"token": "nucleotide", "nucleotide": "token"}


def _entry(column: Column | None, theirs: Figures | None) -> Entry:
    defined = column.defined if column is not None else np.zeros(0)
    if not len(defined):
        return Entry(None, defined, theirs)
    spread = float(defined.std(ddof=1)) if len(defined) > 1 else 0.0
    return Entry((float(defined.mean()), spread), defined, theirs)


def _paper(cell: Cell) -> tuple[dict[tuple[Level, Level, str], Figures], str]:
    """The paper's numbers for a data set's kind of sequence; none where it is of another.

    Nor beside a model that somebody else brought: it is neither of the paper's.
    """
    ours = cell.facts["model_distribution"] == CORE
    return _PAPERS.get(cell.kind, ({}, "")) if ours else ({}, "")


def _markdown(text: str) -> str:
    return text.replace("|", r"\|")
