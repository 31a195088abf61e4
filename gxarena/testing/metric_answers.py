"""How a metric is asked while it is checked, and what its answers must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gxarena.api import Quantity, Scored, SetScored
from gxarena.capabilities import EXPLAINER, OWN_REPLICATES, PAIR, PROBE, TRUTH
from gxarena.data import Attribution, Batch, Explained, Floats, Ints, Sample
from gxarena.explainers.controls import Random
from gxarena.explainers.perturbation import ISM
from gxarena.metrics.renormalisation import renormalised
from gxarena.run.probe import ModelProbe
from gxarena.testing.checks import Failed, Skipped
from gxarena.testing.inputs import annotated_samples
from gxarena.testing.subjects import Subject, explained

CLOSE = 1e-4
"""Relative to the largest value: what batches may change in a network's last bits."""

MANY = 16
"""Samples by which directions are judged."""


def quantities_of(subject: Subject) -> Mapping[str, Quantity]:
    quantities = getattr(subject.made, "quantities", None)
    if not isinstance(quantities, Mapping) or not quantities:
        raise Failed(
            "quantities, a mapping of names to Quantity",
            f"{type(quantities).__name__}",
            'E.g. quantities = {"": Quantity("higher", (0.0, 1.0))}.',
        )
    for key, one in quantities.items():
        if not isinstance(one, Quantity):
            raise Failed(f"a Quantity for '{key}'", f"a {type(one).__name__}", "See gxarena.api.")
    return quantities


def ranking_of(subject: Subject) -> dict[str, Quantity]:
    return {key: one for key, one in quantities_of(subject).items() if one.better != "none"}


def ranking(subject: Subject) -> dict[str, Quantity]:
    """What ranks by the truth."""
    requires = subject.component.requires
    if TRUTH not in requires or EXPLAINER in requires or "sample" not in subject.component.provides:
        raise Skipped("it does not judge scores by the truth alone")
    if not (found := ranking_of(subject)):
        raise Skipped("it ranks nobody")
    return found


def goodness(quantity: Quantity, value: float) -> float:
    return value if quantity.better == "higher" else -value


def _batch(samples: tuple[Sample, ...], targets: Ints) -> Batch:
    return Batch(
        sequences=tuple(one.sequence for one in samples),
        targets=targets,
        seeds=np.array([sum(map(ord, one.id)) for one in samples]),
        ids=tuple(one.id for one in samples),
        annotations=tuple(one.annotations for one in samples),
    )


def _explain(
    model: Any, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...] = ()
) -> list[Attribution]:
    return ISM().explain(model, replace(_batch(samples, targets), origins=origins))


def told_of(subject: Subject) -> Explained:
    """A few samples, explained by in-silico mutagenesis."""
    model, samples = subject.tried.model, subject.samples
    targets = np.full(len(samples), model.n_outputs - 1)
    return explained(model, samples, _explain(model, samples, targets))


def judged(subject: Subject, explainer: Any) -> dict[str, float]:
    """Each ranking quantity's mean over many samples, explained by one that knows the truth."""
    ranks = ranking(subject)
    model = subject.tried.model
    samples = annotated_samples(MANY, model.max_length, seed=1)
    batch = _batch(samples, np.full(MANY, model.n_outputs - 1))
    scored = scored_by(subject, explained(model, samples, explainer.explain(model, batch)))
    values = {key: np.asarray(scored.values.get(key, [np.nan]), dtype=float) for key in ranks}
    if not any(np.isfinite(one).any() for one in values.values()):
        raise Skipped("it has no value for sequences with one annotated motif")
    return {k: float(np.nanmean(v)) if np.isfinite(v).any() else np.nan for k, v in values.items()}


def scored_by(subject: Subject, told: Explained, probe: Any = None) -> Scored:
    """What the metric says, as a run asks it; a set's as if it were one sample."""
    model, requires = subject.tried.model, subject.component.requires
    if probe is None:
        probe = ModelProbe(lambda: model, explain=_explain if EXPLAINER in requires else None)
    if "set" in subject.component.provides:
        got = subject.made.score_set(told)
        if not isinstance(got, SetScored):
            raise Failed("a SetScored", f"a {type(got).__name__}", "See gxarena.api.")
        values = {key: np.array([value], dtype=float) for key, value in got.values.items()}
        return Scored(values, {key: {0: why} for key, why in got.reasons.items()})
    if PAIR in subject.component.provides:
        other = _other(subject, told)
        if getattr(subject.made, "renormalise", None) is None:
            raise Failed("renormalise, True or False", "none", "See gxarena.api.PairMetric.")
        if subject.made.renormalise:
            told, other = renormalised(told), renormalised(other)
        asks = (ModelProbe(lambda: model),) if PROBE in requires else ()
        got = subject.made.compare(told, other, *asks)
    else:
        got = subject.made.score(told, probe)
    if not isinstance(got, Scored):
        raise Failed("a Scored", f"a {type(got).__name__}", 'E.g. Scored({"": values}).')
    return got


def _other(subject: Subject, told: Explained) -> Explained:
    """The same samples otherwise explained: of a pair metric, the right side."""
    batch = _batch(told.samples, told.targets)
    noise = Random().explain(subject.tried.model, batch)
    if OWN_REPLICATES in subject.component.requires:
        noise = [
            a.with_scores(a.scores + 0.1 * b.scores)
            for a, b in zip(told.attributions, noise, strict=True)
        ]
    return told.with_attributions(noise)


def checked(subject: Subject, scored: Scored) -> dict[str, Floats]:
    quantities = quantities_of(subject)
    n = 1 if "set" in subject.component.provides else len(subject.samples)
    found = {}
    for key, given in scored.values.items():
        values = np.asarray(given, dtype=float)
        if key not in quantities:
            raise Failed("keys among its quantities", f"'{key}'", "Declare it in quantities.")
        if values.shape != (n,):
            raise Failed(f"{n} values of '{key}'", f"shape {values.shape}", "Give one a sample.")
        if quantities[key].outside(values).any():
            worst = values[quantities[key].outside(values)][0]
            raise Failed(
                f"'{key}' within {quantities[key].bounds}",
                f"{worst:g}",
                "Mend the value, or the bounds in quantities.",
            )
        reasons = scored.reasons.get(key, {})
        for index in np.flatnonzero(~np.isfinite(values)).tolist():
            if index not in reasons:
                raise Failed(
                    f"a reason why '{key}' has no value",
                    f"{values[index]} alone",
                    "Give reasons={key: {index: why}}.",
                )
        found[key] = values
    return found


def compare(one: Scored, other: Scored, what: str, remedy: str) -> None:
    for key, values in one.values.items():
        equal(values, other.values.get(key, np.full(np.shape(values), np.nan)), what, remedy)


def equal(one: Floats, other: Floats, what: str, remedy: str) -> None:
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    finite = np.isfinite(a)
    scale = max(1e-12, float(np.abs(a[finite]).max(initial=0.0)))
    if not np.array_equal(finite, np.isfinite(b)) or (
        finite.any() and np.abs(a - b)[finite].max() > CLOSE * scale
    ):
        raise Failed(what, f"{b.tolist()} for {a.tolist()}", remedy)


class Untouchable:
    """A probe that notices that it is touched."""

    def __init__(self) -> None:
        self.touched = ""

    def __getattr__(self, name: str) -> Any:
        self.__dict__["touched"] = name
        raise AttributeError(f"the metric does not require the probe, and asks for {name}")
