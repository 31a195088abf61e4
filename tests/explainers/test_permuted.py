"""Scores in places that mean nothing: the same numbers, on units of the same widths."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import Linear

from gxarena.data import Attribution, Batch
from gxarena.errors import InputError
from gxarena.explainers.controls import Random
from gxarena.explainers.permuted import Permuted
from gxarena.registry import Registry


def _batch(*sequences: str, seeds: tuple[int, ...]) -> Batch:
    return Batch(sequences, np.zeros(len(sequences), dtype=np.int64), seeds=np.array(seeds))


def _by_width(attribution: Attribution) -> dict[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    for width, score in zip(attribution.spans.widths, attribution.scores, strict=True):
        found[int(width)].append(float(score))
    return {width: sorted(scores) for width, scores in found.items()}


@settings(deadline=None)  # the first of them loads the registry
@given(st.integers(0, 2**63 - 1), st.integers(1, 4), st.integers(1, 40))
def test_scores_stay_in_their_width_and_spans_are_the_explainers(
    seed: int, width: int, length: int
) -> None:
    registry = Registry.load()
    batch = _batch("A" * length, seeds=(seed,))
    (plain,) = Random().explain(Linear(width), batch)
    (found,) = Permuted(registry, "random").explain(Linear(width), batch)
    assert found.spans == plain.spans
    assert _by_width(found) == _by_width(plain)


def test_places_are_drawn_evenly_and_from_the_samples_seed_alone(registry: Registry) -> None:
    permuted, model = Permuted(registry, "gc"), Linear()
    sequence = "GAAA"  # whose single G may come anywhere
    batch = _batch(*[sequence] * 2000, seeds=tuple(range(2000)))
    found = permuted.explain(model, batch)
    places = np.bincount([int(one.scores.argmax()) for one in found], minlength=4)
    assert np.abs(places - 500).max() < 5 * np.sqrt(2000 * 3 / 16)
    (alone,) = permuted.explain(model, _batch(sequence, seeds=(7,)))
    assert np.array_equal(alone.scores, found[7].scores)


def test_the_order_has_nothing_to_do_with_what_the_explainer_draws(registry: Registry) -> None:
    batch = _batch(*["ACGTACGTAC"] * 300, seeds=tuple(range(300)))
    plain = np.stack([one.scores for one in Random().explain(Linear(), batch)])
    moved = np.stack([one.scores for one in Permuted(registry, "random").explain(Linear(), batch)])
    assert abs(np.corrcoef(plain.ravel(), moved.ravel())[0, 1]) < 0.1


def test_hypothetical_contributions_do_not_come_along(registry: Registry) -> None:
    from gxarena_cnn.model import CNN

    batch = Batch(("ACGT" * 62 + "AC",), np.array([1]), seeds=np.array([3]))
    permuted = Permuted(registry, "lrp", composite="epsilon_plus")
    (found,) = permuted.explain(CNN(), batch)
    assert found.hypothetical is None
    assert permuted.cost == registry.create("explainers", "lrp", {}).cost


def test_what_it_does_not_take_is_one_sentence(registry: Registry) -> None:
    with pytest.raises(InputError, match="permuted: expected parameters of lrp"):
        Permuted(registry, "lrp", colour="red")
