"""How the explanations of two models align (section 5, Similarity; Figure 2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from gxarena.report.claims.claim import Claim, Setting, name
from gxarena.report.columns import Column
from gxarena.report.evidence import Evidence, groups
from gxarena.report.inference import above, above_of_others, paired
from gxarena.report.runs import ALL, LETTERS, STRATEGIES, Cell, ClassOfSamples
from gxarena.report.verdicts import Comparison

UNIT = "CJ"


def _cells(
    evidence: Evidence, setting: Setting, classes: tuple[ClassOfSamples, ...] = ("positive", "all")
) -> list[Cell]:
    found = evidence.cells("continuous_jaccard", strategies=STRATEGIES, classes=classes)
    return [cell for cell in found if setting.reads(cell, "renormalise", "before")]


def strategies(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for group in groups(_cells(evidence, setting), "dataset", "model", "explainer", "metric_name"):
        columns = {cell.strategy: cell.column() for cell in group}
        for better, worse in product(("mean", "passed_on"), ("sum", "equally_distributed")):
            left, right = columns.get(better), columns.get(worse)
            if left is not None and right is not None:
                what = (
                    f"({LETTERS[better]}) {better} − ({LETTERS[worse]}) {worse}, {name(group[0])}"
                )
                yield above(what, paired(left, right), unit=UNIT)


def promoters_over_enhancers(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    cells = _cells(evidence, setting, ALL)
    cells = [cell for cell in cells if cell.run.class_of(cell.dataset) != "negative"]
    promoters = [cell for cell in cells if cell.kind == "promoters"]
    enhancers = [cell for cell in cells if cell.kind == "enhancers"]
    same = ("explainer_component", "explainer_parameters", "aggregator_component")
    for one, other in product(promoters, enhancers):
        # Of several conventions of re-normalising, each beside itself.
        if one.parameters != other.parameters:
            continue
        if any(one.facts[fact] != other.facts[fact] for fact in same):
            continue
        left, right = (_beyond_random(evidence, cell) for cell in (one, other))
        if left is not None and right is not None:
            what = f"{one.strategy}, beyond random scores: {name(one)} − {name(other)}"
            yield above_of_others(what, left, right, UNIT)


def _beyond_random(evidence: Evidence, cell: Cell) -> Column | None:
    """A cell's values less those of random scores on the same sequences."""
    floor = evidence.floor_of(cell)
    columns = cell.column(), floor.column() if floor is not None else None
    return None if columns[0] is None or columns[1] is None else paired(columns[0], columns[1])


def negative_aligns_less(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    cells = _cells(evidence, setting, ("positive", "negative"))
    for group in groups(cells, "model", "explainer", "metric_name", "aggregator"):
        for one, other in product(group, group):
            left, right = one.column(), other.column()
            classes = [cell.run.class_of(cell.dataset) for cell in (one, other)]
            if left is not None and right is not None and classes == ["positive", "negative"]:
                what = f"{one.strategy}: {one.dataset} − {other.dataset}, {one.explanation}"
                yield above_of_others(what, left, right, UNIT)


CLAIMS = (
    Claim(
        "strategies",
        "Explanations align better by strategies (b) and (c) than by (a) and (d).",
        "section 5, Similarity; Figure 2",
        "paired difference of the continuous Jaccard similarity above 0, each against each",
        "metric continuous_jaccard with aggregators sum, mean, passed_on, equally_distributed",
        strategies,
        ("normalisation",),
    ),
    Claim(
        "promoters-over-enhancers",
        "Explanations of promoters align better than those of enhancers.",
        "section 5, Similarity; Figure 2",
        "difference of the mean continuous Jaccard similarity above 0, by every strategy, each "
        "data set's taken as what it is beyond that of random scores on the same sequences: the "
        "noise floor hangs on length",
        "metric continuous_jaccard on data sets of both, with the explainer random beside (give "
        "the report both runs)",
        promoters_over_enhancers,
        ("normalisation",),
    ),
    Claim(
        "negative-class-alignment",
        "Explanations of the negative class align less.",
        "section 5, Similarity",
        "positive minus negative class, mean continuous Jaccard similarity, above 0",
        "metric continuous_jaccard on data sets with labels = [1] and labels = [0]",
        negative_aligns_less,
        ("normalisation",),
    ),
)
