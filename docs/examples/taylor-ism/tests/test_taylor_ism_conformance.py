"""What gxarena asks of every explainer; so does `gxarena plugins check`."""

from __future__ import annotations

from collections.abc import Callable

from gxarena.testing import parametrize_with_checks


@parametrize_with_checks("taylor-ism", kind="explainers")
def test_conformance(check: Callable[[], None]) -> None:
    check()
