"""The explained value as a module: its gradient is the objective's, and models are checked."""

from __future__ import annotations

import pytest
import torch
from toys import Linear

from gxarena import objective
from gxarena.errors import Unsupported
from gxarena_cnn.model import CNN
from gxarena_dnabert2.model import Mini
from gxarena_torch.explained_value import ExplainedValue, differentiable, modular, one_hot


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_value_and_gradient_are_autograds(what: str) -> None:
    model = CNN(device="cpu")
    encoded = model.encode(["ACGTTGAC" * 20, "GGATCC" * 30])
    targets = torch.tensor([0, 1])
    embedded = model.embed(encoded).clone().requires_grad_()
    ours = ExplainedValue(model, what)(embedded, encoded, targets)
    (gradient,) = torch.autograd.grad(ours.sum(), embedded)
    z = model.forward_embedded(embedded, encoded).double()
    rows = torch.arange(2)
    theirs = {
        "logit": z[rows, targets],
        "log_odds": z[rows, targets] - z[rows, 1 - targets],
        "probability": z.softmax(1)[rows, targets],
    }[what]
    (expected,) = torch.autograd.grad(theirs.sum(), embedded)
    torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-5)


def test_models_that_lack_something_are_refused_by_name() -> None:
    cnn, mini = CNN(device="cpu"), Mini(device="cpu")
    assert differentiable(cnn, "mine") is one_hot(cnn, "mine") is modular(cnn, "mine") is cnn
    assert differentiable(mini, "mine") is mini
    with pytest.raises(Unsupported, match="mine: expected a differentiable model, got Linear"):
        differentiable(Linear(), "mine")
    for model in (mini, Linear()):
        with pytest.raises(Unsupported, match="mine: expected a one-hot model, got"):
            one_hot(model, "mine")
    with pytest.raises(Unsupported, match="every nonlinearity is a module, got Mini"):
        modular(mini, "mine")
