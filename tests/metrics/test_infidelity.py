"""Infidelity: 0 where scores are exact, captum's number everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toys import Exact, Linear

from gxarena.data import Batch, Explained, Sample
from gxarena.errors import InputError
from gxarena.metrics.infidelity import Infidelity
from gxarena.objective import value
from gxarena.run.probe import ModelProbe
from gxarena.seeds import sample_seed


def _explained(width: int = 1) -> Explained:
    rng = np.random.default_rng(0)
    sequences = tuple("".join(rng.choice(list("ACGT"), 20 + 3 * i)) for i in range(4))
    model, targets = Linear(width), np.ones(4, dtype=np.int64)
    return Explained(
        tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences)),
        tuple(Exact().explain(model, Batch(sequences, targets))),
        targets,
        model.predict(sequences),
        seed=2,
    )


def _noisy(explained: Explained, factor: float = 1.0) -> Explained:
    rng = np.random.default_rng(1)
    return explained.with_attributions(
        [a.with_scores(factor * rng.normal(size=len(a.spans))) for a in explained.attributions]
    )


def _probe(width: int = 1) -> ModelProbe:
    return ModelProbe(lambda: Linear(width))


@pytest.mark.parametrize("width", [1, 3])
def test_exact_scores_of_an_additive_model_have_none(width: int) -> None:
    scored = Infidelity().score(_explained(width), _probe(width))
    assert scored.values["raw"] == pytest.approx(0, abs=1e-20)
    assert scored.values[""] == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("raw", marks=pytest.mark.reimplements("infidelity", only=["raw"])),
        pytest.param("", marks=pytest.mark.reimplements("infidelity", only=[""])),
    ],
)
def test_it_is_captums(key: str) -> None:
    torch = pytest.importorskip("torch")
    infidelity = pytest.importorskip("captum.metrics").infidelity
    explained = _noisy(_explained())
    ours = Infidelity(16, 0.3).score(explained, _probe()).values[key]
    for i, (sample, attribution) in enumerate(
        zip(explained.samples, explained.attributions, strict=True)
    ):
        size = len(sample.sequence)
        seed = sample_seed(2, "infidelity/masks", sample.id)
        masks = torch.from_numpy(np.random.default_rng(seed).random((16, size)) < 0.3).double()

        def forward(presence: torch.Tensor, sequence: str = sample.sequence) -> torch.Tensor:
            hidden = [row == 0 for row in presence.numpy()]
            outputs = Linear().predict_masked([sequence] * len(hidden), hidden)
            return torch.from_numpy(outputs[:, 1])

        theirs = infidelity(
            forward,
            lambda inputs, masks=masks: (masks, inputs - masks),
            torch.ones(1, size, dtype=torch.float64),
            torch.from_numpy(attribution.scores.copy())[None],
            n_perturb_samples=16,
            normalize=key == "",
        )
        foretold = masks.numpy() @ attribution.scores
        lost = explained.outputs[i, 1] - forward(1 - masks).numpy()
        if key == "" and foretold @ lost < 0:  # captum turns such scores round
            assert ours[i] == pytest.approx((lost**2).mean())
        else:
            assert ours[i] == pytest.approx(theirs.item())


def test_an_explanation_turned_round_is_no_forecast() -> None:
    right = Infidelity().score(_explained(), _probe()).values[""]
    wrong = Infidelity().score(
        _explained().with_attributions(
            [a.with_scores(-a.scores) for a in _explained().attributions]
        ),
        _probe(),
    )
    nothing = Infidelity().score(
        _explained().with_attributions(
            [a.with_scores(0 * a.scores) for a in _explained().attributions]
        ),
        _probe(),
    )
    assert right == pytest.approx(0, abs=1e-20)
    assert wrong.values[""] == pytest.approx(nothing.values[""])


@pytest.mark.parametrize("what", ["logit", "log_odds", "probability"])
def test_the_forecast_is_of_the_explained_objective(what: str) -> None:
    explained = replace(_noisy(_explained()), objective=what)
    raw = Infidelity(8, 0.3).score(explained, _probe()).values["raw"]
    sample, attribution = explained.samples[0], explained.attributions[0]
    seed = sample_seed(2, "infidelity/masks", sample.id)
    masks = np.random.default_rng(seed).random((8, len(sample.sequence))) < 0.3
    after = Linear().predict_masked([sample.sequence] * 8, list(masks))
    target = explained.targets[:1]
    lost = value(what, explained.outputs[:1], target) - value(what, after, target.repeat(8))
    assert raw[0] == pytest.approx(((masks @ attribution.scores - lost) ** 2).mean())


def test_the_main_value_knows_no_scale() -> None:
    values = [
        Infidelity().score(_noisy(_explained(), factor), _probe()).values[""]
        for factor in (1.0, 1e-12, 1e12)
    ]
    assert values[1] == pytest.approx(values[0])
    assert values[2] == pytest.approx(values[0])


def test_no_forecast_misses_everything() -> None:
    explained = _explained()
    zero = explained.with_attributions(
        [a.with_scores(np.zeros(len(a.spans))) for a in explained.attributions]
    )
    scored = Infidelity().score(zero, _probe())
    assert scored.values[""].tolist() == scored.values["raw"].tolist()
    assert scored.values[""].min() > 0


def test_nan_is_undefined_and_a_sample_alone_scores_the_same() -> None:
    explained = _noisy(_explained())
    maps = list(explained.attributions)
    maps[0] = maps[0].with_scores(np.full(len(maps[0].spans), np.nan))
    scored = Infidelity().score(replace(explained, attributions=tuple(maps)), _probe())
    assert scored.reasons[""] == {0: "scores are not finite"}
    alone = replace(
        explained,
        samples=explained.samples[2:3],
        attributions=explained.attributions[2:3],
        targets=explained.targets[2:3],
        outputs=explained.outputs[2:3],
    )
    assert Infidelity().score(alone, _probe()).values[""][0] == pytest.approx(
        scored.values[""][2], rel=1e-12
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"masks": 0}, "masks"), ({"share": 0}, "share"), ({"share": float("nan")}, "share")],
)
def test_parameters_are_checked(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=f"infidelity, {message}"):
        Infidelity(**parameters)  # type: ignore[arg-type]
