"""Mutagenesis by tangermeme against brute force and the core's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gxarena import objective
from gxarena.data import Batch
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.perturbation import ISM
from gxarena.explainers.references import shuffled
from gxarena_cnn.model import CNN
from gxarena_dnabert2.model import Mini
from gxarena_tangermeme.mutagenesis import Marginalization, SaturationMutagenesis

Batches = Callable[..., Batch]


def values(cnn: CNN, batch: Batch, row: int, sequences: list[str]) -> Any:
    targets = np.repeat(batch.targets[row], len(sequences))
    return objective.value(batch.objective, cnn.predict(sequences), targets)


@pytest.mark.parametrize("what", ["logit", "probability"])
def test_saturation_mutagenesis_is_brute_force(cnn: CNN, make_batch: Batches, what: str) -> None:
    batch = make_batch((20, 13, 20), what)
    for row, found in enumerate(SaturationMutagenesis().explain(cnn, batch)):
        sequence = batch.sequences[row]
        (whole,) = values(cnn, batch, row, [sequence])
        assert found.hypothetical is not None
        for place in range(len(sequence)):
            written = [sequence[:place] + letter + sequence[place + 1 :] for letter in "ACGT"]
            altered = values(cnn, batch, row, written)
            np.testing.assert_allclose(
                found.hypothetical[place], altered - altered.mean(), atol=1e-5
            )
            assert found.scores[place] == pytest.approx(whole - altered.mean(), abs=1e-5)


def test_saturation_mutagenesis_equals_the_core(cnn: CNN, make_batch: Batches) -> None:
    batch = make_batch()
    for one, other in zip(
        SaturationMutagenesis().explain(cnn, batch), ISM().explain(cnn, batch), strict=True
    ):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
        assert one.hypothetical is not None
        np.testing.assert_allclose(one.hypothetical, other.hypothetical, atol=1e-5)
        assert one.diagnostics["forwards"] == other.diagnostics["forwards"]


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (6, 4), (100, 1)])
def test_marginalization_is_brute_force(
    cnn: CNN, make_batch: Batches, window: int, stride: int
) -> None:
    batch = make_batch((60, 43))
    found = Marginalization(window, stride, n_references=3).explain(cnn, batch)
    for row, sequence in enumerate(batch.sequences):
        length = len(sequence)
        last = max(length - window, 0)
        starts = sorted({*range(0, last + 1, stride), last})
        backgrounds = shuffled(sequence, 3)
        total, covers = np.zeros(length), np.zeros(length)
        for start in starts:
            place = slice(start, min(start + window, length))
            written = [
                "".join(
                    sequence[i] if i in range(length)[place] and sequence[i] != "N" else letter
                    for i, letter in enumerate(background)
                )
                for background in backgrounds
            ]
            effect = values(cnn, batch, row, written) - values(cnn, batch, row, backgrounds)
            total[place] += effect.mean()
            covers[place] += 1
        np.testing.assert_allclose(found[row].scores, total / covers, atol=1e-5)
        assert found[row].diagnostics["forwards"] == 3 * (len(starts) + 1)


@pytest.mark.parametrize("make", [SaturationMutagenesis, Marginalization])
def test_batches_and_predictions(cnn: CNN, make_batch: Batches, make: Callable[..., Any]) -> None:
    batch = make_batch()
    before, state = cnn.predict(batch.sequences), torch.random.get_rng_state()
    whole = make().explain(cnn, batch)
    np.testing.assert_array_equal(cnn.predict(batch.sequences), before)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not any(module.training for module in cnn.network.modules())
    for row in range(3):
        alone = replace(
            batch, sequences=batch.sequences[row : row + 1], targets=batch.targets[row : row + 1]
        )
        (found,) = make(batch_size=7).explain(cnn, alone)
        np.testing.assert_allclose(found.scores, whole[row].scores, rtol=1e-3, atol=1e-5)


def test_user_mistakes(make_batch: Batches) -> None:
    with pytest.raises(Unsupported, match="marginalization: expected a one-hot model, got Mini"):
        Marginalization().explain(Mini(device="cpu"), make_batch())
    with pytest.raises(InputError, match="marginalization, stride: expected 1 to 3"):
        Marginalization(3, 4)
    with pytest.raises(InputError, match="saturation_mutagenesis, batch_size: expected 1 or more"):
        SaturationMutagenesis(0)
