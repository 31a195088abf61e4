"""What every explainer promises."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gxarena.api import Explainer
from gxarena.capabilities import FIXED, TRUTH, WRAPPER
from gxarena.data import Attribution, Floats
from gxarena.dna import reverse_complement
from gxarena.errors import InputError, Unsupported
from gxarena.objective import OBJECTIVES
from gxarena.testing import state
from gxarena.testing.checks import Failed, Skipped, check
from gxarena.testing.failing import Breaking, OnPurpose, stems_from
from gxarena.testing.subjects import Subject

CLOSE = 1e-4
"""Relative to a map's largest score: what batches may change in a network's last bits."""


@check("explainers")
def scores_tile_the_sequence(subject: Subject) -> str:
    """One Attribution a sequence, whose units tile it: the model's own, or nucleotides."""
    sequences = [one.sequence for one in subject.samples]
    for one, spans in zip(subject.attributions, subject.tried.model.spans(sequences), strict=True):
        if one.spans != spans and len(one.spans) != one.spans.length:
            raise Failed(
                f"{len(spans)} units of the model, or nucleotides",
                f"{len(one.spans)} others",
                "Give Attribution the spans of model.spans(batch.sequences).",
            )
    units = sum(len(one.spans) for one in subject.attributions)
    return f"{units} units on {subject.tried.label}"


@check("explainers")
def scores_are_finite(subject: Subject) -> None:
    """Every score is a finite number, and so is what the method says of itself."""
    for sample, one in zip(subject.samples, subject.attributions, strict=True):
        given = [one.scores, list(one.special.values()), list(one.diagnostics.values())]
        if one.hypothetical is not None:
            given.append(one.hypothetical)
        if not all(np.isfinite(np.asarray(part, dtype=float)).all() for part in given):
            raise Failed(
                "finite numbers",
                f"NaN or infinity for sample '{sample.id}'",
                "Guard divisions by zero; a sequence may be short, or hold N.",
            )


@check("explainers")
def seeds_decide_everything(subject: Subject) -> str:
    """Equal seeds give equal scores, whatever the global generators stand at."""
    first = _of(subject, seed=3)
    state.stir()
    _compare(
        first,
        _of(subject, seed=3),
        0.0,
        "the same scores for the same seeds",
        "Draw sample b's noise from numpy.random.default_rng(batch.seeds[b]) alone.",
    )
    other = _of(subject, seed=4)
    same = all(np.array_equal(a.scores, b.scores) for a, b in zip(first, other, strict=True))
    return "no seed changes it: deterministic" if same else "seeds change it: stochastic"


@check("explainers")
def what_is_asked_is_explained(subject: Subject) -> str:
    """Log-odds and probability have other scores than the logit, or are refused in a sentence."""
    own = subject.component
    if FIXED in own.provides:
        raise Skipped("what it explains was decided elsewhere")
    if own.role != "method" and WRAPPER not in own.provides:
        raise Skipped(f"a {own.role} explains no output")
    if subject.tried.model.n_outputs < 2:
        raise Skipped("of one output there is the logit alone")
    refused = []
    for asked in OBJECTIVES[1:]:
        try:
            other = subject.explained_by(subject.made, objective=asked)
        except (InputError, Unsupported):
            refused.append(asked)
            continue
        if not _differ(subject.attributions, other):
            raise Failed(
                f"other scores for batch.objective '{asked}' than for 'logit'",
                "the same",
                "Explain gxarena.objective.value(batch.objective, outputs, batch.targets), "
                "gradients from its gradient; or refuse it with an InputError; a method that "
                "explains no output says so in expected_failures.",
            )
    return f"it refuses {' and '.join(refused)}" if refused else ""


@check("explainers")
def order_does_not_matter(subject: Subject) -> None:
    """A sample's scores do not depend on its place in the batch."""
    _only_itself(subject, subject.samples[::-1], "in another order")


@check("explainers")
def neighbours_do_not_matter(subject: Subject) -> None:
    """A sample's scores do not depend on what it is explained with, nor on the batch's size."""
    for sample in subject.samples:
        _only_itself(subject, (sample,), "alone")


@check("explainers")
def padding_does_not_matter(subject: Subject) -> None:
    """A short sequence beside a much longer one has the scores that it has alone."""
    lengths = [len(one.sequence) for one in subject.samples]
    short = subject.samples[int(np.argmin(lengths))]
    if FIXED in subject.component.provides:
        raise Skipped("it explains the data set's own sequences alone")
    limit = subject.tried.model.max_length or 160
    sequence = (subject.samples[0].sequence * 9)[: min(limit, 160)]
    long = replace(subject.samples[0], id="long", sequence=sequence)
    together = subject.explained_by(subject.made, (short, long))[:1]
    _compare(
        _chosen(subject, (short,)),
        together,
        CLOSE,
        "the same scores beside a longer one",
        "Cut padding off, and mask it where the network attends to it.",
    )


@check("explainers")
def inputs_stay(subject: Subject) -> None:
    """The batch that it is given is not written to."""
    batch = subject.batch(subject.samples)
    before = (batch.targets.copy(), batch.seeds.copy())
    subject.made.explain(subject.tried.model, batch)
    if not all(np.array_equal(a, b) for a, b in zip(before, (batch.targets, batch.seeds))):  # noqa: B905
        raise Failed("targets and seeds as they were", "others", "Work on copies of the arrays.")


@check("explainers")
def the_model_stays(subject: Subject) -> None:
    """Weights, hooks, modes and outputs of the model are bit for bit as before."""
    before, outputs = subject.tried.untouched
    subject.explained_by(subject.made)
    _as_before(subject.tried.model, before, outputs, subject.tried.sequences)


@check("explainers")
def the_process_stays(subject: Subject) -> None:
    """Generators, default types, threads, environment and working directory are as before."""
    settings = state.of_settings()
    subject.explained_by(subject.made)  # what is imported on first use, is now
    has_set = subject.has_set.union(state.changed(settings, state.of_settings()))
    state.stir()  # whoever sets a generator to what it was set to before would go unnoticed
    before = state.of_process()
    subject.explained_by(subject.made)
    remedy = "Use generators of your own, and put back in a `finally` what must be set."
    state.process_kept(before, has_set, remedy)


@check("explainers")
def an_error_leaves_no_trace(subject: Subject) -> None:
    """Where the model fails in the middle, hooks and modes are put back all the same."""
    model, sequences = subject.tried.model, [one.sequence for one in subject.samples]
    before, outputs = state.of_model(model), model.predict(sequences)
    with Breaking(model) as broken:
        try:
            subject.made.explain(broken.model, subject.batch(subject.samples))
        except OnPurpose:
            pass
        except Exception as error:
            if not stems_from(error):
                raise
    if not broken.was_asked:
        raise Skipped("it asks the model nothing that could fail")
    _as_before(model, before, outputs, sequences)
    _compare(
        subject.attributions,
        subject.explained_by(subject.made),
        CLOSE,
        "the same scores after the model had failed once",
        "Put back in a `finally` what was set.",
    )


@check("explainers")
def only_declared_truth_is_read(subject: Subject) -> None:
    """Without "truth" among what it requires, annotations do not change its scores."""
    if TRUTH in subject.choice.requires:
        raise Skipped("it declares that it reads the truth")
    blind = tuple(replace(one, annotations=()) for one in subject.samples)
    _compare(
        _chosen(subject, subject.samples),
        subject.explained_by(subject.made, blind),
        CLOSE,
        "the same scores without annotations",
        'Declare requires=frozenset({"truth"}), or do not read batch.annotations.',
    )


@check("explainers", slow=True)
def memory_does_not_grow(subject: Subject) -> None:
    """Explaining again and again keeps nothing: less than 64 MB more after eight times."""
    import psutil

    process = psutil.Process()
    for _ in range(2):
        subject.explained_by(subject.made)
    before = process.memory_info().rss
    for _ in range(8):
        subject.explained_by(subject.made)
    grown = (process.memory_info().rss - before) / 2**20
    if grown > 64:
        raise Failed("no growth", f"{grown:.0f} MB more", "Let go of graphs: detach() and numpy().")


@check("explainers")
def time_and_strands_are_told(subject: Subject) -> str:
    """Seconds a sequence, and how alike the maps of a sequence and its other strand are."""
    start = time.perf_counter()
    forward = subject.explained_by(subject.made)
    seconds = (time.perf_counter() - start) / len(subject.samples)
    if FIXED in subject.component.provides:
        return f"{seconds:.2g} s a sequence"
    turned = tuple(
        replace(one, sequence=reverse_complement(one.sequence), annotations=_turned(one))
        for one in subject.samples
    )
    backward = subject.explained_by(subject.made, turned)
    alike = [
        _correlation(_per_nucleotide(a), _per_nucleotide(b)[::-1])
        for a, b in zip(forward, backward, strict=True)
    ]
    return f"{seconds:.2g} s a sequence; the other strand's maps correlate by {np.mean(alike):.2f}"


def _of(subject: Subject, seed: int) -> list[Attribution]:
    explainer: Explainer = subject.fresh()
    return subject.explained_by(explainer, seed=seed)


def _chosen(subject: Subject, samples: Sequence[Any]) -> list[Attribution]:
    by_id = {s.id: one for s, one in zip(subject.samples, subject.attributions, strict=True)}
    return [by_id[sample.id] for sample in samples]


def _only_itself(subject: Subject, samples: tuple[Any, ...], how: str) -> None:
    _compare(
        _chosen(subject, samples),
        subject.explained_by(subject.made, samples),
        CLOSE,
        f"the same scores {how}",
        "Treat each sequence by itself; draw its noise from its own seed.",
    )


def _compare(
    expected: Sequence[Attribution],
    got: Sequence[Attribution],
    within: float,
    what: str,
    remedy: str,
) -> None:
    for one, other in zip(expected, got, strict=True):
        if one.spans != other.spans:
            raise Failed(what, "other units", remedy)
        given, got_now = _numbers(one), _numbers(other)
        if given.keys() != got_now.keys():
            names = ", ".join(sorted(given.keys() ^ got_now.keys()))
            raise Failed(what, f"{names} in one of two", remedy)
        largest = float(np.abs(one.scores).max())
        for name, numbers in given.items():
            difference = float(np.abs(numbers - got_now[name]).max())
            size = max(largest, float(np.abs(numbers).max()))
            if not difference <= within * size:
                raise Failed(what, f"{name} up to {difference:.2g} apart, of {size:.2g}", remedy)


def _numbers(one: Attribution) -> dict[str, Floats]:
    """All that an explainer says of a sequence, by what it is."""
    found = {"scores": one.scores}
    for what in ("special", "diagnostics"):
        for name, value in getattr(one, what).items():
            found[f"{what}['{name}']"] = np.asarray(value, dtype=float)
    if one.hypothetical is not None:
        found["hypothetical"] = one.hypothetical
    return found


def _differ(expected: Sequence[Attribution], got: Sequence[Attribution]) -> bool:
    """Whether any sample's scores are apart by more than what batches may change."""
    return any(
        np.abs(one.scores - other.scores).max() > CLOSE * np.abs(one.scores).max()
        for one, other in zip(expected, got, strict=True)
    )


def _as_before(
    model: Any, before: dict[str, object], outputs: Floats, sequences: list[str]
) -> None:
    if changed := state.changed(before, state.of_model(model)):
        raise Failed(
            "the model as it was",
            f"a change of its {', '.join(changed)}",
            "Remove hooks and restore modes in a `finally`; work on a copy of the weights.",
        )
    if not np.array_equal(outputs, model.predict(sequences)):
        raise Failed("the same outputs, bit for bit", "others", "Change nothing of the model.")


def _turned(sample: Any) -> tuple[Any, ...]:
    length = len(sample.sequence)
    return tuple(
        replace(one, start=length - one.end, end=length - one.start) for one in sample.annotations
    )


def _per_nucleotide(one: Attribution) -> Floats:
    return np.asarray((one.scores / one.spans.widths)[one.spans.owner])


def _correlation(a: Floats, b: Floats) -> float:
    if not (a.std() and b.std()):
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
