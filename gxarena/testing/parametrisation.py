"""The checks as pytest's parameters, as scikit-learn's ``parametrize_with_checks`` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gxarena.errors import MissingExtra
from gxarena.registry import Registry
from gxarena.testing.checks import Check, Outcome, outcome_of, vacuous
from gxarena.testing.running import checks_of, expected_of, found_by
from gxarena.testing.subjects import Subject

if TYPE_CHECKING:
    import pytest


@dataclass
class Case:
    """One check of one component; calling it is the test."""

    subject: Subject
    check: Check | None
    expected: Mapping[str, str]
    outcomes: list[Outcome] = field(default_factory=list, repr=False)

    def __call__(self) -> None:
        """Fail, skip or pass, in pytest's terms."""
        import pytest

        if self.check is None:
            outcome = vacuous(self.outcomes)
            if outcome is None:
                return
        else:
            outcome = outcome_of(self.check, self.subject, self.expected)
            self.outcomes.append(outcome)
        if outcome.status == "failed":
            pytest.fail(f"{self.subject.choice.where}: {outcome.message}", pytrace=False)
        if outcome.status == "expected":
            pytest.xfail(outcome.message)
        if outcome.status == "skipped":
            pytest.skip(outcome.message)


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
            outcomes: list[Outcome] = []
            for one in [*checks_of(found.kind, slow=slow), None]:
                what = one.name if one else "something_is_checked"
                case = Case(subject, one, expected, outcomes)
                cases.append(pytest.param(case, id=f"{found.component.name}-{what}"))
    return pytest.mark.parametrize("check", cases)
