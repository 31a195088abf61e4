"""Another model asked without the very nucleotides that an explanation's order removed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from slow_curves import numbers
from toys import WEIGHTS, Exact, Linear, Trained

from gxarena.data import Batch, Bools, Explained, Floats, Sample, Spans
from gxarena.metrics.borrowed import Borrowed
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.run.probe import ModelProbe
from gxarena.seeds import sample_seed

BUDGETS = (1, 5, 10, 20, 50)
COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C", "N": "N"}
FILLS = ["unknown", "complement", "random", "dinucleotide"]
OTHER = WEIGHTS | {"A": 3.0}
"""What the letters are worth to the other model."""


class Listening(Linear):
    """Keeps the sequences it is asked about, as it reads them."""

    def __init__(self, width: int = 1) -> None:
        super().__init__(width)
        self.heard: list[str] = []

    def predict(self, sequences: Sequence[str]) -> Floats:
        self.heard += sequences
        return super().predict(sequences)


def _explained(model: Linear, n: int = 4, seed: int = 5, target: int = 1) -> Explained:
    rng = np.random.default_rng(0)
    sequences = tuple("".join(rng.choice(list("ACGT"), 40 + 3 * i)) for i in range(n))
    targets = np.full(n, target)
    samples = tuple(Sample(f"s{i}", sequence) for i, sequence in enumerate(sequences))
    attributions = Exact().explain(model, Batch(sequences, np.ones(n, int)))
    noise = [a.with_scores(rng.integers(-3, 4, len(a.spans)) / 2) for a in attributions]
    return Explained(samples, tuple(noise), targets, model.predict(sequences), seed=seed)


def _slow_removed(spans: Spans, first: list[int], budget: float) -> set[int]:
    """The nucleotides that go at a budget: whole units in their turn, the nearest number."""
    runs = [first[: k + 1] for k in range(len(first))]
    stretches = [
        {n for u in run for n in range(spans.boundaries[u], spans.boundaries[u + 1])}
        for run in runs
    ]
    return min(stretches, key=lambda s: abs(len(s) - budget / 100 * spans.length))


def _slow_orders(lender: Explained, index: int) -> dict[str, list[int]]:
    scores = lender.attributions[index].scores.tolist()

    def drawn(stage: str) -> list[float]:
        seed = sample_seed(lender.seed, f"faithfulness/{stage}", lender.samples[index].id)
        return np.random.default_rng(seed).random(len(scores)).tolist()

    ties, order = drawn("ties"), drawn("order/0")
    units = range(len(scores))
    return {
        "mif": sorted(units, key=lambda u: (-scores[u], ties[u])),
        "lif": sorted(units, key=lambda u: (scores[u], ties[u])),
        "random": sorted(units, key=lambda u: -order[u]),
    }


def _worth(sequence: str) -> float:
    return sum(OTHER[letter] for letter in sequence)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.reimplements("borrowed")
@pytest.mark.parametrize("fill", ["unknown", "complement"])
def test_agrees_with_a_slow_reimplementation(fill: str) -> None:
    lender = _explained(Linear(3))
    asked = _explained(Trained("one-2"))
    scored = Borrowed(fill).compare(  # type: ignore[arg-type]
        lender, asked, ModelProbe(lambda: Trained("one-2"))
    )
    for index, sample in enumerate(lender.samples):
        spans = lender.attributions[index].spans
        orders = {}
        for order, first in _slow_orders(lender, index).items():
            drops = orders[order] = {"x": [0.0], "logit": [0.0], "probability": [0.0]}
            for budget in BUDGETS:
                gone = _slow_removed(spans, first, budget)
                edited = "".join(
                    letter if i not in gone else "N" if fill == "unknown" else COMPLEMENT[letter]
                    for i, letter in enumerate(sample.sequence)
                )
                logits = _worth(sample.sequence), _worth(edited)
                drops["x"].append(len(gone) / spans.length)
                drops["logit"].append(logits[0] - logits[1])
                drops["probability"].append(_sigmoid(logits[0]) - _sigmoid(logits[1]))
        found = {key: column[index] for key, column in scored.values.items()}
        assert found == pytest.approx(numbers(orders, BUDGETS, spans.widths.tolist()))


def _heard(metric: Faithfulness, explained: Explained, other: Explained | None) -> set[str]:
    """What a model is asked: of its own order, or of one that it borrows."""
    model = Listening(3 if other is None else 1)
    probe = ModelProbe(lambda: model)
    if other is None:
        metric.score(explained, probe)
    else:
        assert isinstance(metric, Borrowed)
        metric.compare(explained, other, probe)
    return set(model.heard)


@pytest.mark.parametrize("fill", FILLS)
def test_the_other_model_reads_the_very_sequences_that_the_lender_read(fill: str) -> None:
    lender, other = _explained(Linear(3), n=70), _explained(Linear(1), n=70)
    own = _heard(Faithfulness(fill), lender, None)  # type: ignore[arg-type]
    assert len(own) > 3 * 70
    # MIF, LIF and the random order; the toy writes N where it masks.
    assert _heard(Borrowed(fill), lender, other) == own  # type: ignore[arg-type]
    assert _heard(Borrowed(fill), other, other) != own  # type: ignore[arg-type]


def test_the_reverse_edits_the_letters_that_tokens_are_made_of() -> None:
    class Counting(Linear):
        def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
            raise AssertionError("masks of nucleotides are no masks of tokens")

    lender, tokens = _explained(Linear(1)), _explained(Linear(3))
    values = Borrowed().compare(lender, tokens, ModelProbe(lambda: Counting(3))).values
    own = Faithfulness().score(lender, ModelProbe(lambda: Linear(1))).values
    # The toy is additive, so that a nucleotide is worth the same to both.
    for order in ("mif", "lif", "random"):
        assert values[f"{order}_drop_logit@20"] == pytest.approx(own[f"{order}_drop_logit@20"])


def test_units_that_both_have_are_masked_as_the_asked_models_own() -> None:
    class Masking(Linear):
        masked = 0

        def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
            Masking.masked += len(sequences)
            return super().predict_masked(sequences, masks)

    lender = _explained(Linear(3))
    probe = ModelProbe(lambda: Masking(3))
    values = Borrowed().compare(lender, lender, probe).values
    assert Masking.masked == probe.forwards > 0
    own = Faithfulness().score(lender, ModelProbe(lambda: Linear(3))).values
    assert all(np.array_equal(values[key], own[key]) for key in own)
    Masking.masked = 0
    carried = replace(lender, native=False)  # e.g. onto nucleotides, which may be as many
    Borrowed().compare(lender, carried, ModelProbe(lambda: Masking(3)))
    assert Masking.masked == 0


def test_as_many_units_elsewhere_are_not_the_asked_models_own() -> None:
    """Eleven letters are three tokens of four or of five: a mask of those is none of these."""

    class Unmasked(Linear):
        def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
            raise AssertionError("masks of the lender's tokens are no masks of these")

    def short(model: Linear) -> Explained:
        samples = (Sample("s", "ACGTTGCAACG"),)
        maps = Exact().explain(model, Batch((samples[0].sequence,), np.ones(1, int)))
        outputs = model.predict([samples[0].sequence])
        return Explained(samples, tuple(maps), np.ones(1, int), outputs, seed=5)

    lender, other = short(Linear(4)), short(Linear(5))
    assert len(lender.attributions[0].spans) == len(other.attributions[0].spans) == 3
    values = Borrowed().compare(lender, other, ModelProbe(lambda: Unmasked(5))).values
    own = Faithfulness().score(lender, ModelProbe(lambda: Linear(4))).values
    assert values["mif_drop_logit@20"] == pytest.approx(own["mif_drop_logit@20"])


@pytest.mark.parametrize("swapped", [False, True])
def test_where_the_two_explain_different_targets_there_is_no_value(swapped: bool) -> None:
    lender = _explained(Linear(3))
    other = replace(_explained(Linear(1)), targets=np.array([1, 0, 1, 1]))
    if swapped:
        targets = lender.targets
        lender, other = replace(lender, targets=other.targets), replace(other, targets=targets)
    scored = Borrowed().compare(lender, other, ModelProbe(lambda: Linear(1)))
    whole = Borrowed().compare(
        _explained(Linear(3)), _explained(Linear(1)), ModelProbe(lambda: Linear(1))
    )
    for key, column in scored.values.items():
        assert np.isnan(column).tolist() == [False, True, False, False]
        assert scored.reasons[key] == {1: "the two explain different targets"}
        kept = [0, 2, 3]
        assert np.array_equal(column[kept], whole.values[key][kept])
    assert {curve.sample for curve in scored.curves} == {0, 2, 3}


def test_a_lender_without_scores_lends_nothing() -> None:
    lender = _explained(Linear(3))
    maps = list(lender.attributions)
    maps[2] = maps[2].with_scores(np.full(len(maps[2].spans), np.nan))
    scored = Borrowed().compare(
        lender.with_attributions(maps), _explained(Linear(1)), ModelProbe(lambda: Linear(1))
    )
    for key in scored.values:
        assert scored.reasons[key] == {2: "scores are not finite"}


def test_what_the_other_explainer_says_changes_nothing() -> None:
    lender, other = _explained(Linear(3)), _explained(Linear(1))
    silent = other.with_attributions(
        [a.with_scores(np.full(len(a.spans), np.nan)) for a in other.attributions]
    )
    found = [
        Borrowed().compare(lender, one, ModelProbe(lambda: Linear(1))).values
        for one in (other, silent)
    ]
    assert all(np.array_equal(found[0][key], found[1][key]) for key in found[0])


def test_nobody_is_ranked_by_what_another_model_loses() -> None:
    metric = Borrowed()
    assert metric.quantities.keys() == Faithfulness().quantities.keys()
    assert {quantity.better for quantity in metric.quantities.values()} == {"none"}
