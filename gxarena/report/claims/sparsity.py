"""How sparse and how complex explanations are (section 5, Sparsity and Complexity; Table 1)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from gxarena.report.claims.claim import Claim, Setting, name
from gxarena.report.columns import Column
from gxarena.report.evidence import Evidence, groups
from gxarena.report.inference import above, paired, within
from gxarena.report.runs import COARSENING, LETTERS, REFINING, Cell
from gxarena.report.verdicts import Comparison

GINI_MARGIN, ENTROPY_MARGIN = 0.1, 0.5
"""Within which two means count as similar: Gini indices, and entropies in nats."""
UNITS = {"gini": "Gini index", "entropy": "nats"}
MARGINS = {"gini": GINI_MARGIN, "entropy": ENTROPY_MARGIN}


def _cells(evidence: Evidence, setting: Setting, metric: str) -> list[Cell]:
    found = [
        cell
        for cell in evidence.cells(metric)
        if cell.parameters.get("sign", "magnitude") == "magnitude"
    ]
    return [cell for cell in found if setting.reads(cell, "normalised", False)]


def tokens_less_complex(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    cells = _cells(evidence, setting, "entropy")
    for group in groups(cells, "dataset", "model", "explainer", "metric_name"):
        by_strategy = {cell.strategy: cell for cell in group}
        native, level = by_strategy.get("native"), group[0].level
        for strategy in REFINING if level == "token" else COARSENING:
            other = by_strategy.get(strategy)
            difference = _nucleotides_less_tokens(native, other)
            if native is None or other is None or difference is None:
                continue
            what = f"nucleotides − tokens by ({LETTERS[strategy]}) {strategy}, {name(native)}"
            made = above(what, difference, unit=UNITS["entropy"])
            random = _nucleotides_less_tokens(evidence.floor_of(native), evidence.floor_of(other))
            yield _whatever_the_scores(made, strategy, random)


def _nucleotides_less_tokens(native: Cell | None, other: Cell | None) -> Column | None:
    """The entropy on nucleotides less that on tokens, of one explanation."""
    if native is None or other is None:
        return None
    columns = [cell.column() for cell in (native, other)]
    tokens, nucleotides = columns if native.level == "token" else columns[::-1]
    return None if tokens is None or nucleotides is None else paired(nucleotides, tokens)


def _whatever_the_scores(made: Comparison, strategy: str, random: Column | None) -> Comparison:
    """The comparison beside that of random scores, which may have the same to show.

    By strategy (d) nothing else can come out: H(nucleotides) = H(tokens) + the mean of log width,
    each token's width weighed by its share.
    """
    notes, shows = [], False
    if random is not None:
        control = above("", random)
        notes.append(f"random scores: {control.estimate:.2f}")
        shows = control.verdict == "holds"
    identity = strategy == "equally_distributed"
    if identity:
        notes.append("an identity: the mean of log width")
    note = "; ".join([*notes, *([made.note] if made.note else [])])
    changed = dict(vars(made), note=note)
    if made.verdict == "holds" and (identity or shows):
        changed["verdict"] = "by construction"
    return Comparison(**changed)


def similar(evidence: Evidence, setting: Setting) -> Iterator[Comparison]:
    for metric in UNITS:
        margin = MARGINS[metric] * setting.margin
        for what, tokens, nucleotides in _pairs(evidence, metric):
            yield within(f"{metric}, {what}", paired(tokens, nucleotides), margin, UNITS[metric])


def _pairs(evidence: Evidence, metric: str) -> Iterator[tuple[str, Column, Column]]:
    """A token model's and a nucleotide model's values on common units, and what they are of."""
    for group in groups(_cells(evidence, Setting(), metric), "dataset", "metric_name"):
        tokens = [cell for cell in group if cell.level == "token"]
        nucleotides = [cell for cell in group if cell.level == "nucleotide"]
        for one, other in product(tokens, nucleotides):
            # On tokens, or on nucleotides: one of the two as it is, the other carried there.
            carried = one.strategy if other.strategy == "native" else other.strategy
            both_native = one.strategy == other.strategy == "native"
            if both_native or "native" not in (one.strategy, other.strategy):
                continue
            left, right = one.column(), other.column()
            if left is not None and right is not None:
                yield (
                    f"{one.explanation} − {other.explanation} by ({LETTERS[carried]}) {carried}, "
                    f"{one.dataset}",
                    left,
                    right,
                )


def turns_with_length(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    cells = [c for c in _cells(evidence, Setting(), "gini") if c.strategy == "native"]
    by_length: dict[str, list[Cell]] = {}
    for cell in cells:
        by_length.setdefault(cell.dataset, []).append(cell)
    both = {
        dataset: found
        for dataset, found in by_length.items()
        if {cell.level for cell in found} == {"token", "nucleotide"}
    }
    lengths = {dataset: _length(found[0]) for dataset, found in both.items()}
    if len(set(lengths.values())) < 2:
        return
    shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    for dataset, first in ((shortest, "nucleotide"), (longest, "token")):
        sparser = [cell for cell in both[dataset] if cell.level == first]
        others = [cell for cell in both[dataset] if cell.level != first]
        for one, other in product(sparser, others):
            left, right = one.column(), other.column()
            if left is not None and right is not None and one.run is other.run:
                what = f"{one.explanation} − {other.explanation}, {dataset}, "
                yield above(
                    what + f"{lengths[dataset]:.0f} bp", paired(left, right), unit=UNITS["gini"]
                )


def _length(cell: Cell) -> float:
    """The median sequence's."""
    return float(np.median([found.spans.length for found in cell.attributions().values()]))


CLAIMS = (
    Claim(
        "token-entropy",
        "Explanations on tokens are less complex than on nucleotides.",
        "section 5, Sparsity and Complexity; Table 1",
        "paired difference of the entropy, nucleotides minus tokens, above 0; by construction "
        "where random scores show it as well, and by strategy (d), where it is an identity",
        "metric entropy with aggregators native and passed_on (tokens), or native and sum or mean "
        "(nucleotides)",
        tokens_less_complex,
        ("normalisation",),
    ),
    Claim(
        "similar-sparsity",
        "Explanations of DNABERT-2 are of similar sparsity and complexity as those of the CNN.",
        "section 5, Sparsity and Complexity; Table 1",
        f"means on the same units equivalent within ±{GINI_MARGIN:g} of the Gini index and "
        f"±{ENTROPY_MARGIN:g} nats of entropy",
        "metrics gini and entropy on a token model and a nucleotide model, one of them also "
        "carried to the other's units (aggregators passed_on, equally_distributed, sum or mean)",
        similar,
        ("margin",),
    ),
    Claim(
        "sparsity-length",
        "On short sequences the CNN's explanations are sparser, on long ones DNABERT-2's.",
        "section 5, Sparsity and Complexity; Table 1",
        "paired difference of the Gini index above 0, each on its own units, on the shortest data "
        "set for the CNN and on the longest for DNABERT-2",
        "metric gini, native, on a token model and a nucleotide model, on data sets of two "
        "lengths (give the report both runs), and the runs' stores",
        turns_with_length,
    ),
)
