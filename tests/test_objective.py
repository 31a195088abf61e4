"""Values by hand, gradients by finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from gxarena import objective
from gxarena.errors import InputError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("what", objective.OBJECTIVES)
@pytest.mark.parametrize("n_outputs", [2, 5])
def test_gradient_is_the_values_derivative(what: str, n_outputs: int) -> None:
    outputs = RNG.normal(size=(6, n_outputs))
    targets = RNG.integers(0, n_outputs, 6)
    gradient = objective.gradient(what, outputs, targets)
    step = 1e-6
    for c in range(n_outputs):
        moved = np.eye(n_outputs)[c] * step
        above = objective.value(what, outputs + moved, targets)
        below = objective.value(what, outputs - moved, targets)
        assert gradient[:, c] == pytest.approx((above - below) / (2 * step), abs=1e-8)


def test_values_by_hand() -> None:
    outputs, targets = np.array([[1.0, 3.0], [2.0, -1.0]]), np.array([1, 1])
    assert objective.value("logit", outputs, targets).tolist() == [3.0, -1.0]
    assert objective.value("log_odds", outputs, targets) == pytest.approx([2.0, -3.0])
    sigmoid = [1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(3.0))]
    assert objective.value("probability", outputs, targets) == pytest.approx(sigmoid)


def test_log_odds_is_the_probabilitys() -> None:
    outputs, targets = RNG.normal(size=(4, 3)), np.array([0, 1, 2, 0])
    p = objective.value("probability", outputs, targets)
    assert objective.value("log_odds", outputs, targets) == pytest.approx(np.log(p / (1 - p)))


def test_what_cannot_be() -> None:
    one = np.zeros((1, 1))
    with pytest.raises(InputError, match=r"objective: unknown 'logits'\. Did you mean 'logit'"):
        objective.value("logits", one, np.array([0]))
    with pytest.raises(InputError, match="objective: unknown"):
        objective.gradient("logits", one, np.array([0]))
    with pytest.raises(InputError, match="at least two outputs, got 1"):
        objective.gradient("log_odds", one, np.array([0]))
    for target in (-1, 2):
        with pytest.raises(
            InputError, match=f"expected an output of the model, 0 to 1, got {target}"
        ):
            objective.check_targets(np.array([0, target]), 2)
    objective.check_targets(np.array([0, 1]), 2)
