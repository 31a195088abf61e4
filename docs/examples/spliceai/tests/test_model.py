"""A model that explains a region asks and answers as the whole one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gxarena_spliceai.describe import INPUT_LENGTH
from gxarena_spliceai.model import MIDDLE, SpliceAIModel
from gxarena_spliceai.sites import splice_sites

from gxarena.data import Batch
from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena.run.flanked import in_flanks

RADIUS = 30


@pytest.fixture(scope="module")
def models(untrained: Path) -> tuple[SpliceAIModel, SpliceAIModel]:
    """One that computes everything, and one that computes what changes."""
    return SpliceAIModel(untrained, device="cpu"), SpliceAIModel(untrained, RADIUS, device="cpu")


def sequence(seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), INPUT_LENGTH))


def parts(whole: str) -> tuple[tuple[str, str], str]:
    start, end = MIDDLE - RADIUS, MIDDLE + RADIUS + 1
    return (whole[:start], whole[end:]), whole[start:end]


def test_predictions_are_the_same(models: Any) -> None:
    whole, fast = models
    flanks, region = parts(sequence(0))
    asked = [region, region[::-1], "N" * len(region), "A" * len(region)]
    expected = in_flanks(whole, flanks).predict(asked)
    assert np.ptp(expected[:, 1]) > 0.01
    for _ in range(2):  # anew, and from what is kept
        np.testing.assert_allclose(in_flanks(fast, flanks).predict(asked), expected, atol=1e-5)
    others = [sequence(1), sequence(2)[:9000]]
    np.testing.assert_allclose(fast.predict(others), whole.predict(others), atol=1e-5)
    masks = [np.arange(len(region)) < 9] * 2
    np.testing.assert_allclose(
        in_flanks(fast, flanks).predict_masked(asked[:2], masks),
        in_flanks(whole, flanks).predict_masked(asked[:2], masks),
        atol=1e-5,
    )


@pytest.mark.parametrize("name", ["saliency", "deeplift", "deep_lift_shap"])
def test_explanations_of_a_region_are_the_same(models: Any, name: str) -> None:
    flanks, region = parts(sequence(3))
    explainer = Registry.load().create("explainers", name, {})
    batch = Batch((region,), np.array([1]), "log_odds", np.array([7]), ("s",))
    maps = [explainer.explain(in_flanks(model, flanks), batch)[0].scores for model in models]
    assert np.abs(maps[0]).max() > 1e-3
    np.testing.assert_allclose(maps[1], maps[0], atol=1e-4 * np.abs(maps[0]).max())


def test_what_was_kept_is_forgotten_with_the_weights(models: Any) -> None:
    whole, fast = models
    flanks, region = parts(sequence(4))
    before = in_flanks(fast, flanks).predict([region])
    drawn = in_flanks(fast.randomised(1), flanks).predict([region])
    expected = in_flanks(whole.randomised(1), flanks).predict([region])
    np.testing.assert_allclose(drawn, expected, rtol=1e-4)
    for change in (1.0, -1.0):  # written to, and back
        for model in (whole, fast):
            with torch.no_grad():
                model.network.units[0].first.bias += change
        after = in_flanks(fast, flanks).predict([region])
        np.testing.assert_allclose(after, in_flanks(whole, flanks).predict([region]), atol=1e-5)
        assert (np.abs(after - before).max() > 1e-3) == (change > 0)


def test_a_radius_that_is_none_is_one_sentence(untrained: Path) -> None:
    with pytest.raises(InputError, match="whole number from 0 to 4999, got 5000"):
        SpliceAIModel(untrained, radius=5000)


@pytest.mark.slow
def test_published_weights_tell_real_sites(published: Path, windows: Path) -> None:
    """40 sites at full context, and the same a nucleotide aside."""
    sites = splice_sites(windows).subset(40)
    labels = np.array([sample.label for sample in sites.samples])
    wholes = [sample.whole.sequence for sample in sites.samples]
    model = SpliceAIModel(published)
    at, aside = (
        torch.from_numpy(model.predict(asked)).softmax(1).numpy()[np.arange(40), labels]
        for asked in (wholes, [whole[1:] + "A" for whole in wholes])
    )
    assert np.median(at) > 0.95
    assert np.mean(at) > 0.8
    assert np.mean(aside) < 0.05
