"""A one-hot model with its bundled weights, and sequences, two of one length, one with N."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from gxarena.data import Batch
from gxarena_cnn.model import CNN


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def cnn() -> CNN:
    return CNN("planted", device="cpu")


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    def make(lengths: tuple[int, ...] = (60, 33, 60), objective: str = "logit") -> Batch:
        rng = np.random.default_rng(0)
        sequences = ["".join(rng.choice(list("ACGT"), n)) for n in lengths]
        sequences[0] = sequences[0][:10] + "NN" + sequences[0][12:]
        n = len(sequences)
        return Batch(tuple(sequences), np.arange(n) % 2, objective, np.arange(n))

    return make
