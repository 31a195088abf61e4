"""Accuracy against scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from maps import explained_maps
from sklearn.metrics import accuracy_score

from gxarena.metrics.prediction import Accuracy
from gxarena.run.probe import ModelProbe

NO_PROBE = ModelProbe(lambda: pytest.fail("accuracy asks no model"))


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
