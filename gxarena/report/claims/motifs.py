"""What patterns explanations hold, and what they match (section 5, Localization; Figure 4).

Patterns of one explained set are few, and no sample of anything: shares are tried exactly, and what
was found is a matter of looking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from gxarena.report.claims.claim import Claim, Setting, name
from gxarena.report.evidence import Evidence, groups
from gxarena.report.inference import counted, more_often, more_often_than
from gxarena.report.runs import ALL, Cell, ClassOfSamples, of_replicate
from gxarena.report.verdicts import Comparison
from gxarena.results.excess import NULLS
from gxarena.results.schemas import REPLICATE

GC_BOX = re.compile(r"(SP|KLF)\d+", re.IGNORECASE)
"""Factors that bind GC boxes, as JASPAR names them: SP1 to SP9 and KLF1 to KLF18."""
Row = dict[str, Any]


def _cells(
    evidence: Evidence, classes: tuple[ClassOfSamples, ...] = ("positive", "all")
) -> list[Cell]:
    """Token models' patterns by (c), as the paper reports them, and nucleotide models' own."""
    strategies = {"token": "passed_on", "nucleotide": "native"}
    found = evidence.cells("modisco", classes=classes)
    return [cell for cell in found if cell.strategy == strategies[cell.level]]


def matched(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    for whole in _cells(evidence, ALL):
        if whole.level != "token":
            continue
        for cell in whole.apart():
            count, n = _matches(cell.motifs())
            controls = {
                one.explanation: _matches(one.motifs())
                for one in evidence.controls_of(cell)
                if one.facts["explainer_component"] in NULLS
            }
            notes = [f"{count} of {n} match"]
            notes += [
                f"{control}: {some} of {of}" for control, (some, of) in sorted(controls.items())
            ]
            yield more_often_than(
                f"patterns that match − those of controls, {name(cell)}{_of(cell)}",
                (count, n), _summed(controls.values()), "; ".join(notes),
            )  # fmt: skip


def _matches(rows: list[Row]) -> tuple[int, int]:
    """How many patterns match, and of how many."""
    return sum(row["match_id"] is not None for row in rows), len(rows)


def _summed(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    some, of = zip((0, 0), *pairs, strict=True)
    return sum(some), sum(of)


def gc_boxes(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    for whole in _cells(evidence):
        if whole.kind != "promoters":
            continue
        for cell in whole.apart():
            floor = evidence.floor_of(cell)
            rows, randoms = _for_the_target(cell), _for_the_target(floor)
            names, chance = _boxes(rows), _boxes(randoms)
            found: bool | None = bool(names) if rows else None
            notes = [", ".join(names) or "none"]
            if chance:
                found = None if found else found
                notes.append("random scores show them as well")
            what = f"patterns for the target like SP or KLF, {name(cell)}{_of(cell)}"
            yield counted(what, found, len(rows), "; ".join(notes))


def _for_the_target(cell: Cell | None) -> list[Row]:
    rows = cell.motifs() if cell is not None else []
    return [row for row in rows if row["sign"] == "positive"]


def _boxes(rows: list[Row]) -> list[str]:
    names = (str(row["match_name"] or "") for row in rows)
    return sorted({name for name in names if GC_BOX.match(name)})


def same_top_motif(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    for one, other in _two_models(evidence):
        for left, right in _by_replicate(one, other):
            tops = [_top(cell) for cell in (left, right)]
            ids = [_matrix(row) for row in tops if row is not None]
            found = ids[0] == ids[1] if len(ids) == 2 and all(ids) else None
            said = [f"{row['match_id']} {row['match_name']}" if row else "no match" for row in tops]
            what = f"{one.explanation} and {other.explanation}, {one.dataset}{_of(left, right)}"
            yield counted(
                f"match of the pattern with most seqlets, {what}", found, 2, "; ".join(said)
            )


def _top(cell: Cell) -> Row | None:
    """The pattern for the target with most seqlets; None where there is none that matches."""
    rows = _for_the_target(cell)
    best = max(rows, key=lambda row: int(row["n_seqlets"]), default=None)
    return best if best is not None and best["match_id"] is not None else None


def _matrix(row: Row) -> str:
    """The matched matrix, whatever its version."""
    return str(row["match_id"]).partition(".")[0]


def more_for_the_cnn(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    for one, other in _two_models(evidence):
        tokens, nucleotides = len(one.motifs()), len(other.motifs())
        sets = len(one.rows), len(other.rows)
        yield more_often(
            f"{other.explanation}'s share of both models' patterns − an even one, vs "
            f"{one.explanation}, {one.dataset}",
            nucleotides,
            tokens + nucleotides,
            sets[1] / sum(sets),
            f"{nucleotides} against {tokens}, by the conditional test of two counts",
            min(sets),
        )


def _two_models(evidence: Evidence) -> Iterator[tuple[Cell, Cell]]:
    """A token model's cell and a nucleotide model's, of one data set."""
    for group in groups(_cells(evidence), "dataset", "metric_name"):
        tokens = [cell for cell in group if cell.level == "token"]
        yield from product(tokens, [cell for cell in group if cell.level == "nucleotide"])


def _by_replicate(one: Cell, other: Cell) -> Iterator[tuple[Cell, Cell]]:
    """The cells of each replicate that both have; a model without any meets each of the other's."""
    positions = {row[REPLICATE] for cell in (one, other) for row in cell.rows} - {None}
    for position in sorted(positions) or [None]:
        left, right = of_replicate(one, position), of_replicate(other, position)
        if left is not None and right is not None:
            yield left, right


def _of(*cells: Cell) -> str:
    """Which replicate, where a model has them."""
    positions = {cell.replicate for cell in cells} - {None}
    return f", replicate {positions.pop()}" if positions else ""


BOTH = "metric modisco on a token model with aggregator passed_on, and on a nucleotide model"
CLAIMS = (
    Claim(
        "patterns-matched",
        "Patterns in the explanations of DNABERT-2 match known motifs, every one of them.",
        "section 5, Localization",
        "share of TF-MoDISco's patterns that match an entry of JASPAR above that of patterns in "
        "controls' scores that do, by Fisher's exact test; beside it how many match",
        "metric modisco on a token model with aggregator passed_on, for controls as well",
        matched,
    ),
    Claim(
        "gc-boxes",
        "Explanations of both models highlight GC boxes in promoters.",
        "section 5, Localization; Figure 4",
        "a pattern for the target matches a motif of SP or KLF factors, and random scores' of the "
        "same weights do not where the run has them",
        f"{BOTH}, on promoters",
        gc_boxes,
    ),
    Claim(
        "same-top-motif",
        "Explanations of both models converge to the same top motif.",
        "section 5, Localization",
        "the pattern for the target with most seqlets matches the same matrix of JASPAR",
        BOTH,
        same_top_motif,
    ),
    Claim(
        "more-patterns",
        "The CNN's explanations hold more patterns.",
        "section 5, Localization",
        "the CNN's share of both models' patterns above an even one, by the exact test of two "
        "counts given their sum",
        BOTH,
        more_for_the_cnn,
    ),
)
