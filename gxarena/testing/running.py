"""Run every check that a component's kind has, and count what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gxarena.errors import GxarenaError, InputError, unknown
from gxarena.hookspecs import KINDS
from gxarena.registry import Registered, Registry
from gxarena.testing import (
    of_aggregators,
    of_datasets,
    of_explainers,
    of_metrics,
    of_models,
    of_processes,
)
from gxarena.testing.checks import CHECKS, EXPECTED, Check, Outcome, Status, outcome_of, vacuous
from gxarena.testing.subjects import Subject

__all__ = ["check_component", "checks_of", "expected_of", "found_by"]

_REGISTERED = (of_aggregators, of_datasets, of_explainers, of_metrics, of_models, of_processes)
"""Modules whose import registers checks."""


def found_by(registry: Registry, name: str, kind: str = "") -> list[Registered]:
    """Components of that name, or all that a plugin or a distribution of that name brings.

    Raises
    ------
    InputError
        There is none; or several kinds have one of that name.
    """
    kinds = [kind] if kind else list(KINDS)
    named = [registry.components[k, name] for k in kinds if (k, name) in registry.components]
    if len(named) > 1:
        raise InputError(
            f"'{name}': expected one component, got one each of {', '.join(f.kind for f in named)}."
            f" Say --kind {named[0].kind}, for example."
        )
    brought = [
        found
        for found in registry.components.values()
        if name in (found.distribution, found.plugin) and found.kind in kinds
    ]
    if found := named or brought:
        return found
    broken = [one for one in registry.broken if name in (one.distribution, one.plugin)]
    if broken:
        raise InputError(f"'{name}' is broken: {broken[0].error}")
    known = {n for k, n in registry.components if k in kinds}
    known |= {one.distribution for one in registry.components.values()}
    error = unknown(
        "plugins check: install a package of your own first, by pip install -e . in its folder",
        name,
        known,
        what="component or distribution",
    )
    raise InputError(str(error))


def checks_of(kind: str, *, slow: bool = True) -> list[Check]:
    """The checks of a kind of component, in the order in which they are run."""
    return [one for one in CHECKS.get(kind, ()) if slow or not one.slow]


def expected_of(subject: Subject, given: Mapping[str, str]) -> dict[str, str]:
    """Checks that the component is known to fail, with reasons: as its target says, and as given.

    Raises
    ------
    InputError
        One of them is no check of its kind.
    """
    try:
        factory = subject.registry.factory(subject.kind, subject.name)
    except GxarenaError:
        factory = None
    declared: Any = getattr(factory, EXPECTED, None) or {}
    expected = {**dict(declared), **given}
    known = [one.name for one in CHECKS.get(subject.kind, ())]
    for name in expected:
        if name not in known:
            raise unknown(f"{subject.name}, {EXPECTED}", name, known, what="check")
    return expected


def check_component(
    registry: Registry,
    name: str,
    *,
    kind: str = "",
    parameters: Mapping[str, Any] | None = None,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    slow: bool = True,
) -> Iterator[Outcome]:
    """What came of each check, as it is run, of each component of that name.

    Parameters
    ----------
    registry : Registry
    name : str
        Of a component, a distribution or a plugin.
    kind : str, optional
        "models", "explainers", "aggregators", "metrics" or "datasets".
    parameters : mapping, optional
        What the component's factory is given.
    models : mapping of str to parameters, optional
        Installed models to try it on instead of others.
    expected_failures : mapping of str to str, optional
        Names of checks that it is known to fail, each with the reason.
    slow : bool
        Whether checks that start a process, or repeat much, are run too.
    """
    for found in found_by(registry, name, kind):
        subject = Subject(registry, found, parameters or {}, models or {})
        expected = expected_of(subject, expected_failures or {})
        outcomes = list(_named_models(subject))
        yield from outcomes
        if any(one.status == "failed" for one in outcomes):
            continue
        for one in checks_of(found.kind, slow=slow):
            outcomes.append(outcome_of(one, subject, expected))
            yield outcomes[-1]
        if (nothing := vacuous(outcomes)) is not None:
            yield nothing


def _named_models(subject: Subject) -> Iterator[Outcome]:
    """What is said of models that were named and do not fit; a failure where none fits."""
    try:
        subject.choice  # noqa: B018 (what it cannot be made of is for a check of its own)
    except GxarenaError:
        return
    status: Status = "failed" if len(subject.misfits) == len(subject.models) else "skipped"
    for why in subject.misfits.values():
        yield Outcome(subject.kind, subject.name, "the_models_named_fit", status, f"{why}.")
