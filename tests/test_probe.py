"""The probe asks each question once, in micro-batches, and counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from toys import Linear

from gxarena.data import Floats
from gxarena.errors import PluginError, Unsupported
from gxarena.probe import ModelProbe


class Counting(Linear):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def predict(self, sequences: Sequence[str]) -> Floats:
        self.batches.append(len(sequences))
        return super().predict(sequences)


def test_answers_are_the_models_in_order() -> None:
    model = Linear()
    asked = ["ACGT", "AAAA", "ACGT", "TTTT"]
    assert np.array_equal(ModelProbe(lambda: model).predict(asked), model.predict(asked))


def test_micro_batches_memory_and_count() -> None:
    model = Counting()
    probe = ModelProbe(lambda: model, batch_size=2)
    probe.predict(["A", "C", "A", "G", "T"])
    assert (model.batches, probe.forwards) == ([2, 2], 4)
    probe.predict(["T", "N"])
    assert (model.batches, probe.forwards) == ([2, 2, 1], 5)


def test_masks_are_part_of_the_question() -> None:
    model = Counting()
    probe = ModelProbe(lambda: model)
    masks = [np.array(m) for m in ([True, False], [False, True], [True, False], [False, False])]
    outputs = probe.predict_masked(["AC"] * 4, masks)
    assert np.array_equal(outputs, model.predict(["NC", "AN", "NC", "AC"]))
    assert probe.forwards == 3


def test_nothing_asked_is_nothing_answered() -> None:
    assert ModelProbe(Linear).predict([]).shape == (0, 2)


def test_a_model_that_cannot_mask_is_unsupported() -> None:
    class Plain:
        n_outputs = 2
        max_length = None
        spans = Linear.spans
        predict = Linear.predict

    with pytest.raises(Unsupported, match="expected a maskable model"):
        ModelProbe(lambda: Plain()).predict_masked(["A"], [np.array([True])])  # type: ignore[arg-type, return-value]


def test_wrong_shape_is_the_models_fault() -> None:
    class Flat(Linear):
        def predict(self, sequences: Sequence[str]) -> Floats:
            return np.zeros(len(sequences))

    with pytest.raises(PluginError, match=r"Flat: expected outputs of shape \(1, C\), got \(1,\)"):
        ModelProbe(Flat).predict(["A"])
