"""What every aggregator promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gxarena.capabilities import COARSEN, REFINE
from gxarena.data import Attribution, Spans
from gxarena.errors import Unsupported
from gxarena.testing import state
from gxarena.testing.checks import Failed, Skipped, check
from gxarena.testing.subjects import Subject

FINE = Spans.nucleotides(12)
COARSE = Spans(np.array([0, 1, 3, 6, 12]))
ACROSS = Spans(np.array([0, 2, 7, 12]))
"""Units that are neither parts nor unions of `COARSE`'s."""

SPECIAL = {"[CLS]": 0.5}


@check("aggregators")
def scores_lie_on_the_units_asked_for(subject: Subject) -> None:
    """The projected scores are on `onto`, finite, and one a unit."""
    for one, onto in _tasks(subject):
        got = subject.made.project(one, onto)
        if not isinstance(got, Attribution) or got.spans != onto:
            units = len(got.spans) if isinstance(got, Attribution) else type(got).__name__
            raise Failed(
                f"the {len(onto)} units of onto",
                f"{units}",
                "Return attribution.with_scores(scores, onto).",
            )
        if not np.isfinite(got.scores).all():
            raise Failed("finite scores", "NaN or infinity", "Guard the division by widths.")


@check("aggregators")
def conservation_is_declared(subject: Subject) -> None:
    """`conservative` says whether the sum of the scores is kept, for every attribution."""
    gaps = [
        abs(subject.made.project(one, onto).scores.sum() - one.scores.sum())
        for one, onto in _tasks(subject)
    ]
    kept, said = max(gaps) < 1e-9, subject.made.conservative
    if kept != said:
        raise Failed(
            f"the sum to be {'kept' if said else 'changed'}, as conservative says",
            f"a gap of {max(gaps):.2g}",
            f"Set conservative = {kept}, or mend project.",
        )


@check("aggregators")
def own_units_change_nothing(subject: Subject) -> None:
    """Onto the units that the scores are on, they stay what they are."""
    for one, _ in _tasks(subject):
        got = subject.made.project(one, one.spans)
        if got.spans != one.spans or not np.allclose(got.scores, one.scores, atol=1e-12):
            raise Failed(
                "the same scores on their own units",
                "others",
                "Return the attribution itself where its spans are onto.",
            )


@check("aggregators")
def special_scores_stay_apart(subject: Subject) -> None:
    """Scores of special tokens are kept and not spread over the sequence."""
    for one, onto in _tasks(subject):
        without, specials = (
            subject.made.project(replace(one, special=s), onto) for s in ({}, SPECIAL)
        )
        kept = dict(specials.special) == SPECIAL
        if not kept or not np.array_equal(specials.scores, without.scores, equal_nan=True):
            raise Failed(
                "special scores kept apart",
                "other scores beside them" if kept else f"{dict(specials.special)}",
                "Return attribution.with_scores(...), which keeps them.",
            )


@check("aggregators")
def units_that_cut_across_are_refused(subject: Subject) -> None:
    """Units that are no parts, or no unions, of the scores' raise Unsupported."""
    if not subject.component.provides & {COARSEN, REFINE}:
        raise Skipped("it projects nowhere")
    try:
        subject.made.project(Attribution(np.arange(4.0), COARSE), ACROSS)
    except Unsupported:
        return
    raise Failed(
        "Unsupported for units that cut across others", "scores", "See gxarena.data.Spans.refines."
    )


@check("aggregators")
def nothing_else_changes(subject: Subject) -> None:
    """The attribution that it is given, and the process, stay as they are; the answer repeats."""
    for one, onto in _tasks(subject):
        state.stir()
        before, process = one.scores.copy(), state.of_process()
        first, again = (subject.made.project(one, onto) for _ in range(2))
        state.process_kept(process, subject.has_set, "Set nothing.")
        repeats = np.array_equal(first.scores, again.scores, equal_nan=True)
        if not (repeats and np.array_equal(before, one.scores)):
            raise Failed("the same scores again", "others", "Compute on copies, without chance.")


def _tasks(subject: Subject) -> list[tuple[Attribution, Spans]]:
    """Attributions, each with the units that it is projected onto: in each declared direction."""
    provides, rng = subject.component.provides, np.random.default_rng(0)
    ways = [(FINE, COARSE)] * (COARSEN in provides) + [(COARSE, FINE)] * (REFINE in provides)
    return [
        (Attribution(scores, source), onto)
        for source, onto in ways or [(COARSE, COARSE)]
        for scores in (
            rng.standard_normal(len(source)),
            np.ones(len(source)),
            np.zeros(len(source)),
        )
    ]
