"""Controls: each sample's own, and what they say they are."""

from __future__ import annotations

from dataclasses import replace
from random import Random as Random_

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import Linear

from gxarena.data import Attribution, Batch, Interval
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.controls import GC, Blur, Oracle, Random
from gxarena.explainers.randomised import Randomised
from gxarena.registry import Registry


def _batch(*sequences: str, seeds: tuple[int, ...]) -> Batch:
    return Batch(sequences, np.zeros(len(sequences), dtype=np.int64), seeds=np.array(seeds))


def test_scores_depend_on_the_samples_seed_alone() -> None:
    model = Linear(width=3)
    a, b = Random().explain(model, _batch("ACGTACG", "AAAA", seeds=(1, 2)))
    (b_alone,) = Random().explain(model, _batch("AAAA", seeds=(2,)))
    assert np.array_equal(b.scores, b_alone.scores)
    assert [a.spans, b.spans] == model.spans(["ACGTACG", "AAAA"])


@given(st.integers(1, 9), st.randoms(use_true_random=False), st.integers(1, 4))
def test_neither_batch_nor_order_changes_a_score(count: int, random: Random_, width: int) -> None:
    model = Linear(width)
    sequences = ["".join(random.choices("ACGT", k=random.randint(1, 12))) for _ in range(count)]
    seeds = [random.getrandbits(63) for _ in range(count)]
    together = Random().explain(model, _batch(*sequences, seeds=tuple(seeds)))
    order = random.sample(range(count), count)
    for start in range(0, count, 2):
        some = order[start : start + 2]
        batch = _batch(*(sequences[i] for i in some), seeds=tuple(seeds[i] for i in some))
        for i, attribution in zip(some, Random().explain(model, batch), strict=True):
            assert np.array_equal(attribution.scores, together[i].scores)
            assert attribution.spans == together[i].spans


def test_neither_model_target_nor_objective_is_looked_at() -> None:
    batch = _batch("ACGTACG", seeds=(1,))
    (one,) = Random().explain(Linear(scale=1.0), batch)
    (other,) = Random().explain(
        Linear(scale=-9.0), replace(batch, targets=np.array([1]), objective="probability")
    )
    assert np.array_equal(one.scores, other.scores)


def test_the_numbers_are_numpys_own() -> None:
    (one,) = Random().explain(Linear(), _batch("ACG", seeds=(7,)))
    assert one.scores.tolist() == np.random.default_rng(7).standard_normal(3).tolist()


def test_scores_are_standard_normal() -> None:
    (one,) = Random().explain(Linear(), _batch("A" * 20_000, seeds=(0,)))
    assert abs(one.scores.mean()) < 0.03
    assert abs(one.scores.std() - 1) < 0.03


ANNOTATED = Batch(
    ("ACGTACG", "GGCA"),
    np.zeros(2, dtype=np.int64),
    seeds=np.array([1, 2]),
    annotations=((Interval(2, 5, "m"),), (Interval(0, 1, "m"), Interval(2, 4, "decoy:d"))),
)


def test_the_oracle_is_the_annotated_share_of_each_unit() -> None:
    a, b = Oracle().explain(Linear(), ANNOTATED)
    assert a.scores.tolist() == [0, 0, 1, 1, 1, 0, 0]
    assert b.scores.tolist() == [1, 0, 0, 0]
    (tokens, _) = Oracle().explain(Linear(width=3), ANNOTATED)
    assert tokens.scores.tolist() == [1 / 3, 2 / 3, 0]
    (_, decoys) = Oracle(["decoy:*"]).explain(Linear(), ANNOTATED)
    assert decoys.scores.tolist() == [0, 0, 1, 1]


def test_gc_is_the_share_of_g_and_c() -> None:
    (_, one) = GC().explain(Linear(), ANNOTATED)
    assert one.scores.tolist() == [1, 1, 1, 0]
    (tokens, _) = GC().explain(Linear(width=3), ANNOTATED)
    assert tokens.scores.tolist() == [2 / 3, 1 / 3, 1]


def test_blur_is_smooth_and_each_samples_own() -> None:
    batch = _batch("A" * 2000, "C" * 2000, seeds=(1, 2))
    for attribution, seed in zip(Blur(10).explain(Linear(), batch), (1, 2), strict=True):
        steps = np.abs(np.diff(attribution.scores)).mean()
        assert steps < 0.1 * attribution.scores.std()
        (alone,) = Blur(10).explain(Linear(), _batch("G" * 2000, seeds=(seed,)))
        assert np.array_equal(alone.scores, attribution.scores)


@pytest.mark.parametrize("width", [0, -1, np.inf, np.nan])
def test_a_blur_without_width_is_one_sentence(width: float) -> None:
    with pytest.raises(InputError, match="above 0"):
        Blur(width)


def test_randomised_is_the_explainer_on_the_copy(registry: Registry) -> None:
    from gxarena_cnn.lrp import LRP
    from gxarena_cnn.model import CNN

    model = CNN()
    sequences = ("ACGT" * 62 + "AC", "TTGACA" * 41 + "GGGG")
    batch = Batch(sequences, np.array([1, 0]))
    before = model.predict(sequences)

    def scores(explanations: list[Attribution]) -> list[list[float]]:
        return [attribution.scores.tolist() for attribution in explanations]

    found = {
        draw: scores(
            Randomised(registry, "lrp", draw, composite="epsilon_plus").explain(model, batch)
        )
        for draw in (0, 1)
    }
    wrapped = LRP(composite="epsilon_plus")
    for draw, got in found.items():
        assert got == scores(wrapped.explain(model.randomised(draw), batch))
        assert got != scores(wrapped.explain(model, batch))
    assert found[0] != found[1]
    assert np.array_equal(model.predict(sequences), before)


def test_randomised_says_what_it_cannot_do(registry: Registry) -> None:
    with pytest.raises(Unsupported, match="expected a randomisable model, got Linear"):
        Randomised(registry, "random").explain(Linear(), _batch("ACG", seeds=(1,)))
    with pytest.raises(InputError, match="randomised: expected parameters of lrp"):
        Randomised(registry, "lrp", colour="red")
    with pytest.raises(InputError, match="unknown"):
        Randomised(registry, "no-such-explainer")


def _letters_present(sequence: str) -> list[int]:
    return ["ACGT".index(letter) for letter in sequence]


def test_random_scores_of_every_letter_where_units_are_nucleotides() -> None:
    (one,) = Random().explain(Linear(), _batch("ACGTNA", seeds=(7,)))
    assert one.hypothetical is not None
    assert one.hypothetical.shape == (6, 4)
    known = [0, 1, 2, 3, 5]
    assert np.array_equal(one.hypothetical[known, _letters_present("ACGTA")], one.scores[known])
    assert len(np.unique(one.hypothetical)) == 24
    (tokens,) = Random().explain(Linear(width=3), _batch("ACGTAC", seeds=(7,)))
    assert tokens.hypothetical is None


@pytest.mark.parametrize("centred", [False, True])
def test_gc_of_every_letter_is_what_it_would_score(centred: bool) -> None:
    sequence = "ACGTGG"
    (one,) = GC(centred).explain(Linear(), _batch(sequence, seeds=(0,)))
    assert one.hypothetical is not None
    share = 4 / 6 if centred else 0.0
    assert one.hypothetical == pytest.approx(np.tile(np.array([0, 1, 1, 0]) - share, (6, 1)))
    assert one.scores == pytest.approx(one.hypothetical[range(6), _letters_present(sequence)])
    if centred:
        assert one.scores.sum() == pytest.approx(0)
    (tokens,) = GC(centred).explain(Linear(width=3), _batch(sequence, seeds=(0,)))
    assert tokens.scores == pytest.approx(np.array([2 / 3, 2 / 3]) - share)
    assert tokens.hypothetical is None
