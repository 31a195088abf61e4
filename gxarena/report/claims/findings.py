"""A verdict for each claim, and how often it stays when the question is put a little differently.

A claim is a function of the runs' tables that gives comparisons with intervals; how they decide is
`gxarena.report.verdicts`'s. It is undecided also where the runs do not hold what it takes.
Controls (random and the like) are never contestants. A verdict that turns with a margin, a unit or
one set of weights is worth less than one that stays, so each stands beside its variants: one thing
changed at a time, as far as the runs hold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gxarena.report.claims.catalogue import CLAIMS
from gxarena.report.claims.claim import Claim, Setting, Varied
from gxarena.report.evidence import Evidence
from gxarena.report.runs import NotHeld
from gxarena.report.verdicts import Comparison, Verdict, combined, corrected

GRID: tuple[tuple[Varied, str, dict[str, Any]], ...] = (
    ("margin", "half the margin", {"margin": 0.5}),
    ("margin", "twice the margin", {"margin": 2.0}),
    ("unit", "in logits", {"unit": "logit"}),
    ("budget", "at 5% replaced", {"budget": 5}),
    ("budget", "at 10% replaced", {"budget": 10}),
    ("budget", "at 20% replaced", {"budget": 20}),
    ("normalisation", "normalised otherwise", {"as_in_paper": False}),
)
"""What is varied, in words, and the setting's fields."""
LISTED = 4
"""How many variants the sentence names."""


@dataclass(frozen=True)
class Variant:
    """The verdict with one thing changed.

    Attributes
    ----------
    what : str
    verdict : "holds", "fails", "undecided" or "by construction"
    n_comparisons : int
    """

    what: str
    verdict: Verdict
    n_comparisons: int


@dataclass(frozen=True)
class Finding:
    """A claim's verdict on the runs at hand, with the comparisons and variants beside it."""

    claim: Claim
    verdict: Verdict
    comparisons: tuple[Comparison, ...]
    reason: str = ""
    variants: tuple[Variant, ...] = ()

    @property
    def stays(self) -> int:
        """Variants in which the verdict is the same."""
        return sum(variant.verdict == self.verdict for variant in self.variants)

    @property
    def stability(self) -> str:
        """In words how often the verdict stays; empty where nothing could be varied."""
        if not self.variants:
            return ""
        said = f"stays in {self.stays} of {len(self.variants)} variants"
        others = [v for v in self.variants if v.verdict != self.verdict]
        listed = [f"{variant.verdict} {variant.what}" for variant in others[:LISTED]]
        more = [f"and {len(others) - LISTED} more"] if len(others) > LISTED else []
        return said + (f": {', '.join(listed + more)}" if others else "")

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
            "variants": [vars(variant) for variant in self.variants],
        }


def judge(evidence: Evidence) -> list[Finding]:
    """Every claim's finding, in the paper's order."""
    return [judged(claim, evidence) for claim in CLAIMS]


def judged(claim: Claim, evidence: Evidence) -> Finding:
    """One claim's finding; what the runs lack is the reason of an undecided one."""
    try:
        made = _compared(claim, evidence, Setting())
    except NotHeld as error:
        return Finding(claim, "undecided", (), str(error))
    if not made:
        return Finding(claim, "undecided", (), f"nothing to compare: needs {claim.needs}.")
    return Finding(claim, combined(made), made, "", tuple(_variants(claim, evidence, made)))


def _variants(claim: Claim, evidence: Evidence, made: tuple[Comparison, ...]) -> Iterator[Variant]:
    """The verdicts of the variants that the runs hold, of which each asks something else."""
    for what, part, setting in _variants_of(claim, evidence):
        try:
            found = _compared(claim, part, setting)
        except NotHeld:
            continue
        # Where all models are right, say, or the claim reads nothing that has replicates.
        of_the_same_data = part is not evidence and repr(found) == repr(made)
        if found and not of_the_same_data:
            yield Variant(what, combined(found), len(found))


def _variants_of(claim: Claim, evidence: Evidence) -> Iterator[tuple[str, Evidence, Setting]]:
    for varied, what, fields in GRID:
        if varied in claim.varies:
            yield what, evidence, replace(Setting(), **fields)
    yield "where the models are right", replace(evidence, only_right=True), Setting()
    for position in evidence.replicates:
        yield f"on replicate {position} alone", replace(evidence, replicate=position), Setting()
    for dataset in evidence.datasets if len(evidence.datasets) > 1 else ():
        yield f"without {dataset}", replace(evidence, without=dataset), Setting()


def _compared(claim: Claim, evidence: Evidence, setting: Setting) -> tuple[Comparison, ...]:
    return corrected(tuple(claim.compare(evidence, setting)))
