"""What every metric promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import spearmanr

from gxarena.capabilities import EXPLAINER, PROBE, TRUTH
from gxarena.explainers.controls import Oracle, Random
from gxarena.explainers.degraded import DegradedOracle
from gxarena.run.scoring import with_control
from gxarena.testing import state
from gxarena.testing.checks import Failed, Skipped, check
from gxarena.testing.metric_answers import (
    Untouchable,
    checked,
    compare,
    equal,
    goodness,
    judged,
    quantities_of,
    ranking,
    ranking_of,
    scored_by,
    told_of,
)
from gxarena.testing.subjects import Subject

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far the truth is degraded, from not at all to noise alone."""

FALLS = -0.7
"""Rank correlation of goodness with the level: small samples leave an exchange of neighbours."""


@check("metrics")
def quantities_are_declared(subject: Subject) -> None:
    """Each number has a direction and, where given, bounds in order."""
    quantities = quantities_of(subject)
    for key, one in quantities.items():
        low, high = one.bounds
        in_order = low is None or high is None or low < high
        if one.better not in ("higher", "lower", "none") or not in_order:
            raise Failed(
                "better as higher, lower or none, and bounds (low, high)",
                f"'{key}': {one.better}, {one.bounds}",
                "Mend quantities.",
            )


@check("metrics")
def values_are_as_declared(subject: Subject) -> str:
    """A value a sample of each declared quantity, within its bounds; without one, a reason."""
    told = told_of(subject)
    values = checked(subject, with_control(subject.made, scored_by(subject, told), told))
    missing = sorted(quantities_of(subject).keys() - values.keys())
    if missing and "set" not in subject.component.provides:  # a set's may be left out
        raise Failed(
            "a value a sample of each of its quantities",
            f"none of '{missing[0]}'",
            "Give it, NaN and a reason where there is none, or do not declare it.",
        )
    defined = sum(int(np.isfinite(one).sum()) for one in values.values())
    if not defined:
        raise Skipped("it has no value for what it is tried on")
    return f"{defined} of {sum(map(len, values.values()))} values defined, on {subject.tried.label}"


@check("metrics")
def scores_without_contrast_are_no_error(subject: Subject) -> None:
    """Maps of zeros, and of ones, have a value within bounds or a reason why they have none."""
    told = told_of(subject)
    for height in (0.0, 1.0):
        flat = [one.with_scores(np.full(len(one.spans), height)) for one in told.attributions]
        checked(subject, scored_by(subject, told.with_attributions(flat)))


@check("metrics")
def only_declared_questions_are_asked(subject: Subject) -> None:
    """Without "probe" or "explainer" among what it requires, the probe is not touched."""
    if subject.component.requires & {PROBE, EXPLAINER}:
        raise Skipped("it declares that it asks")
    probe = Untouchable()
    scored_by(subject, told_of(subject), probe)
    if probe.touched:
        raise Failed(
            "an untouched probe",
            f"probe.{probe.touched}",
            f'Declare requires=frozenset({{"{PROBE}"}}), by which plans load the model.',
        )


@check("metrics")
def only_declared_truth_is_read(subject: Subject) -> None:
    """Without "truth" among what it requires, annotations do not change its values."""
    if TRUTH in subject.component.requires:
        raise Skipped("it declares that it reads the truth")
    told = told_of(subject)
    blind = replace(told, samples=tuple(replace(one, annotations=()) for one in told.samples))
    compare(
        scored_by(subject, told),
        scored_by(subject, blind),
        "the same values without annotations",
        'Declare requires=frozenset({"truth"}), or do not read annotations.',
    )


@check("metrics")
def samples_are_scored_by_themselves(subject: Subject) -> None:
    """A sample's value depends neither on its place nor on the others."""
    if "set" in subject.component.provides:
        raise Skipped("it scores whole sets")
    told = told_of(subject)
    turned = told.of(range(len(told))[::-1])
    scored, backward = scored_by(subject, told), scored_by(subject, turned)
    remedy = "Compute row by row; draw a sample's noise from gxarena.seeds.sample_seed."
    for key, values in scored.values.items():
        equal(
            values,
            np.asarray(backward.values[key])[::-1],
            f"the same '{key}' in another order",
            remedy,
        )
    for index in range(len(told)):
        alone = scored_by(subject, told.of([index]))
        for key, values in scored.values.items():
            one = np.asarray(values)[index : index + 1]
            equal(one, alone.values[key], f"the same '{key}' alone", remedy)


@check("metrics")
def nothing_else_changes(subject: Subject) -> None:
    """Asked again it says the same, and leaves the process and what it was given as they were."""
    told = told_of(subject)
    maps = [(one.scores.copy(), dict(one.special)) for one in told.attributions]
    model, settings = state.of_model(subject.tried.model), state.of_settings()
    first = scored_by(subject, told)
    changed = [*subject.has_set, *state.changed(settings, state.of_settings())]
    state.stir()
    process = state.of_process()
    again = scored_by(subject, told)
    changed += state.changed(process, state.of_process())
    changed += state.changed(model, state.of_model(subject.tried.model))
    for one, (scores, special) in zip(told.attributions, maps, strict=True):
        if not np.array_equal(one.scores, scores) or dict(one.special) != special:
            raise Failed("explanations as they were", "others", "Work on copies of scores.")
    if changed:
        raise Failed(
            "process and model as they were",
            f"a change of {', '.join(sorted({*changed}))}",
            "Use generators of your own, and put back what must be set.",
        )
    compare(first, again, "the same values again", "Draw from seeds of the sample alone.")


@check("metrics")
def truth_beats_chance(subject: Subject) -> None:
    """Where truth decides, the truth itself is better than random scores, as declared."""
    best, chance = judged(subject, Oracle()), judged(subject, Random())
    for key, quantity in ranking(subject).items():
        if np.isfinite(best[key]) and not goodness(quantity, best[key]) > goodness(
            quantity, chance[key]
        ):
            raise Failed(
                f"'{key}', {quantity.better} is better, to put the truth before chance",
                f"{best[key]:.3g} for the truth, {chance[key]:.3g} for chance",
                "Mend better of the quantity, or the value's sign.",
            )


@check("metrics")
def worse_is_worse(subject: Subject) -> str:
    """Where truth decides, values get worse step by step as the truth is drowned in noise."""
    rows = [judged(subject, DegradedOracle("noise", level)) for level in LEVELS]
    told = []
    for key, quantity in ranking(subject).items():
        worths = [goodness(quantity, row[key]) for row in rows]
        if not np.isfinite(worths).all():
            continue
        falls = float(spearmanr(LEVELS, worths).statistic)
        if not falls <= FALLS:
            raise Failed(
                f"'{key}' to get worse with noise of {LEVELS}",
                f"{', '.join(f'{row[key]:.3g}' for row in rows)}",
                "Look at what it does to noisy maps: it cannot tell them apart.",
            )
        told.append(f"{key or 'value'} {falls:.2f}")
    if not told:
        raise Skipped("no value is defined for every level")
    return f"rank correlation with the level: {', '.join(told)}"


@check("metrics")
def one_unit_is_simpler_than_all(subject: Subject) -> None:
    """Where complexity is asked for, a map of one unit is better than one of all."""
    if subject.component.question != "complexity":
        raise Skipped("it does not ask how complex an explanation is")
    told = told_of(subject)
    peaks = [one.with_scores(np.eye(len(one.spans))[0]) for one in told.attributions]
    flat = [one.with_scores(np.linspace(0.8, 1, len(one.spans))) for one in told.attributions]
    simple, complex_ = (scored_by(subject, told.with_attributions(one)) for one in (peaks, flat))
    for key, quantity in ranking_of(subject).items():
        a, b = (float(np.nanmean(one.values[key])) for one in (simple, complex_))
        if not goodness(quantity, a) > goodness(quantity, b):
            raise Failed(
                f"'{key}', {quantity.better} is better, to put one unit before all",
                f"{a:.3g} and {b:.3g}",
                "Mend better of the quantity.",
            )
