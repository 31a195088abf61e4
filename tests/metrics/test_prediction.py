"""Accuracy against scikit-learn; differences of outputs by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from maps import explained_maps
from sklearn.metrics import accuracy_score

from gxarena.metrics.prediction import Accuracy, OutputDifference
from gxarena.run.probe import ModelProbe
from gxarena_dnabert2.model import Mini

NO_PROBE = ModelProbe(lambda: pytest.fail("accuracy asks no model"))


@pytest.mark.reimplements("accuracy")
def test_the_mean_is_scikit_learns_accuracy() -> None:
    rng = np.random.default_rng(0)
    outputs, labels = rng.normal(size=(40, 3)), rng.integers(0, 3, 40)
    explained = explained_maps([[1.0, 2.0]] * 40)
    samples = tuple(
        replace(sample, label=int(label))
        for sample, label in zip(explained.samples, labels, strict=True)
    )
    scored = Accuracy().score(replace(explained, samples=samples, outputs=outputs), NO_PROBE)
    assert scored.values[""].mean() == accuracy_score(labels, outputs.argmax(axis=1))
    assert set(scored.values[""]) == {0.0, 1.0}


def test_without_label_there_is_no_answer() -> None:
    explained = explained_maps([[1.0, 2.0]])
    samples = tuple(replace(sample, label=None) for sample in explained.samples)
    scored = Accuracy().score(replace(explained, samples=samples), NO_PROBE)
    assert np.isnan(scored.values[""]).all()
    assert scored.reasons[""] == {0: "no label"}


@pytest.mark.reimplements("output_difference")
def test_outputs_differ_by_so_much() -> None:
    explained = explained_maps([[1.0, 2.0]] * 3)
    left = replace(
        explained,
        outputs=np.array([[0.0, 1.0], [0.0, 2.0], [3.0, 0.0]]),
        targets=np.array([1, 1, 0]),
    )
    right = replace(
        explained,
        outputs=np.array([[0.0, 1.5], [1.0, -1.0], [3.0, 0.0]]),
        targets=np.array([1, 1, 1]),
    )
    scored = OutputDifference().compare(left, right)
    np.testing.assert_allclose(scored.values["logit"], [0.5, 3.0, np.nan])
    sigmoid = [1 / (1 + np.exp(-x)) for x in (1.0, 1.5, 2.0, -2.0)]
    expected = [sigmoid[1] - sigmoid[0], sigmoid[2] - sigmoid[3], np.nan]
    np.testing.assert_allclose(scored.values["probability"], expected)
    assert scored.values["flipped"].tolist() == [0.0, 1.0, 0.0]
    assert scored.reasons["logit"] == {2: "the two explain different targets"}


def test_bfloat16_costs_little_and_its_cost_is_told() -> None:
    """On bundled weights: more than rounding of float32, far less than an answer."""
    rng = np.random.default_rng(0)
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), (20, 250))]
    explained = explained_maps([[1.0, 2.0]] * 20)
    whole, half = (
        replace(explained, outputs=Mini(device="cpu", dtype=dtype).predict(sequences))
        for dtype in ("float32", "bfloat16")
    )
    scored = OutputDifference().compare(whole, half)
    assert 1e-4 < scored.values["logit"].mean() < 0.05
    assert scored.values["flipped"].mean() <= 0.1


def test_one_output_has_no_classes_to_be_right_about() -> None:
    explained = explained_maps([[1.0, 2.0]] * 2)
    one = replace(explained, outputs=np.array([[1.0], [2.0]]), targets=np.zeros(2, dtype=np.int64))
    scored = Accuracy().score(one, NO_PROBE)
    assert np.isnan(scored.values[""]).all()
    assert scored.reasons[""] == dict.fromkeys(range(2), "one output: no classes; hand out [0, x]")
    other = replace(one, outputs=np.array([[1.5], [-2.0]]))
    compared = OutputDifference().compare(one, other)
    assert compared.values["logit"].tolist() == [0.5, 4.0]
    for key, lacking in (("probability", "probability"), ("flipped", "classes")):
        assert np.isnan(compared.values[key]).all()
        assert compared.reasons[key][0] == f"one output: no {lacking}; hand out [0, x]"
