"""Maps smoothed along the sequence: means of what lies inside, and ties that stay ties."""

from __future__ import annotations

import numpy as np
import pytest

from gxarena.metrics.smoothing import moving_mean


@pytest.mark.parametrize("width", [1, 3, 7, 21])
def test_a_mean_is_of_what_lies_inside(width: int) -> None:
    rng = np.random.default_rng(0)
    lengths = (5, 12, 9)
    rows = rng.normal(size=(3, 12)) * np.array([[1.0], [1e-200], [1e200]])
    inside = np.arange(12) < np.array(lengths)[:, None]
    found = moving_mean(np.where(inside, rows, np.nan), inside, width)
    for row, length, means in zip(rows, lengths, found, strict=True):
        for i in range(length):
            window = row[max(i - width // 2, 0) : min(i + width // 2 + 1, length)]
            assert means[i] == pytest.approx(window.mean(), rel=1e-6, abs=1e-11 * abs(row).max())


def test_windows_of_the_same_scores_in_another_order_tie() -> None:
    """Added up from another one on, the same eleven numbers differ in their last digits."""
    period = np.random.default_rng(0).normal(size=(40, 11)) * 10.0 ** np.arange(-5, 6)
    rows = np.tile(period, 9)
    means = moving_mean(rows, np.ones(rows.shape, dtype=bool), 11)[:, 5:-5]
    assert all(len(set(row)) == 1 for row in means.tolist())


def test_a_map_of_nothing_stays_nothing() -> None:
    assert not moving_mean(np.zeros((2, 6)), np.ones((2, 6), dtype=bool), 5).any()
