"""What each claim of the paper's text (Kurth et al. 2026) compares on the runs at hand.

One function a claim (see `gxarena.report.claims`); each gives the comparisons that the runs allow.
Controls (random and the like) are never contestants.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from gxarena.data import Attribution
from gxarena.report.evidence import (
    ALL,
    COARSENING,
    LETTERS,
    REFINING,
    STRATEGIES,
    Cell,
    Column,
    Evidence,
    NotHeld,
    groups,
)
from gxarena.report.inference import (
    Comparison,
    above,
    above_of_others,
    all_of,
    paired,
    rising,
    within,
)

MARGIN = 0.1
"""Probability within which two drops count as alike, and a drop as none."""
SHARE = "share of |relevance|"


def special_most(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("special_share"):
        column = cell.column("total")
        if column is not None:
            what = f"share on special tokens against a half, {_name(cell)}"
            yield above(what, column, 0.5, SHARE)
            try:
                found = cell.attributions()
            except NotHeld:
                continue  # the tables alone do not tell single tokens
            lead = np.array([_lead(found[name]) for name in column.ids])
            what = f"largest special token − largest other token, {_name(cell)}"
            yield above(what, Column(column.ids, lead), 0.0, SHARE)


def _lead(attribution: Attribution) -> float:
    """How far the largest special token is ahead of the largest other one; NaN without any."""
    special = np.abs(list(attribution.special.values()))
    others = np.abs(attribution.scores)
    total = special.sum() + others.sum()
    return float((special.max() - others.max()) / total) if len(special) and total else np.nan


def special_with_length(evidence: Evidence) -> Iterator[Comparison]:
    cells = evidence.cells("special_share")
    by_model: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        key = ("model_digest", "model_parameters", "explainer_digest", "objective")
        by_model.setdefault(tuple(str(cell.facts[k]) for k in key), []).append(cell)
    for same in by_model.values():
        lengths, shares, ids = [], [], []
        for cell in same:
            column = cell.column("total")
            if column is None:
                continue
            found = cell.attributions()
            lengths.append([found[name].spans.length for name in column.ids])
            shares.append(column.values)
            ids.append(column.ids)
        if lengths:
            x, y = np.concatenate(lengths).astype(np.float64), np.concatenate(shares)
            datasets = ", ".join(dict.fromkeys(cell.dataset for cell in same))
            spread = f"{x.min():.0f} to {x.max():.0f} bp"
            yield rising(
                f"share on special tokens with length, {same[0].explanation}, {datasets}, {spread}",
                x,
                y,
                np.concatenate(ids),
            )


def strategies(evidence: Evidence) -> Iterator[Comparison]:
    cells = evidence.cells("continuous_jaccard")
    for group in groups(cells, "dataset", "model", "explainer", "metric_name"):
        columns = {cell.strategy: cell.column() for cell in group}
        for better, worse in product(("mean", "passed_on"), ("sum", "equally_distributed")):
            left, right = columns.get(better), columns.get(worse)
            if left is not None and right is not None:
                what = (
                    f"({LETTERS[better]}) {better} − ({LETTERS[worse]}) {worse}, {_name(group[0])}"
                )
                yield above(what, paired(left, right), unit="CJ")


def promoters_over_enhancers(evidence: Evidence) -> Iterator[Comparison]:
    cells = evidence.cells("continuous_jaccard", strategies=STRATEGIES)
    promoters = [c for c in cells if c.kind == "promoters"]
    enhancers = [c for c in cells if c.kind == "enhancers"]
    for one, other in product(promoters, enhancers):
        left, right = one.column(), other.column()
        same_explainers = all(
            one.facts[f] == other.facts[f]
            for f in ("explainer_component", "explainer_parameters", "aggregator_component")
        )
        if left is not None and right is not None and same_explainers:
            yield above_of_others(
                f"{one.strategy}: {_name(one)} − {_name(other)}", left.values, right.values, "CJ"
            )


def negative_aligns_less(evidence: Evidence) -> Iterator[Comparison]:
    cells = evidence.cells("continuous_jaccard", classes=("positive", "negative"))
    for group in groups(cells, "model", "explainer", "metric_name", "aggregator"):
        for one, other in product(group, group):
            left, right = one.column(), other.column()
            classes = [c.run.class_of(c.dataset) for c in (one, other)]
            if left is not None and right is not None and classes == ["positive", "negative"]:
                what = f"{one.strategy}: {one.dataset} − {other.dataset}, {one.explanation}"
                yield above_of_others(what, left.values, right.values, "CJ")


def tokens_less_complex(evidence: Evidence) -> Iterator[Comparison]:
    for group in groups(evidence.cells("entropy"), "dataset", "model", "explainer", "metric_name"):
        columns = {cell.strategy: cell.column() for cell in group}
        native = columns.get("native")
        level = group[0].level
        for strategy in REFINING if level == "token" else COARSENING:
            other = columns.get(strategy)
            if native is None or other is None:
                continue
            nucleotides, tokens = (other, native) if level == "token" else (native, other)
            what = f"nucleotides − tokens by {strategy}, {_name(group[0])}"
            yield above(what, paired(nucleotides, tokens), unit="nats")


def mif_over_lif(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("faithfulness", strategies=["native"]):
        mif, lif = cell.column("mif_probability_area"), cell.column("lif_probability_area")
        if mif is not None and lif is not None:
            what = f"MIF − LIF, {_fill(cell)}, {_name(cell)}"
            yield above(what, paired(mif, lif), unit="probability")


def similarly_faithful(evidence: Evidence) -> Iterator[Comparison]:
    cells = [
        cell
        for cell in evidence.cells("faithfulness", strategies=["native"])
        # Random letters may put patterns back: the paper reads them cautiously (section 4.1).
        if _fill(cell) != "random"
    ]
    for group in groups(cells, "dataset", "metric_name"):
        tokens = [cell for cell in group if cell.level == "token"]
        nucleotides = [cell for cell in group if cell.level == "nucleotide"]
        for (one, other), order in product(product(tokens, nucleotides), ("mif", "lif")):
            left, right = (c.column(f"{order}_probability_area") for c in (one, other))
            if left is not None and right is not None:
                what = (
                    f"{order.upper()}, {one.explanation} − {other.explanation}, {_fill(one)}, "
                    f"{one.dataset}"
                )
                yield within(what, paired(left, right), MARGIN, "probability")


def negative_flat(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("faithfulness", strategies=["native"], classes=["negative"]):
        column = cell.column("mif_probability_area")
        if column is not None:
            what = f"MIF, {_fill(cell)}, {_name(cell)}"
            yield within(what, column, MARGIN, "probability")


def all_matched(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("modisco", classes=ALL):
        if cell.level != "token":
            continue
        motifs = [
            row for row in cell.run.results.table("motifs").to_pylist() if row["cell_id"] == cell.id
        ]  # fmt: skip
        matched = sum(row["match_id"] is not None for row in motifs)
        yield all_of(f"patterns, {_name(cell)}, {cell.strategy}", matched, len(motifs), _null(cell))


def _null(cell: Cell) -> str:
    """How many column-shuffled patterns match: what a match is worth."""
    for quantity in cell.quantities():
        column = cell.column(quantity)
        if quantity.endswith("matched_null") and column is not None and len(column.defined):
            return f"of column-shuffled patterns {column.defined[0]:.0%} match"
    return "no null"


def _name(cell: Cell) -> str:
    against = f" vs {cell.against}" if cell.against else ""
    return f"{cell.explanation}{against}, {cell.dataset}"


def _fill(cell: Cell) -> str:
    return str(cell.parameters.get("fill", "unknown"))
