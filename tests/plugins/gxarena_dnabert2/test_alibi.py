from __future__ import annotations

import numpy as np
import torch

from gxarena_dnabert2.alibi import alibi_bias, alibi_slopes


def test_slopes_of_a_power_of_two_are_one_geometric_series() -> None:
    assert alibi_slopes(8) == [2.0**-k for k in range(1, 9)]


def test_slopes_of_twelve_heads_interleave_two_series() -> None:
    eight = [2.0**-k for k in range(1, 9)]
    sixteen = [2.0 ** (-k / 2) for k in range(1, 17)]
    np.testing.assert_allclose(alibi_slopes(12), eight + sixteen[0:8:2], rtol=1e-12)


def test_the_bias_falls_with_distance_and_hides_padding() -> None:
    bias = alibi_bias(torch.tensor([0.5, 0.25]), torch.tensor([[1, 1, 1], [1, 1, 0]]))
    distances = np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]])
    for head, slope in enumerate((0.5, 0.25)):
        np.testing.assert_array_equal(bias[0, head], -slope * distances)
        np.testing.assert_array_equal(bias[1, head, :, :2], -slope * distances[:, :2])
    assert torch.isneginf(bias[1, :, :, 2]).all()
