"""How budgets of nucleotides were met: with whole units, at least one, however large it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gxarena.report.evidence import Evidence
from gxarena.report.runs import ALL, Cell

LABELS = ("suite", "dataset", "model", "explainer", "aggregator")
MARK = "*"
"""Stands at budgets that are less than a mean unit of most sequences."""


@dataclass(frozen=True)
class Met:
    """How one budget was met, most important first.

    Attributes
    ----------
    budget : str
        As quantities are named after it: "5" for 5% of nucleotides, "10nt".
    replaced : float
        Percent really replaced, mean over samples (and replicates).
    below : float
        Share of samples of which the budget is less than a mean unit; NaN where a run does not
        tell.
    """

    budget: str
    replaced: float
    below: float

    @property
    def marked(self) -> bool:
        """Whether a unit's width, and not the budget, decides for most samples."""
        return self.below > 0.5

    @property
    def text(self) -> str:
        """The percent really replaced, marked."""
        return f"{self.replaced:.1f}{MARK if self.marked else ''}"


@dataclass(frozen=True)
class Row:
    """How the budgets of metrics that remove the same were met.

    Attributes
    ----------
    dataset, explanation, strategy : str
    metrics : tuple of str
        Labels.
    met : tuple of Met
    """

    dataset: str
    explanation: str
    strategy: str
    metrics: tuple[str, ...]
    met: tuple[Met, ...]


def met(cell: Cell) -> tuple[Met, ...]:
    """How each budget of a cell was met, the smallest first; empty where the cell has none."""
    names = [name for name in cell.quantities() if name.startswith("replaced@")]
    budgets = sorted((name.partition("@")[2] for name in names), key=_size)
    return tuple(
        Met(k, 100 * _mean(cell, f"replaced@{k}"), _mean(cell, f"below_unit@{k}")) for k in budgets
    )


def budget_rows(evidence: Evidence) -> list[Row]:
    """A row for each explanation on each data set; fills that remove the same are one."""
    found: dict[tuple[str, str, str, tuple[Met, ...]], list[str]] = {}
    for cell in evidence.cells("faithfulness", classes=ALL):
        if shares := met(cell):
            key = (cell.dataset, cell.explanation, cell.strategy, shares)
            found.setdefault(key, []).append(str(cell.facts["metric"]))
    return [
        Row(dataset, explanation, strategy, tuple(labels), shares)
        for (dataset, explanation, strategy, shares), labels in found.items()
    ]


def budget_table(rows: Sequence[Row]) -> dict[str, list[list[str]]]:
    """Rows as text, a column for each budget that any of them has."""
    budgets = sorted({one.budget for row in rows for one in row.met}, key=_size)
    head = ["data set", "explanation", "scores", "metric", *map(_said, budgets)]
    body = []
    for row in rows:
        texts = {one.budget: one.text for one in row.met}
        labels = [row.dataset, row.explanation, row.strategy, ", ".join(row.metrics)]
        body.append([*labels, *(texts.get(k, "–") for k in budgets)])
    return {"head": [head], "body": body}


def note(cells: Sequence[Cell], budget: float) -> str:
    """In words, whose units are larger than a budget in percent; empty where nobody's are."""
    name = f"{budget:g}"
    found = [c.explanation for c in cells if any(m.budget == name and m.marked for m in met(c))]
    return f"{budget:g}% is less than one unit of {' and '.join(found)}" if found else ""


def below_unit(board: Iterable[Mapping[str, Any]]) -> set[tuple[str, ...]]:
    """Which rows of a leaderboard are at budgets less than a mean unit, as `row_key` names them."""
    rows = [(row, *_at(row["metric"])) for row in board]
    small = {
        row_key(row, name)
        for row, name, quantity in rows
        if quantity == "below_unit" and (row["estimate"] or 0.0) > 0.5
    }
    return {row_key(row) for row, name, _ in rows if name and row_key(row, name) in small}


def row_key(row: Mapping[str, Any], metric: str = "") -> tuple[str, ...]:
    """A row's labels and metric, or another metric in its place."""
    return (*(row[label] for label in LABELS), metric or row["metric"])


def _at(metric: str) -> tuple[str, str]:
    """The metric with its budget and the quantity's name, "" each where it has no budget."""
    stem, at, budget = metric.partition("@")
    name, _, quantity = stem.rpartition(".")
    return (f"{name}@{budget}", quantity) if at else ("", "")


def _size(budget: str) -> tuple[bool, float]:
    """Percentages first, each kind by its size."""
    return budget.endswith("nt"), float(budget.removesuffix("nt"))


def _said(budget: str) -> str:
    return f"{budget[:-2]} nt" if budget.endswith("nt") else f"{budget}%"


def _mean(cell: Cell, quantity: str) -> float:
    column = cell.column(quantity)
    return float(np.mean(column.defined)) if column and column.defined.size else np.nan
