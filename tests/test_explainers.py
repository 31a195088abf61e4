"""The random control is each sample's own."""

from __future__ import annotations

import numpy as np
from toys import Linear

from gxarena.data import Batch
from gxarena.explainers import Random


def _batch(*sequences: str, seeds: tuple[int, ...]) -> Batch:
    return Batch(sequences, np.zeros(len(sequences), dtype=np.int64), seeds=np.array(seeds))


def test_scores_depend_on_the_samples_seed_alone() -> None:
    model = Linear(width=3)
    a, b = Random().explain(model, _batch("ACGTACG", "AAAA", seeds=(1, 2)))
    (b_alone,) = Random().explain(model, _batch("AAAA", seeds=(2,)))
    assert np.array_equal(b.scores, b_alone.scores)
    assert [a.spans, b.spans] == model.spans(["ACGTACG", "AAAA"])


def test_scores_are_standard_normal() -> None:
    (one,) = Random().explain(Linear(), _batch("A" * 20_000, seeds=(0,)))
    assert abs(one.scores.mean()) < 0.03
    assert abs(one.scores.std() - 1) < 0.03
