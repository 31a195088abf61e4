"""What patterns explanations hold, and what they match (section 5, Localization; Figure 4).

Patterns of one explained set are few, and no sample of anything: shares are tried exactly, and what
was found is looked at once for each set of weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from gxarena.report.claims.claim import Claim, Setting, name
from gxarena.report.evidence import Evidence, groups
from gxarena.report.inference import in_most, more_often_than
from gxarena.report.runs import ALL, Cell, ClassOfSamples, of_replicate
from gxarena.report.verdicts import Comparison
from gxarena.results.excess import is_null
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
                if is_null(one.facts)
            }
            which = "" if cell.replicate is None else f", replicate {cell.replicate}"
            notes = [f"{count} of {n} match"]
            notes += [
                f"{control}: {some} of {of}" for control, (some, of) in sorted(controls.items())
            ]
            yield more_often_than(
                f"patterns that match − those of controls, {name(cell)}{which}",
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
        looks, notes = [], []
        for cell in whole.apart():
            rows, chance = _for_the_target(cell), _boxes(_for_the_target(evidence.floor_of(cell)))
            names = _boxes(rows)
            # Where there are no patterns, or noise has such ones too, looking does not tell.
            looks.append(None if not rows or (names and chance) else bool(names))
            random = " (random scores show them as well)" if chance else ""
            notes.append((", ".join(names) or "none") + random)
        yield in_most(
            f"patterns for the target like SP or KLF, {name(whole)}", looks, _wordings(notes)
        )


def _wordings(notes: list[str]) -> str:
    """What was seen with each set of weights, each wording once."""
    times = Counter(notes)
    several = len(notes) > 1
    return "; ".join(f"{note} ({n}×)" if several else note for note, n in times.items())


def _for_the_target(cell: Cell | None) -> list[Row]:
    rows = cell.motifs() if cell is not None else []
    return [row for row in rows if row["sign"] == "positive"]


def _boxes(rows: list[Row]) -> list[str]:
    names = (str(row["match_name"] or "") for row in rows)
    return sorted({name for name in names if GC_BOX.match(name)})


def same_top_motif(evidence: Evidence, _: Setting) -> Iterator[Comparison]:
    for one, other in _two_models(evidence):
        looks: list[bool | None] = []
        notes = []
        for left, right in _by_replicate(one, other):
            tops = [_top(cell) for cell in (left, right)]
            ids = [_matrix(row) for row in tops if row is not None]
            looks.append(ids[0] == ids[1] if len(ids) == 2 else None)
            said = [f"{row['match_id']} {row['match_name']}" if row else "no match" for row in tops]
            notes.append(" and ".join(said))
        what = f"{one.explanation} and {other.explanation}, {one.dataset}"
        yield in_most(
            f"same match of the pattern with most seqlets, {what}",
            looks,
            _wordings(notes),
            min(len(one.rows), len(other.rows)),
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
        pairs = [
            (len(left.motifs()), len(right.motifs())) for left, right in _by_replicate(one, other)
        ]
        looks = [None if tokens == cnn else cnn > tokens for tokens, cnn in pairs]
        counts = ", ".join(f"{cnn} and {tokens}" for tokens, cnn in pairs)
        what = f"more patterns of {other.explanation} than of {one.explanation}, {one.dataset}"
        yield in_most(what, looks, counts, min(len(one.rows), len(other.rows)))


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
        "with most sets of weights a pattern for the target matches a motif of SP or KLF factors; "
        "where random scores' patterns do so too, looking does not tell",
        f"{BOTH}, on promoters",
        gc_boxes,
    ),
    Claim(
        "same-top-motif",
        "Explanations of both models converge to the same top motif.",
        "section 5, Localization",
        "with most sets of weights the pattern for the target with most seqlets matches the same "
        "matrix of JASPAR",
        BOTH,
        same_top_motif,
    ),
    Claim(
        "more-patterns",
        "The CNN's explanations hold more patterns.",
        "section 5, Localization",
        "with most sets of weights the CNN's explanations have more patterns; how far their number "
        "moves by luck, only other weights tell",
        BOTH,
        more_for_the_cnn,
    ),
)
