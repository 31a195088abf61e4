"""Values by hand, gradients by finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena import objective
from gxarena.errors import InputError

RNG = np.random.default_rng(0)
TWO = st.lists(st.tuples(*[st.floats(-30, 30)] * 2), min_size=1, max_size=5).map(np.array)


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


@given(TWO)
def test_log_odds_of_two_classes_are_the_difference(outputs: np.ndarray) -> None:
    targets = np.arange(len(outputs)) % 2
    rows = np.arange(len(outputs))
    difference = outputs[rows, targets] - outputs[rows, 1 - targets]
    assert np.array_equal(objective.value("log_odds", outputs, targets), difference)
    signs = np.where(np.arange(2) == targets[:, None], 1.0, -1.0)
    assert np.array_equal(objective.gradient("log_odds", outputs, targets), signs)


def test_gradients_in_closed_form() -> None:
    outputs, targets = RNG.normal(size=(5, 4)), np.array([3, 0, 1, 2, 2])
    for z, t, logit, log_odds, probability in zip(
        outputs,
        targets.tolist(),
        *(objective.gradient(what, outputs, targets) for what in objective.OBJECTIVES),
        strict=True,
    ):
        e = np.exp(z)
        p, others = e / e.sum(), e.sum() - e[t]
        for c in range(4):
            assert logit[c] == (c == t)
            assert log_odds[c] == pytest.approx(1.0 if c == t else -e[c] / others)
            assert probability[c] == pytest.approx(p[t] * ((c == t) - p[c]))


@given(TWO, st.floats(-50, 50))
def test_only_the_logit_sees_a_shift_of_all_outputs(outputs: np.ndarray, shift: float) -> None:
    targets = np.zeros(len(outputs), dtype=np.int64)
    for what in ("log_odds", "probability"):
        before = objective.value(what, outputs, targets)
        assert objective.value(what, outputs + shift, targets) == pytest.approx(before, abs=1e-9)
        assert objective.gradient(what, outputs, targets).sum(axis=1) == pytest.approx(0, abs=1e-12)
    moved = objective.value("logit", outputs + shift, targets)
    assert moved == pytest.approx(objective.value("logit", outputs, targets) + shift)


def test_extreme_outputs_neither_overflow_nor_saturate_the_log_odds() -> None:
    outputs, targets = np.array([[800.0, -800.0, 0.0]] * 2), np.array([0, 1])
    assert objective.value("probability", outputs, targets).tolist() == [1, 0]
    assert objective.value("log_odds", outputs, targets) == pytest.approx([800, -1600])
    for what in objective.OBJECTIVES:
        assert np.isfinite(objective.gradient(what, outputs, targets)).all()


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_a_row_alone_is_as_in_any_batch_and_is_left_alone(what: str) -> None:
    outputs = RNG.normal(size=(6, 3)).astype(np.float32)
    targets = np.array([0, 1, 2, 0, 1, 2])
    outputs.setflags(write=False)
    for function in (objective.value, objective.gradient):
        together = function(what, outputs, targets)
        assert together.dtype == np.float64
        for i in range(6):
            (alone,) = function(what, outputs[i : i + 1], targets[i : i + 1])
            assert np.array_equal(alone, together[i])


def test_what_cannot_be() -> None:
    one = np.zeros((1, 1))
    with pytest.raises(InputError, match=r"objective: unknown 'logits'\. Did you mean 'logit'"):
        objective.value("logits", one, np.array([0]))
    with pytest.raises(InputError, match="objective: unknown"):
        objective.gradient("logits", one, np.array([0]))
    for function in (objective.value, objective.gradient):
        with pytest.raises(InputError, match="at least two outputs, got 1"):
            function("log_odds", one, np.array([0]))
    for target in (-1, 2):
        with pytest.raises(
            InputError, match=f"expected an output of the model, 0 to 1, got {target}"
        ):
            objective.check_targets(np.array([0, target]), 2)
    objective.check_targets(np.array([0, 1]), 2)


def test_targets() -> None:
    outputs = np.array([[0.1, 0.2, 0.3], [0.5, 0.2, 0.3]])
    assert objective.resolve_targets("predicted", [1, None], outputs).tolist() == [2, 0]
    assert objective.resolve_targets("label", [1, 0], outputs).tolist() == [1, 0]
    assert objective.resolve_targets(2, [None, None], outputs).tolist() == [2, 2]
    for target, labels in ((3, [0, 0]), ("label", [3, 0])):
        with pytest.raises(InputError, match="0 to 2, got 3"):
            objective.resolve_targets(target, labels, outputs)


@pytest.mark.parametrize("what", ["log_odds", "probability"])
def test_one_output_has_the_logit_alone(what: str) -> None:
    outputs, targets = np.array([[2.0], [-1.0]]), np.zeros(2, dtype=np.int64)
    assert objective.value("logit", outputs, targets).tolist() == [2.0, -1.0]
    for asked in (objective.value, objective.gradient):
        with pytest.raises(InputError, match=r"at least two outputs, got 1\. .* hand out \[0, x\]"):
            asked(what, outputs, targets)
