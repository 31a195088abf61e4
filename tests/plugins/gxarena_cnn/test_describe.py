"""What planning may know of a CNN."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gxarena_cnn.describe import BUNDLED, BUNDLED_CNN, describe_cnn


def test_the_bundled_one_is_the_first_of_its_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BUNDLED["fly"] == BUNDLED_CNN
    for given in ({}, {"checkpoint": "fly"}):
        facts = describe_cnn(**given)
        assert (facts.max_length, facts.n_outputs) == (250, 2)
        assert facts.replicates[0] == "fly"
    monkeypatch.setattr("gxarena_cnn.describe.BUNDLED", BUNDLED | {"planted-1": BUNDLED_CNN})
    assert describe_cnn("planted").replicates[:2] == ("planted", "planted-1")
    assert describe_cnn(BUNDLED_CNN).replicates == ()


def test_planning_imports_no_torch() -> None:
    code = "import sys, gxarena_cnn.describe; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
