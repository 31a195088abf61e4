"""From comparisons to a claim: Holm by hand, and the weakest part decides."""

from __future__ import annotations

import pytest

from gxarena.report.verdicts import Comparison, Verdict, combined, corrected


def test_failures_are_those_that_holm_leaves() -> None:
    def one(p: float) -> Comparison:
        return Comparison("x", 0.0, 0.0, 0.0, 9, "", "fails" if p <= 0.05 else "holds", "", p)

    # By hand: .01 against .05 / 4, .02 against .05 / 3 and therefore none after it.
    found = corrected([one(0.02), one(0.01), one(0.04), one(1.0)])
    assert [c.verdict for c in found] == ["undecided", "fails", "undecided", "holds"]
    assert corrected([one(0.04)])[0].verdict == "fails"
    assert corrected([]) == ()


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "undecided"], "undecided"),
        (["undecided", "fails", "holds"], "fails"),
        ([], "undecided"),
        (["holds", "by construction"], "by construction"),
        (["undecided", "by construction"], "undecided"),
        (["fails", "by construction"], "fails"),
    ],
)
def test_a_claim_is_as_strong_as_its_weakest_part(
    verdicts: list[Verdict], expected: Verdict
) -> None:
    parts = [Comparison("x", 0.0, 0.0, 0.0, 9, "", verdict) for verdict in verdicts]
    assert combined(parts) == expected
