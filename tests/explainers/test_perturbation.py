"""Occlusion and ISM against brute force, and in any company."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import WEIGHTS, Linear

from gxarena import objective
from gxarena.data import Attribution, Batch, Floats
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.perturbation import ISM, Occlusion

ALPHABET = "ACGTN"


class Pairs(Linear):
    """Not additive: neighbours count together, the more so the further to the right."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        self.largest = max(getattr(self, "largest", 0), len(sequences))
        rows = []
        for sequence in sequences:
            w = np.array([WEIGHTS[letter] for letter in sequence])
            place = np.arange(1, len(w)) / len(w)
            rows.append([w.sum() / 3, (w[1:] * w[:-1] * place).sum() + w[0] ** 2])
        return np.array(rows)


def _batch(sequences: Sequence[str], what: str = "logit") -> Batch:
    return Batch(tuple(sequences), np.arange(len(sequences)) % 2, what)


def _drawn(random: Random, count: int, longest: int = 14) -> list[str]:
    return ["".join(random.choices(ALPHABET, k=random.randint(1, longest))) for _ in range(count)]


def _fixed(seed: int, count: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(ALPHABET), rng.integers(1, 15))) for _ in range(count)]


def _explained(model: Linear, sequence: str, target: int, what: str) -> float:
    return float(objective.value(what, model.predict([sequence]), np.array([target]))[0])


def _slow_occlusion(
    model: Linear, sequence: str, target: int, what: str, window: int, stride: int
) -> list[float]:
    boundaries = model.spans([sequence])[0].boundaries.tolist()
    n_units = len(boundaries) - 1
    whole = _explained(model, sequence, target, what)
    drops: list[list[float]] = [[] for _ in range(n_units)]
    start = 0
    while True:
        stop = min(start + window, n_units)
        first, last = boundaries[start], boundaries[stop]
        hidden = sequence[:first] + "N" * (last - first) + sequence[last:]
        for unit in range(start, stop):
            drops[unit].append(whole - _explained(model, hidden, target, what))
        if stop == n_units:
            return [sum(each) / len(each) for each in drops]
        start += stride


@pytest.mark.parametrize("what", objective.OBJECTIVES)
@pytest.mark.parametrize(
    ("window", "stride", "width"), [(1, 1, 1), (1, 1, 3), (3, 1, 1), (4, 3, 1), (2, 2, 2)]
)
def test_occlusion_is_what_brute_force_finds(
    what: str, window: int, stride: int, width: int
) -> None:
    model = Pairs(width)
    batch = _batch(_fixed(1, 9), what)
    found = Occlusion(window, stride, batch_size=7).explain(model, batch)
    for row, attribution in enumerate(found):
        expected = _slow_occlusion(
            model, batch.sequences[row], int(batch.targets[row]), what, window, stride
        )
        np.testing.assert_allclose(attribution.scores, expected, atol=1e-12)
        assert attribution.spans == model.spans([batch.sequences[row]])[0]


@pytest.mark.parametrize("what", objective.OBJECTIVES)
@pytest.mark.parametrize("width", [1, 3])
def test_ism_is_what_brute_force_finds(what: str, width: int) -> None:
    model = Pairs(width)
    batch = _batch(_fixed(2, 6), what)
    for row, attribution in enumerate(ISM(batch_size=11).explain(model, batch)):
        sequence, target = batch.sequences[row], int(batch.targets[row])
        table = np.array(
            [
                [
                    _explained(model, sequence[:at] + letter + sequence[at + 1 :], target, what)
                    for letter in "ACGT"
                ]
                for at in range(len(sequence))
            ]
        )
        scores = _explained(model, sequence, target, what) - table.mean(axis=1)
        by_unit = np.add.reduceat(scores, attribution.spans.boundaries[:-1])
        np.testing.assert_allclose(attribution.scores, by_unit, atol=1e-12)
        if width == 1:
            assert attribution.hypothetical is not None
            centred = table - table.mean(axis=1, keepdims=True)
            np.testing.assert_allclose(attribution.hypothetical, centred, atol=1e-12)
        else:
            assert (attribution.hypothetical is None) == (len(sequence) > 1)


def test_additive_models_have_closed_forms() -> None:
    sequence = "ACGTTGA"
    batch = Batch((sequence,), np.array([1]))
    weights = np.array([WEIGHTS[letter] for letter in sequence])
    (hidden,) = Occlusion().explain(Linear(), batch)
    (mutated,) = ISM().explain(Linear(), batch)
    np.testing.assert_allclose(hidden.scores, weights, atol=1e-12)
    mean = np.mean([WEIGHTS[letter] for letter in "ACGT"])
    np.testing.assert_allclose(mutated.scores, weights - mean, atol=1e-12)


def test_observed_part_of_the_hypothetical_is_the_score() -> None:
    sequence = "ACGTTGAC"
    (found,) = ISM().explain(Pairs(), Batch((sequence,), np.array([1])))
    assert found.hypothetical is not None
    observed = ["ACGT".index(letter) for letter in sequence]
    np.testing.assert_allclose(
        found.hypothetical[np.arange(len(sequence)), observed], found.scores, atol=1e-12
    )


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 6),
    st.randoms(use_true_random=False),
    st.sampled_from([1, 5, 64]),
    st.sampled_from(["occlusion", "wide", "ism"]),
)
def test_company_and_order_change_nothing(
    count: int, random: Random, batch_size: int, name: str
) -> None:
    model = Pairs(width=2)
    explainers = {
        "occlusion": Occlusion(batch_size=batch_size),
        "wide": Occlusion(3, 2, batch_size=batch_size),
        "ism": ISM(batch_size=batch_size),
    }
    batch = _batch(_drawn(random, count))
    together = explainers[name].explain(model, batch)
    for i in random.sample(range(count), count):
        alone = Batch((batch.sequences[i],), batch.targets[[i]])
        (attribution,) = explainers[name].explain(model, alone)
        _assert_equal(attribution, together[i])


def _assert_equal(one: Attribution, other: Attribution) -> None:
    np.testing.assert_array_equal(one.scores, other.scores)
    assert one.spans == other.spans
    assert one.diagnostics == other.diagnostics


def test_forwards_are_counted_and_come_in_bounded_batches() -> None:
    model = Pairs()
    batch = _batch(["ACGTACGTAC", "NNA"])
    hidden = Occlusion(batch_size=4).explain(model, batch)
    assert [a.diagnostics["forwards"] for a in hidden] == [11, 4]
    mutated = ISM(batch_size=4).explain(model, batch)
    assert [a.diagnostics["forwards"] for a in mutated] == [31, 4 + 4 + 3 + 1]
    assert model.largest == 4


def test_what_is_asked_for_must_make_sense() -> None:
    with pytest.raises(InputError, match="stride: expected 1 to 2, the window's units, got 3"):
        Occlusion(window=2, stride=3)
    with pytest.raises(InputError, match="window: expected 1 or more, got 0"):
        Occlusion(window=0)
    with pytest.raises(InputError, match="ism, batch_size: expected 1 or more, got 0"):
        ISM(batch_size=0)
    with pytest.raises(InputError, match="0 to 1, got 2"):
        ISM().explain(Linear(), Batch(("ACGT",), np.array([2])))


def test_occlusion_needs_a_model_that_can_hide_units() -> None:
    class Fixed:
        n_outputs, max_length = 2, None
        spans, predict = Linear().spans, Linear().predict

    with pytest.raises(Unsupported, match="maskable"):
        Occlusion().explain(Fixed(), _batch(["ACGT"]))
    assert len(ISM().explain(Fixed(), _batch(["ACGT"]))[0].scores) == 4
