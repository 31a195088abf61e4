"""Conformance checks for whoever writes a plugin; gxarena's own components pass the same.

    from gxarena.testing import parametrize_with_checks

    @parametrize_with_checks("my-explainer")
    def test_conformance(check):
        check()

On the command line ``gxarena plugins check my-explainer`` runs them. A check that a component is
known to fail is declared with its reason, on its class or function:

    expected_failures = {"padding_does_not_matter": "the network reads its padding"}
"""

from __future__ import annotations

from gxarena.testing.checks import CHECKS, Check, Failed, Outcome, Skipped, check
from gxarena.testing.parametrisation import parametrize_with_checks
from gxarena.testing.running import check_component
from gxarena.testing.subjects import Subject

__all__ = [
    "CHECKS",
    "Check",
    "Failed",
    "Outcome",
    "Skipped",
    "Subject",
    "check",
    "check_component",
    "parametrize_with_checks",
]
