"""DeepSHAP on the CNN: efficiency, linear networks in closed form, nothing left behind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from toys import Linear

from gxarena import objective
from gxarena.data import Batch
from gxarena.datasets.bundled import fly_promoters
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.references import shuffled
from gxarena_cnn.model import CNN
from gxarena_shap.deep import Deep


@pytest.fixture(scope="module")
def model() -> CNN:
    return CNN(device="cpu")


def _batch(count: int, what: str = "logit") -> Batch:
    sequences = tuple(sample.sequence for sample in fly_promoters().samples[:count])
    return Batch((*sequences[:-1], sequences[-1][:200]), np.arange(count) % 2, what)


@pytest.mark.parametrize("what", ["logit", "log_odds"])
def test_scores_add_up_to_the_difference_from_the_references(model: CNN, what: str) -> None:
    batch = _batch(3, what)
    for row, found in enumerate(Deep(4).explain(model, batch)):
        sequences = [batch.sequences[row], *shuffled(batch.sequences[row], 4)]
        values = objective.value(what, model.predict(sequences), batch.targets[[row] * 5])
        explained = values[0] - values[1:].mean()
        assert abs(explained) > 1e-3
        assert found.diagnostics["explained"] == pytest.approx(explained, abs=1e-5)
        assert found.scores.sum() == pytest.approx(explained, abs=1e-4)
        assert len(found.scores) == len(batch.sequences[row])


def test_linear_networks_have_a_closed_form() -> None:
    """Without ReLU and pooling in the way, a score is weight x (input - mean reference)."""
    model = CNN(device="cpu")
    width = model.network.config.input_length
    head = nn.Sequential(nn.Flatten(), nn.Linear(4 * width, 2))
    model.network.features, model.network.head = nn.Identity(), head.requires_grad_(False)
    sequence = fly_promoters().samples[0].sequence
    (found,) = Deep(3).explain(model, Batch((sequence,), np.array([1])))
    observed, references = model.encode([sequence]), model.encode(shuffled(sequence, 3))
    difference = (observed[0] - references.mean(0)).numpy()
    weights = head[1].weight[1].reshape(4, width).numpy()
    np.testing.assert_allclose(found.scores, (weights * difference).sum(0), atol=1e-6)


def test_nothing_is_left_behind_and_company_changes_nothing(model: CNN) -> None:
    batch = _batch(3)
    before = torch.from_numpy(model.predict(batch.sequences))
    together = Deep(3).explain(model, batch)
    for row in (2, 0):
        alone = Batch((batch.sequences[row],), batch.targets[[row]])
        (found,) = Deep(3).explain(model, alone)
        np.testing.assert_allclose(found.scores, together[row].scores, atol=1e-6)
    assert torch.equal(before, torch.from_numpy(model.predict(batch.sequences)))
    for module in model.network.modules():
        assert not module._forward_hooks
        assert not module._backward_hooks
        assert not hasattr(module, "x")


def test_mistakes_are_one_sentence(model: CNN) -> None:
    with pytest.raises(InputError, match="n_references: expected 1 or more, got 0"):
        Deep(0)
    with pytest.raises(Unsupported, match="shap-deep: expected a one-hot model"):
        Deep(2).explain(Linear(), _batch(1))
    with pytest.raises(Unsupported, match=r"linear in the outputs.*got 'probability'"):
        Deep(2).explain(model, _batch(1, "probability"))
