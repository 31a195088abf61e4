"""The checks as pytest's parameters, as scikit-learn's ``parametrize_with_checks`` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gxarena.errors import MissingExtra
from gxarena.registry import Registry
from gxarena.testing.checks import SOMETHING, Check, Outcome, one_applied, outcome_of, vacuous
from gxarena.testing.running import checks_of, expected_of, found_by
from gxarena.testing.subjects import Subject

if TYPE_CHECKING:
    import pytest


@dataclass
class Case:
    """One check of one component, or that some check of it applies; calling it is the test."""

    subject: Subject
    check: Check | None
    checks: Sequence[Check]
    expected: Mapping[str, str]
    outcomes: list[Outcome] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject.name}-{self.check.name if self.check else SOMETHING}"

    def __call__(self) -> None:
        """Fail, skip or pass, in pytest's terms."""
        import pytest

        outcome = self._nothing() if self.check is None else self._asked(self.check)
        if outcome is None:
            return
        if outcome.status == "failed":
            pytest.fail(f"{self.subject.choice.where}: {outcome.message}", pytrace=False)
        if outcome.status == "expected":
            pytest.xfail(outcome.message)
        if outcome.status == "skipped":
            pytest.skip(outcome.message)

    def _asked(self, one: Check) -> Outcome:
        outcome = outcome_of(one, self.subject, self.expected)
        self.outcomes.append(outcome)
        return outcome

    def _nothing(self) -> Outcome | None:
        """The failure where no check applies.

        What was not asked in this process (pytest-xdist deals the tests out, -k leaves some out) is
        asked here, until one applies.
        """
        known = {one.check for one in self.outcomes}
        for one in self.checks:
            if one_applied(self.outcomes):
                return None
            if one.name not in known:
                self._asked(one)
        return vacuous(self.outcomes)


def cases_of(subject: Subject, expected: Mapping[str, str], *, slow: bool = True) -> list[Case]:
    """A case for every check of the subject, and one that some check of them applies."""
    checks, outcomes = checks_of(subject.kind, slow=slow), list[Outcome]()
    return [Case(subject, one, checks, expected, outcomes) for one in [*checks, None]]


def parametrize_with_checks(
    *names: str,
    kind: str = "",
    parameters: Mapping[str, Any] | None = None,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    slow: bool = True,
    registry: Registry | None = None,
) -> pytest.MarkDecorator:
    """Parametrise a test with every check of the installed components of these names.

        @parametrize_with_checks("my-explainer")
        def test_conformance(check):
            check()

    Parameters are those of `gxarena.testing.check_component`.
    """
    try:
        import pytest
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "parametrize_with_checks: expected pytest to be installed. pip install pytest"
        ) from error
    known, cases = registry or Registry.load(), []
    for name in names:
        for found in found_by(known, name, kind):
            subject = Subject(known, found, parameters or {}, models or {})
            expected = expected_of(subject, expected_failures or {})
            for case in cases_of(subject, expected, slow=slow):
                cases.append(pytest.param(case, id=case.name))
    return pytest.mark.parametrize("check", cases)
