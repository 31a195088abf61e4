"""What replacing units does to the prediction (sections 4.1 and 5, Faithfulness; Figure 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from gxarena.report.budgets import note
from gxarena.report.claims.claim import MARGINS, Claim, Setting, Varied, name
from gxarena.report.evidence import Evidence, groups
from gxarena.report.inference import above, paired, within
from gxarena.report.runs import Cell, ClassOfSamples
from gxarena.report.verdicts import Comparison

MOST_REPLACED = 20.0
"""Percent up to which the paper calls the changes small."""
CURVE: tuple[Varied, ...] = ("unit", "budget")
PROBABILITY = MARGINS["probability"]


def _cells(
    evidence: Evidence, classes: tuple[ClassOfSamples, ...] = ("positive", "all")
) -> list[Cell]:
    return evidence.cells("faithfulness", strategies=["native"], classes=classes)


def mif_over_lif(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for cell in _cells(evidence):
        mif, lif = (cell.column(setting.change(order)) for order in ("mif", "lif"))
        if mif is not None and lif is not None:
            what = f"{_fill(cell)}, {name(cell)}"
            yield above(f"MIF − LIF, {what}", paired(mif, lif), unit=setting.unit)
            sizes = paired(*(replace(c, replicates=np.abs(c.replicates)) for c in (mif, lif)))
            yield above(f"|MIF| − |LIF|, {what}", sizes, unit=setting.unit)


def similarly_faithful(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for one, other in _two_models(evidence):
        for order in ("mif", "lif"):
            left, right = (cell.column(setting.change(order)) for cell in (one, other))
            if left is not None and right is not None:
                what = f"{order.upper()}, {_both(one, other)}"
                yield within(what, paired(left, right), setting.change_margin, setting.unit)


def mif_higher(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for one, other in _two_models(evidence):
        left, right = (cell.column(setting.change("mif")) for cell in (one, other))
        if left is not None and right is not None:
            yield above(f"MIF, {_both(one, other)}", paired(left, right), unit=setting.unit)


def lif_small(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for cell in _cells(evidence):
        for budget in _budgets(cell, setting):
            column = cell.column(f"lif_drop_{setting.unit}@{budget:g}")
            if column is not None:
                what = f"LIF at {budget:g}%, {_fill(cell)}, {name(cell)}"
                one = within(what, column, setting.change_margin, setting.unit)
                yield _marked(one, [cell], budget)


def lif_alike(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for one, other in _two_models(evidence, with_random=True):
        for budget in _budgets(one, setting):
            left, right = (
                cell.column(f"lif_drop_{setting.unit}@{budget:g}") for cell in (one, other)
            )
            if left is not None and right is not None:
                what = f"LIF at {budget:g}%, {_both(one, other)}"
                found = within(what, paired(left, right), setting.change_margin, setting.unit)
                yield _marked(found, [one, other], budget)


def negative_flat(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for cell in _cells(evidence, ("negative",)):
        column = cell.column(setting.change("mif"))
        if column is not None:
            what = f"MIF, {_fill(cell)}, {name(cell)}"
            yield within(what, column, setting.change_margin, setting.unit)


def _two_models(evidence: Evidence, *, with_random: bool = False) -> Iterator[tuple[Cell, Cell]]:
    """A token model's cell and a nucleotide model's, of one data set and replacement."""
    # Random letters may put patterns back: the paper reads them cautiously (section 4.1).
    cells = [cell for cell in _cells(evidence) if with_random or _fill(cell) != "random"]
    for group in groups(cells, "dataset", "metric_name"):
        tokens = [cell for cell in group if cell.level == "token"]
        yield from product(tokens, [cell for cell in group if cell.level == "nucleotide"])


def _marked(comparison: Comparison, cells: list[Cell], budget: float) -> Comparison:
    """The comparison, with a note where a budget is smaller than the units that met it."""
    said = filter(None, (comparison.note, note(cells, budget)))
    return replace(comparison, note="; ".join(said))


def _budgets(cell: Cell, setting: Setting) -> list[float]:
    """The budgets of a cell that the paper speaks of, percentages, or the one that is asked for."""
    stem = f"lif_drop_{setting.unit}@"
    names = [q.removeprefix(stem) for q in cell.quantities() if q.startswith(stem)]
    found = [float(name) for name in names if not name.endswith("nt")]
    asked = found if setting.budget is None else [setting.budget]
    return sorted(budget for budget in asked if budget <= MOST_REPLACED)


def _both(one: Cell, other: Cell) -> str:
    return f"{one.explanation} − {other.explanation}, {_fill(one)}, {one.dataset}"


def _fill(cell: Cell) -> str:
    return str(cell.parameters.get("fill", "unknown"))


CLAIMS = (
    Claim(
        "mif-over-lif",
        "Replacing the most important units first changes the prediction more than the least.",
        "sections 4.1 and 5, Faithfulness; Figure 3",
        "paired difference of the areas under the probability's drop, MIF minus LIF, above 0, and "
        "of their absolute values: a rise is a change too",
        "metric faithfulness, native",
        mif_over_lif,
        CURVE,
    ),
    Claim(
        "mif-higher",
        "Replacing the most important first drops DNABERT-2's prediction more than the CNN's.",
        "section 5, Faithfulness; Figure 3",
        "paired difference of the areas under the probability's drop, MIF, above 0, by unknown "
        "and complement nucleotides",
        "metric faithfulness, native, on a token model and a nucleotide model",
        mif_higher,
        CURVE,
    ),
    Claim(
        "lif-small",
        "Replacing up to 20% of the least important first changes the prediction little.",
        "section 5, Faithfulness; Figure 3",
        f"mean drop of the probability equivalent to 0 within ±{PROBABILITY:g}, LIF, at every "
        "budget up to 20%",
        "metric faithfulness, native",
        lif_small,
        ("margin", *CURVE),
    ),
    Claim(
        "lif-alike",
        "Replacing up to 20% of the least important first changes both models' predictions alike.",
        "section 5, Faithfulness; Figure 3",
        f"paired drops of the probability equivalent within ±{PROBABILITY:g}, LIF, at every budget "
        "up to 20%",
        "metric faithfulness, native, on a token model and a nucleotide model",
        lif_alike,
        ("margin", *CURVE),
    ),
    Claim(
        "similar-faithfulness",
        "Explanations of DNABERT-2 are similarly faithful as those of the CNN.",
        "section 5, Faithfulness; Figure 3",
        f"areas under the probability's drop equivalent within ±{PROBABILITY:g}, for MIF and LIF, "
        "unknown and complement nucleotides",
        "metric faithfulness, native, on a token model and a nucleotide model",
        similarly_faithful,
        ("margin", *CURVE),
    ),
    Claim(
        "negative-class-flat",
        "Curves of the negative class are flat.",
        "section 5, Faithfulness",
        f"area under the probability's drop, MIF, equivalent to 0 within ±{PROBABILITY:g}",
        "metric faithfulness, native, on a data set with labels = [0]",
        negative_flat,
        ("margin", *CURVE),
    ),
)
