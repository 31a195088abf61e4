"""SHAP on games with known values: additive, of all subsets, over a hierarchy; and on the mini."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import WEIGHTS, Linear

from gxarena import objective
from gxarena.data import Batch, Bools, Floats
from gxarena.datasets.bundled import fly_promoters
from gxarena.errors import InputError, Unsupported
from gxarena_dnabert2.model import Mini
from gxarena_shap.coalitions import stretches
from gxarena_shap.explainers import Exact, Kernel, Partition, Permutation

ALL = [Partition(), Exact(), Permutation(), Kernel()]


class Epistatic(Linear):
    """Neighbours, and the two ends, count together."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        rows = []
        for sequence in sequences:
            w = np.array([WEIGHTS[letter] for letter in sequence])
            together = (w[1:] * w[:-1] * np.arange(1, len(w))).sum() + w[0] * w[-1] * w.sum()
            rows.append([np.sin(w.sum()), w.sum() + together])
        return np.array(rows)


def _batch(sequences: Sequence[str], what: str = "logit", target: int = 1) -> Batch:
    n = len(sequences)
    return Batch(tuple(sequences), np.full(n, target), what, seeds=np.arange(n) + 7)


def _payoff(model: Linear, sequence: str, what: str = "logit", target: int = 1) -> dict[int, float]:
    """Every coalition's payoff by its bits."""
    n = len(model.spans([sequence])[0])
    masks = [np.array([not code >> unit & 1 for unit in range(n)]) for code in range(2**n)]
    outputs = model.predict_masked([sequence] * len(masks), masks)
    values = objective.value(what, outputs, np.full(len(masks), target))
    return dict(enumerate(values.tolist()))


def _shapley(payoff: dict[int, float], n: int) -> Floats:
    """By the definition: the mean over all orders of what each adds on arrival."""
    values = np.zeros(n)
    for order in permutations(range(n)):
        present = 0
        for player in order:
            values[player] += payoff[present | 1 << player] - payoff[present]
            present |= 1 << player
    return values / math.factorial(n)


def _owen(payoff: dict[int, float], tree: tuple[object, ...] | int, n: int) -> Floats:
    """The mean over all orders that keep the members of each cluster together."""

    def leaves(node: object) -> int:
        return 1 << node if isinstance(node, int) else leaves(node[0]) | leaves(node[1])  # type: ignore[index]

    values = np.zeros(n)

    def descend(node: object, others: int, weight: float) -> None:
        if isinstance(node, int):
            values[node] += weight * (payoff[others | 1 << node] - payoff[others])
            return
        left, right = node  # type: ignore[misc]
        for one, other in ((left, right), (right, left)):
            descend(one, others, weight / 2)
            descend(one, others | leaves(other), weight / 2)

    descend(tree, 0, 1.0)
    return values


@pytest.mark.parametrize("explainer", ALL, ids=lambda e: e.name)
@pytest.mark.parametrize("width", [1, 3])
def test_additive_games_give_each_unit_its_own(explainer: Exact, width: int) -> None:
    model = Linear(width)
    sequences = ["ACGTTGAC", "A", "GGTNCA"]
    for sequence, found in zip(sequences, explainer.explain(model, _batch(sequences)), strict=True):
        weights = [WEIGHTS[letter] for letter in sequence]
        expected = np.add.reduceat(weights, found.spans.boundaries[:-1])
        np.testing.assert_allclose(found.scores, expected, atol=1e-9)
        assert found.spans == model.spans([sequence])[0]


@pytest.mark.parametrize("what", objective.OBJECTIVES)
def test_exact_values_are_shapleys(what: str) -> None:
    model, sequence = Epistatic(), "GACTGA"
    (found,) = Exact().explain(model, _batch([sequence], what))
    expected = _shapley(_payoff(model, sequence, what), len(sequence))
    np.testing.assert_allclose(found.scores, expected, atol=1e-9)


def test_kernel_with_every_coalition_is_exact() -> None:
    model, sequence = Epistatic(), "GACTGA"
    (found,) = Kernel(samples=2**6).explain(model, _batch([sequence]))
    expected = _shapley(_payoff(model, sequence), len(sequence))
    np.testing.assert_allclose(found.scores, expected, atol=1e-9)


def test_permutations_come_near_the_exact_values() -> None:
    model, sequence = Epistatic(), "GACTGA"
    (found,) = Permutation(permutations=600).explain(model, _batch([sequence]))
    expected = _shapley(_payoff(model, sequence), len(sequence))
    np.testing.assert_allclose(found.scores, expected, atol=0.15)


def test_partition_values_are_owens() -> None:
    model, sequence = Epistatic(), "GACTGAG"
    (found,) = Partition().explain(model, _batch([sequence]))
    tree = (((0, 1), (2, 3)), ((4, 5), 6))
    expected = _owen(_payoff(model, sequence), tree, len(sequence))
    np.testing.assert_allclose(found.scores, expected, atol=1e-9)
    assert not np.allclose(expected, _shapley(_payoff(model, sequence), 7), atol=1e-3)


def test_stretches_share_the_value_of_their_player() -> None:
    model, sequence = Epistatic(), "GACTGAGCAA"
    (found,) = Exact(players=3).explain(model, _batch([sequence]))
    owner = stretches(10, 3)
    assert np.bincount(owner).tolist() == [4, 3, 3]
    payoff = {}
    for code in range(8):
        hidden = np.array([not code >> player & 1 for player in owner.tolist()])
        payoff[code] = float(model.predict_masked([sequence], [hidden])[0, 1])
    expected = (_shapley(payoff, 3) / [4, 3, 3])[owner]
    np.testing.assert_allclose(found.scores, expected, atol=1e-9)


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(4)), st.sampled_from([3, 64]))
@pytest.mark.parametrize("kind", [Partition, Exact, Permutation, Kernel])
def test_company_order_and_the_global_generator_change_nothing(
    kind: type[Exact], order: list[int], batch_size: int
) -> None:
    model = Epistatic()
    sequences = ["GACTGAGCATTCAG", "A", "CCGTA", "GACTGAGCATTCAG"]
    together = kind(batch_size=64).explain(model, _batch(sequences))
    np.random.seed(order[0])
    before = np.random.get_state()[1].tolist()
    # Which clusters are opened at a time is a setting of the method; elsewhere it is not.
    explainer = kind(batch_size=64 if kind is Partition else batch_size)
    for index in order:
        alone = Batch((sequences[index],), np.array([1]), seeds=np.array([index + 7]))
        (found,) = explainer.explain(model, alone)
        np.testing.assert_array_equal(found.scores, together[index].scores)
    assert np.random.get_state()[1].tolist() == before
    if kind in (Permutation, Kernel):
        assert not np.array_equal(together[0].scores, together[3].scores)


class Counting(Linear):
    largest = 0
    asked = 0

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        self.largest = max(self.largest, len(sequences))
        self.asked += len(sequences)
        return super().predict_masked(sequences, masks)


@pytest.mark.parametrize("kind", [Partition, Exact, Permutation, Kernel])
def test_forwards_are_counted_and_come_in_bounded_batches(kind: type[Exact]) -> None:
    model = Counting()
    (found,) = kind(batch_size=8).explain(model, _batch(["GACTGAGCATTC"]))
    assert found.diagnostics["forwards"] == model.asked
    assert model.largest <= 8


@pytest.mark.parametrize(
    "explainer",
    [Partition(128), Exact(players=6), Permutation(1), Kernel(64)],
    ids=lambda e: e.name,
)
def test_efficiency_on_a_token_model(explainer: Exact) -> None:
    model = Mini(device="cpu")
    sequences = [sample.sequence[:90] for sample in fly_promoters().samples[:2]]
    batch = Batch(tuple(sequences), np.array([1, 0]), "log_odds", np.arange(2))
    for row, found in enumerate(explainer.explain(model, batch)):
        masks = [np.full(len(found.spans), hidden) for hidden in (False, True)]
        outputs = model.predict_masked([sequences[row]] * 2, masks)
        whole, empty = objective.value("log_odds", outputs, batch.targets[[row, row]])
        assert np.isfinite(found.scores).all()
        assert found.diagnostics["explained"] == pytest.approx(whole - empty, abs=1e-5)
        assert found.scores.sum() == pytest.approx(whole - empty, abs=1e-4)
        assert abs(whole - empty) > 0.1


def test_what_is_asked_for_must_make_sense() -> None:
    with pytest.raises(InputError, match="shap-exact, players: expected 1 to 20, got 21"):
        Exact(players=21)
    with pytest.raises(InputError, match="shap-partition, evaluations: expected 4 or more, got 3"):
        Partition(evaluations=3)
    with pytest.raises(InputError, match="shap-permutation, permutations: expected 1 or more"):
        Permutation(permutations=0)
    with pytest.raises(InputError, match="shap-kernel, samples: expected 4 or more, got 1"):
        Kernel(samples=1)
    with pytest.raises(InputError, match="shap-kernel, batch_size: expected 1 or more, got 0"):
        Kernel(batch_size=0)


def test_other_models_are_unsupported() -> None:
    class Fixed:
        n_outputs, max_length = 2, None
        spans, predict = Linear().spans, Linear().predict

    with pytest.raises(Unsupported, match="shap-exact: expected a maskable model"):
        Exact().explain(Fixed(), _batch(["ACGT"]))
