"""A function of (module, inputs, target) as an explainer: the same numbers as captum's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import DeepLift, InputXGradient
from torch import Tensor, nn

from gxarena.data import Batch
from gxarena.errors import PluginError, Unsupported
from gxarena.registry import Registry
from gxarena.testing.inputs import Masking, annotated_samples
from gxarena_torch.callables import explainer_of

SEQUENCES = tuple(one.sequence for one in annotated_samples(3))


@pytest.fixture(scope="module", params=["cnn", "dnabert2-mini"])
def model(request: pytest.FixtureRequest) -> Any:
    """A network that ships."""
    return Registry.load().create("models", request.param, {"device": "cpu"})


def _batch(objective: str = "logit") -> Batch:
    return Batch(SEQUENCES, np.array([1, 0, 1]), objective, np.array([5, 6, 7]))


def by_hand(module: nn.Module, inputs: Tensor, target: int) -> Tensor:
    (gradient,) = torch.autograd.grad(module(inputs)[:, target].sum(), inputs)
    return gradient * inputs


@pytest.mark.parametrize("objective", ["logit", "log_odds"])
def test_the_same_as_the_component(model: Any, objective: str) -> None:
    batch = _batch(objective)
    expected = Registry.load().create("explainers", "input_x_gradient", {}).explain(model, batch)
    captums = explainer_of("c", lambda m, x, t: InputXGradient(m).attribute(x, target=t))
    for explainer in (explainer_of("mine", by_hand), captums):
        for one, other in zip(expected, explainer.explain(model, batch), strict=True):
            assert one.spans == other.spans
            np.testing.assert_allclose(one.scores, other.scores, rtol=1e-4, atol=1e-6)
            assert one.special == pytest.approx(dict(other.special), rel=1e-3, abs=1e-6)


def test_methods_that_repeat_the_input_and_hook_the_network() -> None:
    model = Registry.load().create("models", "cnn", {"device": "cpu"})
    before = model.predict(SEQUENCES)

    def deeplift(module: nn.Module, inputs: Tensor, target: int) -> Tensor:
        found: Tensor = DeepLift(module).attribute(inputs, torch.zeros_like(inputs), target=target)
        return found

    for one in explainer_of("deeplift", deeplift).explain(model, _batch()):
        assert np.abs(one.scores).max() > 0
    assert np.array_equal(before, model.predict(SEQUENCES))


def test_noise_is_a_samples_own(model: Any) -> None:
    noisy = explainer_of("noisy", lambda _, x, __: torch.randn(x.shape[:2]))
    together = noisy.explain(model, _batch())
    alone = noisy.explain(model, Batch(SEQUENCES[1:2], np.array([0]), seeds=np.array([6])))
    assert np.array_equal(together[1].scores, alone[0].scores)
    assert not np.array_equal(together[0].scores[:9], together[1].scores[:9])


def test_what_does_not_fit_is_said(model: Any) -> None:
    with pytest.raises(PluginError, match=r"odd: expected scores of shape .*, got \(3,\)"):
        explainer_of("odd", lambda *_: torch.zeros(3)).explain(model, _batch())
    for given, got in ((None, "nothing"), ((torch.zeros(3), 0.1), "a tuple")):
        explainer = explainer_of("odd", lambda *_, given=given: given)  # type: ignore[misc]
        with pytest.raises(PluginError, match=f"odd: expected a tensor of scores, got {got}"):
            explainer.explain(model, _batch())
    with pytest.raises(Unsupported, match="odd"):
        explainer_of("odd", by_hand).explain(Masking(), _batch())
