"""tangermeme's DeepLIFT-SHAP against its axiom and against captum's, which shares no code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gxarena import objective
from gxarena.data import Batch
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.references import shuffled
from gxarena_captum.deeplift import DeepLIFTSHAP as CaptumDeepLIFTSHAP
from gxarena_cnn.model import CNN
from gxarena_dnabert2.model import Mini
from gxarena_tangermeme.deep_lift_shap import DeepLIFTSHAP

Batches = Callable[..., Batch]


@pytest.mark.parametrize("what", ["logit", "log_odds"])
def test_scores_add_up(cnn: CNN, make_batch: Batches, what: str) -> None:
    batch = make_batch(objective=what)
    whole = objective.value(what, cnn.predict(batch.sequences), batch.targets)
    for row, found in enumerate(DeepLIFTSHAP(4).explain(cnn, batch)):
        references = cnn.predict(shuffled(batch.sequences[row], 4))
        without = objective.value(what, references, np.repeat(batch.targets[row], 4)).mean()
        assert found.scores.sum() == pytest.approx(whole[row] - without, abs=1e-4)
        assert found.diagnostics["explained"] == pytest.approx(whole[row] - without, abs=1e-4)
        assert found.diagnostics["absorbed"] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_equals_captum_on_the_same_references(cnn: CNN, make_batch: Batches, what: str) -> None:
    batch = make_batch((250, 33, 250), what)
    for ours, theirs in zip(
        DeepLIFTSHAP(5).explain(cnn, batch),
        CaptumDeepLIFTSHAP(n_references=5).explain(cnn, batch),
        strict=True,
    ):
        np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-3, atol=1e-4)
        assert ours.hypothetical is not None
        np.testing.assert_allclose(ours.hypothetical, theirs.hypothetical, rtol=1e-3, atol=1e-4)


def test_batches_and_predictions(cnn: CNN, make_batch: Batches) -> None:
    batch = make_batch()
    before = cnn.predict(batch.sequences)
    whole = DeepLIFTSHAP(3).explain(cnn, batch)
    np.testing.assert_array_equal(cnn.predict(batch.sequences), before)
    assert not any(module.training for module in cnn.network.modules())
    for row in range(3):
        alone = replace(
            batch, sequences=batch.sequences[row : row + 1], targets=batch.targets[row : row + 1]
        )
        (found,) = DeepLIFTSHAP(3, batch_size=2).explain(cnn, alone)
        assert found.hypothetical is not None
        np.testing.assert_allclose(
            found.hypothetical, whole[row].hypothetical, rtol=1e-3, atol=1e-5
        )


def test_centred_hypothetical_contributions(cnn: CNN, make_batch: Batches) -> None:
    for found in DeepLIFTSHAP(2, center_hypothetical=True).explain(cnn, make_batch()):
        assert found.hypothetical is not None
        np.testing.assert_allclose(found.hypothetical.sum(1), 0, atol=1e-6)


def test_user_mistakes(make_batch: Batches) -> None:
    with pytest.raises(Unsupported, match="deep_lift_shap: expected a one-hot model, got Mini"):
        DeepLIFTSHAP().explain(Mini(device="cpu"), make_batch())
    with pytest.raises(InputError, match="n_references: expected 1 or more, got 0"):
        DeepLIFTSHAP(0)
