"""What components are given and hand back is checked where it crosses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxarena.data import Attribution, Sample, Spans
from gxarena.errors import PluginError
from gxarena.run.choices import Choice
from gxarena.run.contracts import check_attributions, checked_predictions, make_batch
from gxarena.run.plan import Plan

MakePlan = Callable[..., Plan]
SAMPLES = (Sample("a", "ACGT", label=1), Sample("b", "GGT", label=0))


def test_a_batchs_seeds_belong_to_its_samples() -> None:
    targets = np.array([1, 0])
    batch = make_batch(SAMPLES, targets, "logit", 7, "random")
    backwards = make_batch(SAMPLES[::-1], targets, "logit", 7, "random")
    assert batch.seeds.tolist() == backwards.seeds.tolist()[::-1]
    assert len({*batch.seeds, *make_batch(SAMPLES, targets, "logit", 8, "random").seeds}) == 4
    assert len({*batch.seeds, *make_batch(SAMPLES, targets, "logit", 7, "other").seeds}) == 4
    further = make_batch(SAMPLES, targets, "logit", 7, "random", replicate=1)
    assert len({*batch.seeds, *further.seeds}) == 4
    first = make_batch(SAMPLES, targets, "logit", 7, "random", replicate=0)
    assert first.seeds.tolist() == batch.seeds.tolist()
    assert (batch.ids, batch.sequences) == (("a", "b"), ("ACGT", "GGT"))
    batch.targets[:] = 5  # an explainer's own to edit
    assert targets.tolist() == [1, 0]


def _good() -> list[Attribution]:
    return [Attribution(np.zeros(n), Spans.nucleotides(n)) for n in (4, 3)]


@pytest.mark.parametrize(
    ("attributions", "complaint"),
    [
        (tuple(_good()), "expected a list of 2 Attributions, got tuple"),
        (_good()[:1], "expected a list of 2 Attributions, got 1"),
        ([_good()[0], np.zeros(3)], "expected Attributions, got a ndarray"),
        (
            _good()[::-1],
            "sample 'a': expected units that tile its 4 nucleotides, got units up to 3",
        ),
    ],
)
def test_explainers_that_break_the_contract_are_named(
    plan: MakePlan, attributions: Any, complaint: str
) -> None:
    choice = plan().choice("explainers", "exact")
    batch = make_batch(SAMPLES, np.array([1, 1]), "logit", 0, "exact")
    check_attributions(_good(), batch, choice)
    with pytest.raises(PluginError, match=f"unknown: explainer 'exact'.*{complaint}"):
        check_attributions(attributions, batch, choice)


class _Broken:
    """A model that answers with what it was given."""

    n_outputs = 2

    def __init__(self, outputs: Any, lengths: tuple[int, ...] = (4, 3)) -> None:
        self._outputs, self._lengths = outputs, lengths

    def predict(self, sequences: object) -> Any:
        return self._outputs

    def spans(self, sequences: object) -> list[Spans]:
        return [Spans.nucleotides(n) for n in self._lengths]


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (_Broken(np.zeros((2, 3))), r"expected outputs of shape \(2, 2\), got \(2, 3\)"),
        (_Broken(np.array([[0, np.nan], [0, 0]])), "expected finite outputs, got NaN"),
        (_Broken(np.zeros((2, 2)), (4, 4)), "expected units that tile every sequence"),
    ],
)
def test_models_that_break_the_contract_are_named(
    plan: MakePlan, model: Any, complaint: str
) -> None:
    choice: Choice = plan().choice("models", "toy")
    with pytest.raises(PluginError, match=f"unknown: model 'toy': {complaint}"):
        checked_predictions(model, SAMPLES, choice)
