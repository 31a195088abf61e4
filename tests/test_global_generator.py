"""The global generator is lent, never taken."""

from __future__ import annotations

import numpy as np
import pytest

from gxarena.global_generator import numpy_seeded


@pytest.mark.parametrize("seed", [0, 3, 2**62 + 5])
def test_same_seed_same_numbers_and_the_state_comes_back(seed: int) -> None:
    before = np.random.get_state()[1].tolist()
    with numpy_seeded(seed) as short:
        first = np.random.random(3)
    with numpy_seeded(seed):
        again = np.random.random(3)
    assert np.array_equal(first, again)
    assert np.array_equal(first, np.random.RandomState(short).random_sample(3))
    assert np.random.get_state()[1].tolist() == before


def test_the_state_comes_back_after_an_error() -> None:
    before = np.random.get_state()[1].tolist()
    with pytest.raises(RuntimeError), numpy_seeded(3):
        raise RuntimeError
    assert np.random.get_state()[1].tolist() == before
