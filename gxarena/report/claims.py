"""The claims of the paper's text (Kurth et al. 2026), each tried on the runs at hand.

A claim is a function of the runs' tables that gives comparisons with intervals; it holds where
every comparison holds, fails where any fails, and is undecided otherwise, also where the runs do
not hold what it takes. Controls (random and the like) are never contestants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from gxarena.data import Attribution
from gxarena.errors import GxarenaError, InputError
from gxarena.report.evidence import COARSENING, REFINING, STRATEGIES, Cell, Column, Evidence, groups
from gxarena.report.inference import (
    Comparison,
    Verdict,
    above,
    above_of_others,
    all_of,
    combined,
    paired,
    rising,
    within,
)
from gxarena.report.stored import attributions_of

MARGIN = 0.1
"""Probability within which two drops count as alike, and a drop as none."""
SHARE = "share of |relevance|"
LEVELS = dict(zip(STRATEGIES, "abcd", strict=True))


@dataclass(frozen=True)
class Claim:
    """One claim of the paper's text.

    Attributes
    ----------
    id : str
    sentence : str
        What is claimed, in one sentence.
    where : str
        Where the paper says so.
    method : str
        What is compared, and when the claim holds.
    needs : str
        What a suite must ask for, said where nothing could be compared.
    compare : callable
        The comparisons that the runs allow.
    """

    id: str
    sentence: str
    where: str
    method: str
    needs: str
    compare: Callable[[Evidence], Iterator[Comparison]]


@dataclass(frozen=True)
class Finding:
    """A claim's verdict on the runs at hand, with the comparisons it rests on."""

    claim: Claim
    verdict: Verdict
    comparisons: tuple[Comparison, ...]
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """As plain values; NaN as None."""
        return {
            "claim": self.claim.id,
            "sentence": self.claim.sentence,
            "where": self.claim.where,
            "verdict": self.verdict,
            "reason": self.reason,
            "comparisons": [
                {k: None if v != v else v for k, v in vars(one).items()} for one in self.comparisons
            ],
        }


def judge(evidence: Evidence) -> list[Finding]:
    """Every claim's finding, in the paper's order."""
    return [judged(claim, evidence) for claim in CLAIMS]


def judged(claim: Claim, evidence: Evidence) -> Finding:
    """One claim's finding; what the runs lack is the reason of an undecided one."""
    try:
        comparisons = tuple(claim.compare(evidence))
    except GxarenaError as error:
        return Finding(claim, "undecided", (), str(error))
    reason = "" if comparisons else f"nothing to compare: needs {claim.needs}."
    return Finding(claim, combined(comparisons), comparisons, reason)


def _special_most(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("special_share"):
        column = cell.column("total")
        if column is not None:
            what = f"share on special tokens against a half, {_name(cell)}"
            yield above(what, column, 0.5, SHARE)
            try:
                found = attributions_of(evidence, cell)
            except InputError:
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


def _special_with_length(evidence: Evidence) -> Iterator[Comparison]:
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
            found = attributions_of(evidence, cell)
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


def _strategies(evidence: Evidence) -> Iterator[Comparison]:
    cells = evidence.cells("continuous_jaccard")
    for group in groups(cells, "dataset", "model", "explainer", "metric_name"):
        columns = {cell.strategy: cell.column() for cell in group}
        for better, worse in product(("mean", "passed_on"), ("sum", "equally_distributed")):
            left, right = columns.get(better), columns.get(worse)
            if left is not None and right is not None:
                what = f"({LEVELS[better]}) {better} − ({LEVELS[worse]}) {worse}, {_name(group[0])}"
                yield above(what, paired(left, right), unit="CJ")


def _promoters_over_enhancers(evidence: Evidence) -> Iterator[Comparison]:
    cells = evidence.cells("continuous_jaccard", strategies=STRATEGIES)
    promoters = [c for c in cells if "promoter" in c.run.kind_of(c.dataset)]
    enhancers = [c for c in cells if "enhancer" in c.run.kind_of(c.dataset)]
    for one, other in product(promoters, enhancers):
        left, right = one.column(), other.column()
        same_explainers = all(
            one.facts[f] == other.facts[f] for f in ("explainer", "aggregator_component")
        )
        if left is not None and right is not None and same_explainers:
            yield above_of_others(
                f"{one.strategy}: {_name(one)} − {_name(other)}", left.values, right.values, "CJ"
            )


def _negative_aligns_less(evidence: Evidence) -> Iterator[Comparison]:
    cells = evidence.cells("continuous_jaccard", classes=("positive", "negative"))
    for group in groups(cells, "model", "explainer", "metric_name", "aggregator"):
        for one, other in product(group, group):
            left, right = one.column(), other.column()
            classes = [c.run.class_of(c.dataset) for c in (one, other)]
            if left is not None and right is not None and classes == ["positive", "negative"]:
                what = f"{one.strategy}: {one.dataset} − {other.dataset}, {one.explanation}"
                yield above_of_others(what, left.values, right.values, "CJ")


def _tokens_less_complex(evidence: Evidence) -> Iterator[Comparison]:
    for group in groups(evidence.cells("entropy"), "dataset", "model", "explainer", "metric_name"):
        columns = {cell.strategy: cell.column() for cell in group}
        native = columns.get("native")
        level = evidence.level(group[0])
        for strategy in REFINING if level == "token" else COARSENING:
            other = columns.get(strategy)
            if native is None or other is None or level is None:
                continue
            nucleotides, tokens = (other, native) if level == "token" else (native, other)
            what = f"nucleotides − tokens by {strategy}, {_name(group[0])}"
            yield above(what, paired(nucleotides, tokens), unit="nats")


def _mif_over_lif(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("faithfulness", strategies=["native"]):
        mif, lif = cell.column("mif_probability_area"), cell.column("lif_probability_area")
        if mif is not None and lif is not None:
            what = f"MIF − LIF, {_fill(cell)}, {_name(cell)}"
            yield above(what, paired(mif, lif), unit="probability")


def _similarly_faithful(evidence: Evidence) -> Iterator[Comparison]:
    cells = [
        cell
        for cell in evidence.cells("faithfulness", strategies=["native"])
        # Random letters may put patterns back: the paper reads them cautiously (section 4.1).
        if _fill(cell) != "random"
    ]
    for group in groups(cells, "dataset", "metric_name"):
        tokens = [cell for cell in group if evidence.level(cell) == "token"]
        nucleotides = [cell for cell in group if evidence.level(cell) == "nucleotide"]
        for (one, other), order in product(product(tokens, nucleotides), ("mif", "lif")):
            left, right = (c.column(f"{order}_probability_area") for c in (one, other))
            if left is not None and right is not None:
                what = (
                    f"{order.upper()}, {one.explanation} − {other.explanation}, {_fill(one)}, "
                    f"{one.dataset}"
                )
                yield within(what, paired(left, right), MARGIN, "probability")


def _negative_flat(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("faithfulness", strategies=["native"], classes=["negative"]):
        column = cell.column("mif_probability_area")
        if column is not None:
            what = f"MIF, {_fill(cell)}, {_name(cell)}"
            yield within(what, column, MARGIN, "probability")


def _all_matched(evidence: Evidence) -> Iterator[Comparison]:
    for cell in evidence.cells("modisco", classes=("positive", "negative", "all")):
        if evidence.level(cell) != "token":
            continue
        motifs = [
            row for row in cell.run.table("motifs").to_pylist() if row["cell_id"] == cell.id
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


CLAIMS = (
    Claim(
        "special-tokens",
        "[CLS] and [SEP] take the most relevance.",
        "section 5, first paragraph; Figure 1",
        "mean share of |relevance| on special tokens above one half, and (where the run's store "
        "tells single tokens) the larger of the two above every other token, in every data set",
        "metric special_share on a model with special tokens",
        _special_most,
    ),
    Claim(
        "special-tokens-length",
        "The longer the sequence, the more relevance special tokens take.",
        "section 5, first paragraph",
        "Spearman's correlation of share and length above 0, over all data sets of one model",
        "metrics special_share and gini (or entropy), native, on sequences of several lengths, "
        "and the run's store",
        _special_with_length,
    ),
    Claim(
        "strategies",
        "Explanations align better by strategies (b) and (c) than by (a) and (d).",
        "section 5, Similarity; Figure 2",
        "paired difference of the continuous Jaccard similarity above 0, each against each",
        "metric continuous_jaccard with aggregators sum, mean, passed_on, equally_distributed",
        _strategies,
    ),
    Claim(
        "promoters-over-enhancers",
        "Explanations of promoters align better than those of enhancers.",
        "section 5, Similarity; Figure 2",
        "difference of the mean continuous Jaccard similarity above 0, by every strategy",
        "metric continuous_jaccard on data sets of both (give the report both runs)",
        _promoters_over_enhancers,
    ),
    Claim(
        "negative-class-alignment",
        "Explanations of the negative class align less.",
        "section 5, Similarity",
        "positive minus negative class, mean continuous Jaccard similarity, above 0",
        "metric continuous_jaccard on data sets with labels = [1] and labels = [0]",
        _negative_aligns_less,
    ),
    Claim(
        "token-entropy",
        "Explanations on tokens are less complex than on nucleotides.",
        "section 5, Sparsity and Complexity; Table 1",
        "paired difference of the entropy, nucleotides minus tokens, above 0",
        "metric entropy with aggregators native and passed_on (tokens), or native and sum or mean "
        "(nucleotides)",
        _tokens_less_complex,
    ),
    Claim(
        "mif-over-lif",
        "Replacing the most important units first changes the prediction more than the least.",
        "sections 4.1 and 5, Faithfulness; Figure 3",
        "paired difference of the areas under the probability's drop, MIF minus LIF, above 0",
        "metric faithfulness, native",
        _mif_over_lif,
    ),
    Claim(
        "similar-faithfulness",
        "Explanations of DNABERT-2 are similarly faithful as those of the CNN.",
        "section 5, Faithfulness; Figure 3",
        f"areas under the probability's drop equivalent within ±{MARGIN:g}, for MIF and LIF, "
        "unknown and complement nucleotides",
        "metric faithfulness, native, on a token model and a nucleotide model, and a metric that "
        "tells them apart (special_share, or gini across granularities)",
        _similarly_faithful,
    ),
    Claim(
        "negative-class-flat",
        "Curves of the negative class are flat.",
        "section 5, Faithfulness",
        f"area under the probability's drop, MIF, equivalent to 0 within ±{MARGIN:g}",
        "metric faithfulness, native, on a data set with labels = [0]",
        _negative_flat,
    ),
    Claim(
        "patterns-matched",
        "Every pattern in the explanations of DNABERT-2 matches a known motif.",
        "section 5, Localization",
        "all patterns of TF-MoDISco match an entry of JASPAR, beside the share that do by chance",
        "metric modisco on a token model with aggregator passed_on",
        _all_matched,
    ),
)
