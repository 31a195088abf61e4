"""Explainers that know no model fail, those that read it pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import spearmanr
from toys import Exact, Linear, NotANumber

from gxarena.api import Explainer, Model, Scored
from gxarena.data import Attribution, Batch, Explained, Interval, Ints, Sample
from gxarena.errors import InputError
from gxarena.explainers.controls import GC, Oracle, Random
from gxarena.metrics.randomisation import ModelRandomisation
from gxarena.run.probe import Explain, ModelProbe
from gxarena.seeds import sample_seed


class Forgetful(Linear):
    """Its random copy is the same times a factor."""

    def randomised(self, seed: int) -> Linear:
        return Linear(self.width, scale=float(np.random.default_rng(seed).normal()))


class ByModel:
    """Each unit's score is drawn from what the model says of it alone."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        return [
            Attribution(np.random.default_rng(abs(hash(float(row)))).normal(size=len(s)), s)
            for row, s in zip(
                model.predict(batch.sequences)[:, 1], model.spans(batch.sequences), strict=True
            )
        ]


class Constant:
    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        return [Attribution(np.ones(len(s)), s) for s in model.spans(batch.sequences)]


def again(explainer: Explainer) -> Explain:
    def explain(
        model: Model, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...] = ()
    ) -> list[Attribution]:
        del origins
        seeds = np.array([sample_seed(0, "explain/toy", sample.id) for sample in samples])
        batch = Batch(
            tuple(sample.sequence for sample in samples),
            targets,
            seeds=seeds,
            ids=tuple(sample.id for sample in samples),
            annotations=tuple(sample.annotations for sample in samples),
        )
        return explainer.explain(model, batch)

    return explain


def _score(
    explainer: Explainer, model: Model, sequences: Sequence[str], **parameters: float
) -> Scored:
    samples = tuple(
        Sample(f"s{i}", sequence, None, (Interval(5, 15),)) for i, sequence in enumerate(sequences)
    )
    targets = np.ones(len(samples), dtype=np.int64)
    explain = again(explainer)
    explained = Explained(
        samples, tuple(explain(model, samples, targets)), targets, model.predict(sequences)
    )
    probe = ModelProbe(lambda: model, explain=explain)
    return ModelRandomisation(**parameters).score(explained, probe)


def _sequences(n: int, length: int) -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("ACGT"), length + i)) for i in range(n)]


@pytest.mark.parametrize("explainer", [Constant(), GC(), Oracle(), Random(), Exact()])
def test_what_knows_no_parameter_fails(explainer: Explainer) -> None:
    # Exact too: the toy's copy differs by a factor alone, which no rank notices.
    scored = _score(explainer, Forgetful(), _sequences(4, 60))
    assert scored.values["passed"].tolist() == [0.0] * 4
    assert scored.values["correlation"] == pytest.approx(1.0)


def test_what_depends_on_the_model_passes() -> None:
    scored = _score(ByModel(), Forgetful(), _sequences(6, 80))
    assert scored.values["passed"].tolist() == [1.0] * 6
    assert not scored.reasons["passed"]


def test_nan_has_no_verdict() -> None:
    scored = _score(NotANumber(), Forgetful(), _sequences(2, 30))
    assert np.isnan(scored.values["passed"]).all()
    assert set(scored.reasons["passed"].values()) == {"scores are not finite"}


def test_never_ranked() -> None:
    assert {q.better for q in ModelRandomisation.quantities.values()} == {"none"}


@pytest.mark.parametrize("threshold", [0, -1, 1.5, float("nan")])
def test_a_threshold_is_a_correlation(threshold: float) -> None:
    with pytest.raises(InputError, match="threshold"):
        ModelRandomisation(threshold)


@pytest.mark.reimplements("model_randomisation")
@pytest.mark.parametrize(
    ("model", "explainer"),
    [("gxarena_cnn.model:CNN", "gxarena_cnn.lrp:LRP"),
     ("gxarena_dnabert2.model:Mini", "gxarena_dnabert2.attnlrp:AttnLRP")],
)  # fmt: skip
def test_lrp_and_attnlrp_pass(model: str, explainer: str) -> None:
    loaded, explain = _load(model)(device="cpu"), _load(explainer)()
    sequences = _sequences(8, 240)
    scored = _score(explain, loaded, sequences)
    assert scored.values["passed"].mean() == 1.0
    copy = loaded.randomised(sample_seed(0, "randomised", ""))
    batch = Batch(tuple(sequences), np.ones(8, dtype=np.int64))
    for i, (one, other) in enumerate(
        zip(explain.explain(loaded, batch), explain.explain(copy, batch), strict=True)
    ):
        expected = spearmanr(np.abs(one.scores), np.abs(other.scores)).statistic
        assert scored.values["correlation"][i] == pytest.approx(expected, abs=1e-6)


def _load(target: str):  # type: ignore[no-untyped-def]
    module, _, name = target.partition(":")
    pytest.importorskip("torch")
    return getattr(__import__(module, fromlist=[name]), name)


class TurnedRound:
    """The same order from the other end, once the model has learned nothing."""

    def explain(self, model: Linear, batch: Batch) -> list[Attribution]:
        step = 1 if model.scale == 1 else -1
        return [
            Attribution(1.0 + np.arange(len(s))[::step], s) for s in model.spans(batch.sequences)
        ]


def test_the_same_order_turned_round_fails_too() -> None:
    scored = _score(TurnedRound(), Forgetful(), _sequences(3, 40))
    assert scored.values["correlation"] == pytest.approx(-1.0)
    assert scored.values["passed"].tolist() == [0.0] * 3
