"""Comprehensiveness and sufficiency against a slow version on the additive toy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from toys import WEIGHTS, Exact, Linear

from gxarena.data import Batch, Explained, Sample
from gxarena.errors import InputError
from gxarena.metrics.comprehensiveness import Comprehensiveness, Sufficiency
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.run.probe import ModelProbe

BUDGETS = (10, 20, 50)


def _explained(width: int = 1) -> Explained:
    rng = np.random.default_rng(0)
    sequences = tuple("".join(rng.choice(list("ACGT"), 40 + 3 * i)) for i in range(4))
    model, targets = Linear(width), np.ones(4, dtype=np.int64)
    return Explained(
        tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences)),
        tuple(Exact().explain(model, Batch(sequences, targets))),
        targets,
        model.predict(sequences),
    )


def _probe(width: int = 1) -> ModelProbe:
    return ModelProbe(lambda: Linear(width))


@pytest.mark.parametrize("fill", ["unknown", "complement", "random", "dinucleotide"])
@pytest.mark.parametrize("width", [1, 3])
def test_comprehensiveness_is_the_mean_of_the_mif_drops(fill: str, width: int) -> None:
    explained = _explained(width)
    ours = Comprehensiveness(fill, BUDGETS).score(explained, _probe(width))  # type: ignore[arg-type]
    mif = Faithfulness(fill, BUDGETS).score(explained, _probe(width)).values  # type: ignore[arg-type]
    for unit in ("logit", "probability"):
        drops = [mif[f"mif_drop_{unit}@{k}"] for k in BUDGETS]
        assert ours.values[unit] == pytest.approx(np.mean(drops, axis=0))


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.reimplements("comprehensiveness", "sufficiency")
def test_both_on_the_additive_toy() -> None:
    explained = _explained()
    needed = Comprehensiveness(budgets=BUDGETS).score(explained, _probe()).values
    enough = Sufficiency(budgets=BUDGETS).score(explained, _probe()).values
    for i, sequence in enumerate(explained.sequences):
        ordered = sorted((WEIGHTS[c] for c in sequence), reverse=True)
        # Half up is down: the shorter of two runs as near.
        counts = [int(np.ceil(k / 100 * len(sequence) - 0.5)) for k in BUDGETS]
        gone = [sum(ordered[:c]) for c in counts]
        left = [sum(ordered[c:]) for c in counts]
        assert needed["logit"][i] == pytest.approx(np.mean(gone))
        assert enough["logit"][i] == pytest.approx(np.mean(left))
        before = _sigmoid(sum(ordered))
        for found, after in ((needed, left), (enough, gone)):
            drops = [before - _sigmoid(logit) for logit in after]
            assert found["probability"][i] == pytest.approx(np.mean(drops))


def test_the_whole_sequence_is_enough_and_needed() -> None:
    explained = _explained()
    assert Sufficiency(budgets=(100,)).score(explained, _probe()).values["probability"].max() == 0
    needed = Comprehensiveness(budgets=(100,)).score(explained, _probe()).values["logit"]
    assert needed == pytest.approx(explained.outputs[:, 1])


def test_magnitude_ranks_by_size() -> None:
    explained = _explained()
    turned = explained.with_attributions([a.with_scores(-a.scores) for a in explained.attributions])
    scored = [
        Sufficiency(ranking="magnitude").score(one, _probe()).values["logit"]
        for one in (explained, turned)
    ]
    assert scored[0].tolist() == scored[1].tolist()


def test_nan_is_undefined_and_harms_no_neighbour() -> None:
    explained = _explained()
    maps = list(explained.attributions)
    maps[1] = maps[1].with_scores(np.full(len(maps[1].spans), np.nan))
    for metric in (Comprehensiveness(), Sufficiency()):
        whole = metric.score(explained, _probe()).values["probability"]
        scored = metric.score(replace(explained, attributions=tuple(maps)), _probe())
        assert scored.reasons["probability"] == {1: "scores are not finite"}
        assert np.isnan(scored.values["probability"][1])
        assert np.delete(scored.values["probability"], 1).tolist() == np.delete(whole, 1).tolist()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fill": "zeros"}, "'zeros'. Choices: complement, dinucleotide, random, unknown"),
        ({"ranking": "up"}, "sufficiency, ranking: unknown 'up'"),
        ({"budgets": (5, 1)}, "sufficiency, budgets: expected rising"),
        ({"budgets": ("5nt", "5nt")}, "sufficiency, budgets: expected rising nucleotides"),
        ({"budgets": (500,)}, "sufficiency, budgets: expected at most 100"),
    ],
)
def test_parameters_are_checked(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Sufficiency(**parameters)  # type: ignore[arg-type]


def test_a_rationale_of_so_many_nucleotides() -> None:
    explained = _explained()
    share = [100 * 4 / len(sequence) for sequence in explained.sequences]
    found = Comprehensiveness(budgets=["4nt"]).score(explained, _probe()).values["logit"]
    for i, percent in enumerate(share):
        metric = Comprehensiveness(budgets=(percent,))
        assert found[i] == metric.score(explained, _probe()).values["logit"][i]
