"""A one-hot and a token model with their bundled weights, and sequences of unequal length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from gxarena.api import DifferentiableModel
from gxarena.data import Batch
from gxarena_cnn.model import CNN
from gxarena_dnabert2.model import Mini


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def cnn() -> CNN:
    return CNN("planted", device="cpu")


@pytest.fixture(scope="session")
def mini() -> Mini:
    return Mini(device="cpu")


@pytest.fixture(params=["cnn", "mini"])
def model(request: pytest.FixtureRequest) -> DifferentiableModel:
    found: DifferentiableModel = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """Random sequences, each with its own seed, of which some hold an N."""

    def make(lengths: tuple[int, ...] = (60, 33, 81), objective: str = "logit") -> Batch:
        rng = np.random.default_rng(0)
        sequences = tuple(
            "".join(rng.choice(list("ACGTN"), n, p=[0.245] * 4 + [0.02])) for n in lengths
        )
        n = len(sequences)
        return Batch(sequences, np.arange(n) % 2, objective, np.arange(n) + 7)

    return make
