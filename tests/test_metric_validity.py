"""How metrics are judged: one that falls with every step, one that does not, one that turns."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxarena.results.contestants import Contestant, Replicate

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "validity" / "metrics.py"
NAMES = ("oracle", "noise-25", "noise-50", "random")
ROLES = {"oracle": "ceiling", "random": "floor"}


@pytest.fixture(scope="module")
def validity() -> Any:
    spec = importlib.util.spec_from_file_location("metric_validity", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _group(means: tuple[float, ...], direction: Any = "higher") -> list[Contestant]:
    noise = np.random.default_rng(0).normal(scale=0.05, size=(4, 40))
    made = []
    for name, mean, own in zip(NAMES, means, noise, strict=True):
        labels = {"dataset": "d", "model": "m", "metric": "q", "explainer": name}
        one = Contestant(
            labels, ROLES.get(name, "control"), "", direction, (None, None), False, False
        )
        one.replicates[0] = Replicate(mean + own, failed=False, seconds=None, fingerprint=None)
        made.append(one)
    return made


def _found(validity: Any, *given: Any) -> list[tuple[Any, ...]]:
    return [
        (row["way"], row["against"], row["told"], row["turned"], row["monotone"])
        for row in validity.judged(_group(*given))
    ]


def test_a_metric_that_falls_at_every_step(validity: Any) -> None:
    expected = [("noise", None, 2, 0, True), (None, "random", 1, 0, True)]
    assert _found(validity, (1.0, 0.7, 0.4, 0.0)) == expected
    assert _found(validity, (-1.0, -0.7, -0.4, 0.0), "lower") == expected


def test_one_that_turns_a_step_round_or_prefers_noise(validity: Any) -> None:
    assert _found(validity, (1.0, 0.5, 0.8, 2.0)) == [
        ("noise", None, 1, 1, False),
        (None, "random", 0, 1, False),
    ]


def test_a_description_is_not_judged(validity: Any) -> None:
    assert _found(validity, (1.0, 0.7, 0.4, 0.0), "none") == []
