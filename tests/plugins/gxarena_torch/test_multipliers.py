"""Scores and hypothetical contributions of multipliers, written out position by position."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gxarena.api import Layout
from gxarena.data import Spans
from gxarena_torch.multipliers import attribution, from_multipliers


@pytest.mark.parametrize("center", [False, True])
def test_multipliers_by_hand(center: bool) -> None:
    rng = np.random.default_rng(0)
    x, references = np.eye(4)[[0, 2, 1]], np.eye(4)[rng.integers(0, 4, (5, 3))]
    m = rng.standard_normal((5, 3, 4))
    layout = Layout(np.arange(3), Spans.nucleotides(3), length=3)
    (found,) = from_multipliers(
        [layout],
        torch.from_numpy(x)[None],
        torch.from_numpy(references)[None],
        torch.from_numpy(m)[None],
        torch.tensor([7.0]),
        one_hot=True,
        center=center,
    )
    scores = [
        np.mean([sum((x[t] - references[r, t]) * m[r, t]) for r in range(5)]) for t in range(3)
    ]
    hypothetical = np.array(
        [
            [
                np.mean([sum((letter - references[r, t]) * m[r, t]) for r in range(5)])
                for letter in np.eye(4)
            ]
            for t in range(3)
        ]
    )
    if center:
        hypothetical -= hypothetical.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.scores, scores, atol=1e-12)
    assert found.hypothetical is not None
    np.testing.assert_allclose(found.hypothetical, hypothetical, atol=1e-12)
    assert found.diagnostics["explained"] == 7.0
    assert found.diagnostics["absorbed"] == pytest.approx(7.0 - sum(scores))


def test_what_special_tokens_get_is_not_absorbed() -> None:
    layout = Layout(np.array([1, 2]), Spans(np.array([0, 4, 6])), {"[CLS]": 0, "[SEP]": 3}, 4)
    found = attribution(layout, np.array([1.0, 2.0, 4.0, 8.0]), explained=16.0)
    assert found.scores.tolist() == [2.0, 4.0]
    assert dict(found.special) == {"[CLS]": 1.0, "[SEP]": 8.0}
    assert found.diagnostics == {"explained": 16.0, "absorbed": 1.0}
    assert found.hypothetical is None
