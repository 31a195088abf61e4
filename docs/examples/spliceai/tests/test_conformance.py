"""What gxarena asks of every model and data set; so does `gxarena plugins check`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gxarena.testing import parametrize_with_checks


@pytest.mark.slow
@parametrize_with_checks("spliceai", kind="models")
def test_the_model_conforms(check: Callable[[], None], published: Path) -> None:
    del published  # skips without the weights
    check()
