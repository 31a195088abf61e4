"""A comparison and what it says of a claim: holds, fails, undecided, or holds by construction.

A claim holds where every comparison does, each at 5%, which needs no correction for their number
(an intersection-union test); it fails where one fails that is left by Holm's adjustment over all
of the claim's comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gxarena.statistics.multiplicity import holm

Verdict = Literal["holds", "fails", "undecided", "by construction"]
LEVEL = 0.05
NOT_AMONG_MANY = "beyond alone, not among all comparisons of the claim (Holm)"


@dataclass(frozen=True)
class Comparison:
    """One statistic with its interval, and what it says.

    Attributes
    ----------
    what : str
        What was compared, in words.
    estimate, low, high : float
        NaN where there is none.
    n : int
        Samples (or motifs) it rests on.
    unit : str
        Of the statistic.
    verdict : "holds", "fails", "undecided" or "by construction"
    note : str
        What a reader should know beside it.
    p_fails : float
        P-value of what speaks against the claim, to be compared with 5%; 1 where nothing does, 0
        where it is a count, NaN where nothing was tested.
    replicates : int
        Sets of weights it rests on.
    """

    what: str
    estimate: float
    low: float
    high: float
    n: int
    unit: str
    verdict: Verdict
    note: str = ""
    p_fails: float = np.nan
    replicates: int = 1


def as_one_note(*notes: str) -> str:
    """What a reader should know, as one note; empty parts say nothing."""
    return "; ".join(filter(None, notes))


def corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The comparisons of one claim, each "fails" only where Holm's adjustment leaves it."""
    adjusted = holm(np.array([one.p_fails for one in comparisons], dtype=np.float64))
    return tuple(
        replace(one, verdict="undecided", note=as_one_note(one.note, NOT_AMONG_MANY))
        if one.verdict == "fails" and not p <= LEVEL
        else one
        for one, p in zip(comparisons, adjusted, strict=True)
    )


def combined(comparisons: Sequence[Comparison]) -> Verdict:
    """Holds where every part holds, fails where any part fails, undecided otherwise.

    By construction where all hold, but some of them whatever the explanations are.
    """
    verdicts = {comparison.verdict for comparison in comparisons}
    if "fails" in verdicts:
        return "fails"
    if "undecided" in verdicts or not verdicts:
        return "undecided"
    return "by construction" if "by construction" in verdicts else "holds"
