"""The truth made worse: nothing at level 0, by hand at 1, and monotone in between."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from toys import Linear

from gxarena.data import Batch, Floats, Interval, Sample
from gxarena.errors import InputError
from gxarena.explainers.controls import Oracle, Random
from gxarena.explainers.degraded import REACH, DegradedOracle, How
from gxarena.truth import truth

WAYS = get_args(How)
LENGTH, N = 200, 40
MARKS = (Interval(30, 42, "MA1"), Interval(90, 98, "MA2"), Interval(150, 160, "decoy:MA3"))


def _batch(n: int = N, first: int = 0) -> Batch:
    return Batch(
        ("ACGT" * (LENGTH // 4),) * n,
        np.zeros(n, dtype=np.int64),
        seeds=np.arange(first, first + n),
        annotations=(MARKS,) * n,
    )


def _maps(how: How, level: float, batch: Batch | None = None) -> Floats:
    explained = DegradedOracle(how, level).explain(Linear(), batch or _batch())
    return np.stack([one.scores for one in explained])


TRUE = truth(Sample("", "A" * LENGTH, None, MARKS))


@pytest.mark.parametrize("how", WAYS)
def test_at_level_0_it_is_the_oracle(how: How) -> None:
    oracle = np.stack([one.scores for one in Oracle().explain(Linear(), _batch())])
    np.testing.assert_allclose(_maps(how, 0.0), oracle, atol=1e-6)


def test_at_level_1_by_hand() -> None:
    noise = np.stack([one.scores for one in Random().explain(Linear(), _batch())])
    np.testing.assert_array_equal(_maps("noise", 1.0), noise)
    shifted = {tuple(np.flatnonzero(row)) for row in _maps("shift", 1.0)}
    assert shifted == {tuple(np.flatnonzero(TRUE) + side * REACH) for side in (-1, 1)}
    np.testing.assert_array_equal(_maps("flip", 1.0), np.tile(-1.0 * TRUE, (N, 1)))
    assert not _maps("drop", 1.0).any()
    with_decoys = _maps("decoys", 1.0)
    assert ((with_decoys > 0).sum(axis=1) == 2 * TRUE.sum()).all()
    assert (with_decoys[:, TRUE] == 1).all()


def test_what_is_dropped_are_whole_motifs_and_half_of_them_at_one_half() -> None:
    maps = _maps("drop", 0.5, _batch(400))
    for start, end in ((30, 42), (90, 98)):
        assert set(maps[:, start:end].sum(axis=1)) == {0.0, float(end - start)}
        assert abs((maps[:, start] > 0).mean() - 0.5) < 0.1


@pytest.mark.parametrize("how", [how for how in WAYS if how != "decoys"])
def test_precision_falls_as_the_level_rises(how: How) -> None:
    levels = (0.0, 0.25, 0.5, 0.75, 1.0)
    precision = [
        np.mean([average_precision_score(TRUE, row) for row in _maps(how, level)])
        for level in levels
    ]
    assert precision[0] == pytest.approx(1.0)
    assert all(better >= worse - 1e-9 for better, worse in pairwise(precision))
    assert precision[-1] < 0.8


@pytest.mark.parametrize("how", WAYS)
def test_a_sample_does_not_see_its_neighbours(how: How) -> None:
    np.testing.assert_array_equal(_maps(how, 0.6)[5], _maps(how, 0.6, _batch(1, first=5))[0])


def test_units_have_their_nucleotides_mean() -> None:
    (one,) = DegradedOracle("drop", 0.0).explain(Linear(4), _batch(1))
    np.testing.assert_allclose(one.scores, TRUE.reshape(-1, 4).mean(axis=1))


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan")])
def test_a_level_out_of_range_is_one_sentence(level: float) -> None:
    with pytest.raises(InputError, match="degraded_oracle, level: expected 0 to 1"):
        DegradedOracle("noise", level)
