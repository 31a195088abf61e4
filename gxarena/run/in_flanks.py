"""Samples that name a region: explained, and scored, each in its own flanks.

What has the same flanks, or none, is done together, the rest apart. A set without regions takes
none of these ways: it is explained and scored in the very calls that it always was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np

from gxarena.api import Explainer, Model, Scored
from gxarena.capabilities import is_own
from gxarena.data import Attribution, Batch, Explained, Floats, Sample
from gxarena.errors import PluginError
from gxarena.explainers.wrapping import Rearranging
from gxarena.run.blame import blamed
from gxarena.run.choices import Choice
from gxarena.run.contracts import check_attributions
from gxarena.run.flanked import Flanked, in_flanks, units_within
from gxarena.samples import NO_FLANKS, Flanks

Door = TypeVar("Door", bound="_Door")


class _Door(Protocol):
    """A probe that can be put between flanks."""

    def in_flanks(self: Door, flanks: Flanks) -> Door: ...


def explained(
    explainer: Explainer, model: Model, batch: Batch, samples: Sequence[Sample], choice: Choice
) -> list[Attribution]:
    """What an explainer says of samples, each in its flanks; checked against its contract.

    Parameters
    ----------
    explainer : Explainer
    model : Model
    batch : Batch
        Of these samples.
    samples : sequence of B Sample
    choice : Choice
        The explainer's, for what it requires and for what errors call it.
    """
    groups = _by_flanks(samples)
    if set(groups) == {NO_FLANKS}:
        return asked(explainer, model, batch, choice)
    found: dict[int, Attribution] = {}
    for flanks, rows in groups.items():
        answers = asked(explainer, in_flanks(model, flanks), batch.of(rows), choice)
        found.update(zip(rows, answers, strict=True))
    return [found[row] for row in range(len(batch))]


def asked(explainer: Explainer, model: Model, batch: Batch, choice: Choice) -> list[Attribution]:
    """What an explainer says of a model that is in the flanks that count, if any; checked.

    One that works on a plugin's own kind of network is given that and all that it reads, for it
    costs such a method no more; its explanation is then cut to the region. Whoever rearranges
    another's scores is given those of the region: none is to come from the flanks.
    """
    if isinstance(model, Flanked) and isinstance(explainer, Rearranging) and choice.wrapped:
        found = asked(explainer.wrapped, model, batch, choice.wrapped)
        with blamed(choice.where):
            attributions = explainer.rearranged(found, batch)
        check_attributions(attributions, batch, choice)
        return attributions
    if not isinstance(model, Flanked) or not any(map(is_own, choice.requires)):
        with blamed(choice.where):
            attributions = explainer.explain(model, batch)
        check_attributions(attributions, batch, choice)
        return attributions
    left, right = model.flanks
    whole = replace(
        batch,
        sequences=tuple(left + sequence + right for sequence in batch.sequences),
        annotations=tuple(
            Sample("", "", None, marks, model.flanks).whole.annotations
            for marks in batch.annotations
        ),
        origins=tuple(left + sequence + right for sequence in batch.origins),
    )
    with blamed(choice.where):
        attributions = explainer.explain(model.proper, whole)
    check_attributions(attributions, whole, choice)
    pairs = zip(attributions, batch.sequences, strict=True)
    return [cut(one, len(left), len(left) + len(sequence)) for one, sequence in pairs]


def scored(explained: Sequence[Explained], probe: Door, score: Callable[..., Scored]) -> Scored:
    """What a metric says of samples, asking a model about each in its flanks.

    Parameters
    ----------
    explained : sequence of Explained
        What the metric is given, one or two, of the same N samples.
    probe : the door to the model
    score : callable
        Given some samples of each of these, and the door to ask about them.
    """
    groups = _by_flanks(explained[0].samples)
    if set(groups) == {NO_FLANKS}:
        return score(*explained, probe)
    parts = [
        (rows, score(*(one.of(rows) for one in explained), probe.in_flanks(flanks)))
        for flanks, rows in groups.items()
    ]
    return _together(parts, len(explained[0]))


def cut(attribution: Attribution, start: int, end: int) -> Attribution:
    """The part of an explanation of a whole sequence that lies in a region.

    A method that distributes a value distributes, over the region and special tokens, what it did
    not leave in the flanks: ``diagnostics["explained"]`` is that, and ``"flanks"`` what it left.
    """
    spans, units = units_within(attribution.spans, start, end)
    scores = attribution.scores[units]
    diagnostics = dict(attribution.diagnostics)
    if "explained" in diagnostics:
        outside = np.delete(attribution.scores, np.arange(units.start, units.stop))
        diagnostics["flanks"] = float(outside.sum())
        diagnostics["explained"] -= diagnostics["flanks"]
    hypothetical = attribution.hypothetical
    return replace(
        attribution,
        scores=scores,
        spans=spans,
        hypothetical=None if hypothetical is None else hypothetical[start:end],
        diagnostics=diagnostics,
    )


def _by_flanks(samples: Sequence[Sample]) -> dict[Flanks, list[int]]:
    """Which samples have which flanks."""
    groups: dict[Flanks, list[int]] = {}
    for row, sample in enumerate(samples):
        groups.setdefault(sample.flanks, []).append(row)
    return groups


def _together(parts: Sequence[tuple[list[int], Scored]], n: int) -> Scored:
    """What was said of some samples each, as what is said of all N."""
    values: dict[str, Floats] = {}
    reasons: dict[str, dict[int, str]] = {}
    for rows, one in parts:
        for key, column in one.values.items():
            if np.shape(column) != (len(rows),):
                raise PluginError(
                    f"metric, '{key}': expected a value for each of {len(rows)} samples, "
                    f"got {np.shape(column)}."
                )
            values.setdefault(key, np.full(n, np.nan))[rows] = column
        for key, why in one.reasons.items():
            reasons.setdefault(key, {}).update({rows[i]: reason for i, reason in why.items()})
    curves = (replace(c, sample=rows[c.sample]) for rows, one in parts for c in one.curves)
    held: Mapping[str, Mapping[int, str]] = reasons
    return Scored(values, held, tuple(curves))
