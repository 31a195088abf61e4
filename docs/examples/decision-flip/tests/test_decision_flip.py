"""Its own: answers that are known without the code."""

from __future__ import annotations

import numpy as np
import pytest
from gxarena import Attribution, Explained, Registry, Sample
from gxarena.errors import InputError
from gxarena.testing.inputs import Masking

from decision_flip.metric import DecisionFlip


class Counting(Masking):
    """Decides for output 1 while there are more A than `enough`; units of `width` nucleotides."""

    def __init__(self, enough: float, width: int = 1) -> None:
        super().__init__(width)
        self._enough = enough

    def predict(self, sequences):
        return np.array([[self._enough, sequence.count("A")] for sequence in sequences])


def told(model, sequences, scores, targets=None, native=True, ids=None) -> Explained:
    samples = [Sample(i, s) for i, s in zip(ids or map(str, range(99)), sequences, strict=False)]
    maps = zip(scores, model.spans(sequences), strict=True)
    return Explained(
        tuple(samples),
        tuple(Attribution(np.asarray(row, dtype=float), spans) for row, spans in maps),
        np.ones(len(sequences), dtype=int) if targets is None else np.asarray(targets),
        model.predict(sequences),
        native=native,
    )


def is_a(sequence: str) -> np.ndarray:
    return np.array([letter == "A" for letter in sequence], dtype=float)


@pytest.mark.parametrize("native", [True, False])
def test_best_and_worst_order_of_a_model_that_counts(native: bool) -> None:
    sequence, model = "ACAGATACGA" * 2, Counting(5.5)  # 10 A: flips when 5 are gone
    told_of_both = told(model, [sequence] * 2, [is_a(sequence), -is_a(sequence)], native=native)
    scored = DecisionFlip(steps=20).score(told_of_both, model)
    assert scored.values[""].tolist() == [5 / 20, 15 / 20]
    assert scored.values["flips"].tolist() == [1, 1]


def test_what_never_flips_is_the_whole_sequence() -> None:
    model = Counting(-1)
    scored = DecisionFlip().score(told(model, ["ACGT"], [np.arange(4)]), model)
    assert (scored.values[""][0], scored.values["flips"][0]) == (1, 0)


def test_tokens_count_by_their_nucleotides() -> None:
    model = Counting(0.5, width=4)  # units AAAA, CCCC, CC
    explained = told(model, ["AAAACCCCCC"], [[2, 1, 3]])
    assert DecisionFlip(steps=100).score(explained, model).values[""][0] == 0.6


def test_fewer_steps_round_up() -> None:
    sequence, model = "A" * 12, Counting(8.5)  # flips when 4 of 12 are gone
    explained = told(model, [sequence], [np.arange(12)])
    for steps, share in ((12, 4 / 12), (4, 6 / 12), (2, 6 / 12), (1, 1)):
        assert DecisionFlip(steps).score(explained, model).values[""][0] == share


def test_equal_scores_go_in_an_order_of_the_sample_s_own() -> None:
    model, n, sequence = Counting(3.5), 400, "AAAA" + "C" * 36  # flips with the first A
    ids = [f"sample-{i}" for i in range(n)]
    explained = told(model, [sequence] * n, np.zeros((n, 40)), ids=ids)
    values = DecisionFlip(steps=40).score(explained, model).values[""]
    assert values.mean() == pytest.approx(41 / 5 / 40, abs=4 * values.std() / np.sqrt(n))
    assert len(set(values.tolist())) > 10


def test_where_nothing_can_flip_there_is_no_value() -> None:
    model = Counting(1.5)
    broken = np.array([np.nan, 0, 0, 0])
    explained = told(model, ["AACC", "AACC", "ACCC"], [np.arange(4), broken, np.arange(4)])
    scored = DecisionFlip().score(explained, model)
    assert np.isfinite(scored.values[""]).tolist() == [True, False, False]
    why = {1: "scores are not finite", 2: "what is explained is not what the model decides"}
    assert scored.reasons[""] == why
    with pytest.raises(InputError, match="decision-flip, steps"):
        DecisionFlip(0)


def test_a_slow_loop_over_letters_says_the_same_of_the_cnn() -> None:
    model, rng = Registry.load().create("models", "cnn", {}), np.random.default_rng(0)
    sequences = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(3)]
    scores = rng.normal(size=(3, 60))
    targets = model.predict(sequences).argmax(axis=1)
    explained = told(model, sequences, scores, targets)
    values = DecisionFlip(steps=60).score(explained, model).values[""]
    for sequence, row, target, value in zip(sequences, scores, targets, values, strict=True):
        letters, removed = list(sequence), 0
        while removed < 60 and model.predict(["".join(letters)])[0].argmax() == target:
            letters[np.argsort(-row)[removed]] = "N"
            removed += 1
        assert value == removed / 60
