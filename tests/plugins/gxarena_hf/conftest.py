"""A checkpoint of each architecture, real files read by the real loader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gxarena_hf.model import HuggingFace
from gxarena_hf.toys import TOYS, write_toy


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Checkpoint folders by the toy's name; not to be written to."""
    out = tmp_path_factory.mktemp("toys")
    return {name: write_toy(name, out / name) for name in TOYS}


@pytest.fixture(scope="session")
def models(folders: dict[str, Path]) -> dict[str, HuggingFace]:
    """The models by the toy's name; not to be changed."""
    return {name: HuggingFace(folder, device="cpu") for name, folder in folders.items()}


@pytest.fixture(scope="session", params=sorted(TOYS))
def model(request: pytest.FixtureRequest, models: dict[str, HuggingFace]) -> HuggingFace:
    """Each model; not to be changed."""
    return models[request.param]


@pytest.fixture
def sequences() -> list[str]:
    """Sequences of unequal length, one with N, one repeated."""
    rng = np.random.default_rng(1)
    drawn = ["".join(rng.choice(list("ACGT"), n)) for n in (60, 7, 33, 100, 3)]
    return [*drawn, "NN" + drawn[2] + "N", drawn[0]]
