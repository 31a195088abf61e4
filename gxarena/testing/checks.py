"""A conformance check: a plain function of a subject, registered by the kinds that it asks.

A check returns a note or nothing, raises `Failed` with what was expected, what came and how to
mend it, or `Skipped` where it does not apply. Any other error of the component is a failure too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from gxarena.errors import GxarenaError, Unsupported

Status = Literal["passed", "failed", "skipped", "expected"]
Run = Callable[[Any], str | None]
Function = TypeVar("Function", bound=Run)

_BY_WEIGHT: tuple[Status, ...] = ("failed", "passed", "skipped")
"""Of what came of a check on several models, the first of these counts."""

EXPECTED = "expected_failures"
"""Attribute of a component's target: names of checks it is known to fail, each with the reason."""


class Failed(GxarenaError):
    """The component does not do what its kind promises."""

    def __init__(self, expected: str, got: str, remedy: str) -> None:
        super().__init__(f"expected {expected}, got {got}. {remedy}")


class Skipped(GxarenaError):
    """The check does not apply."""


@dataclass(frozen=True)
class Check:
    """One promise.

    Attributes
    ----------
    name : str
    promise : str
        In one line.
    run : callable
        Given the subject.
    slow : bool
        Starts a process or takes more than a few calls.
    """

    name: str
    promise: str
    run: Run
    slow: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

    Attributes
    ----------
    status : "passed", "failed", "skipped" or "expected"
        "expected": it failed, and was declared to, with a reason.
    message : str
        A note of one that passed; else why.
    """

    kind: str
    component: str
    check: str
    status: Status
    message: str = ""


CHECKS: dict[str, list[Check]] = {}
"""By kind, in the order in which they are run."""


def check(*kinds: str, slow: bool = False) -> Callable[[Function], Function]:
    """Register a function as a check of these kinds; its docstring's first line is the promise."""

    def register(function: Function) -> Function:
        promise = (function.__doc__ or "").strip().splitlines()[0]
        for kind in kinds:
            CHECKS.setdefault(kind, []).append(Check(function.__name__, promise, function, slow))
        return function

    return register


def outcome_of(one: Check, subject: Any, expected: Mapping[str, str]) -> Outcome:
    """Run a check on a subject; nothing is raised but Ctrl-C."""
    status, message = _on_each(one, subject)
    if (reason := expected.get(one.name)) is not None:
        if status == "failed":
            status, message = "expected", f"{reason} ({message})"
        elif status == "passed":
            status = "failed"
            message = f"expected it to fail ({reason}), got a pass. Take it out of {EXPECTED}."
    return Outcome(subject.kind, subject.name, one.name, status, message)


@check("models", "explainers", "aggregators", "metrics", "datasets")
def it_can_be_made(subject: Any) -> None:
    """Its target imports, and makes the component from its presets and parameters."""
    try:
        subject.made  # noqa: B018 (it is made here)
    except Exception as error:
        raise Failed(
            f"{subject.component.target} to make it",
            f"{type(error).__name__}: {str(error).rstrip('.')}",
            "Mend it, or give the parameters that it needs (--set key=value).",
        ) from error


def _cannot_be_made(subject: Any) -> bool:
    try:
        it_can_be_made(subject)
    except Failed:
        return True
    return False


def _on_each(one: Check, subject: Any) -> tuple[Status, str]:
    """What came of it on every model that the subject is tried on; on the first if it is slow."""
    trials = (subject,) if one.slow or one.run is it_can_be_made else subject.on_each
    if len(trials) == 1:
        return _run(one, subject)
    found = {trial.tried.label: _run(one, trial) for trial in trials}
    worst: Status = next(s for s in _BY_WEIGHT if any(s == status for status, _ in found.values()))
    said = {label: message for label, (status, message) in found.items() if status == worst}
    if len(said) == len(found) and len(set(said.values())) == 1:
        return worst, next(iter(said.values()))
    told = [m if label in m else f"{label}: {m}" for label, m in said.items() if m]
    return worst, "; ".join(told)


def _run(one: Check, subject: Any) -> tuple[Status, str]:
    with subject.watched():
        return _asked(one, subject)


def _asked(one: Check, subject: Any) -> tuple[Status, str]:
    if one.run is not it_can_be_made and _cannot_be_made(subject):
        return "skipped", "it cannot be made"
    try:
        return "passed", one.run(subject) or ""
    except (Skipped, Unsupported) as error:
        return "skipped", str(error)
    except Failed as error:
        return "failed", str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return "failed", (
            f"expected no error while it was checked that: {one.promise} "
            f"Got {type(error).__name__}: {error}"
        )


SOMETHING = "something_is_checked"
"""What is said to fail of a component of which nothing is known."""


def one_applied(outcomes: Sequence[Outcome]) -> bool:
    """Whether a check told something of the component, beyond that it can be made."""
    return any(one.status != "skipped" for one in _beyond_being_made(outcomes))


def vacuous(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The failure of a component whose every check was skipped: nothing is known of it."""
    asked = _beyond_being_made(outcomes)
    if not asked or one_applied(asked):
        return None
    first = asked[0]
    return Outcome(
        first.kind,
        first.component,
        SOMETHING,
        "failed",
        f"expected at least one check that applies, got {len(asked)} skipped: {first.message}",
    )


def _beyond_being_made(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if one.check != it_can_be_made.__name__]
