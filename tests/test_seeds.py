"""Seeds are equal everywhere and differ wherever anything does."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxarena.seeds import all_seeded, numpy_seeded, sample_seed

SEED = 4054536768633745569


def test_a_seed_is_the_same_on_every_machine() -> None:
    assert sample_seed(0, "explain/random", "chr2R:1-250:+") == SEED


def test_seed_stage_and_sample_each_count() -> None:
    seeds = {sample_seed(s, stage, i) for s in (0, 1) for stage in "ab" for i in ("x", "y")}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert sample_seed(1, "1", "x") != sample_seed(11, "", "x")


def test_a_seed_survives_pythons_hash_randomisation() -> None:
    code = (
        "from gxarena.seeds import sample_seed as s; print(s(0, 'explain/random', 'chr2R:1-250:+'))"
    )
    for salt in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": salt},
            capture_output=True,
            check=True,
            text=True,
        )
        assert int(done.stdout) == SEED


@given(st.integers(-(2**70), 2**70), st.text(), st.text())
def test_any_text_has_a_seed_that_fits_a_signed_integer(seed: int, stage: str, name: str) -> None:
    drawn = sample_seed(seed, stage, name)
    assert int(np.int64(drawn)) == drawn >= 0


def test_seeds_of_neighbours_share_nothing() -> None:
    seeds = np.array([sample_seed(0, "ties", f"s{i}") for i in range(4000)])
    assert len(set(seeds.tolist())) == 4000
    bits = (seeds[:, None] >> np.arange(63)) & 1
    # Each of 63 bits is even: 5 standard deviations of 4000 coins.
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(4000)
    assert np.abs((bits[1:] == bits[:-1]).mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(3999)


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


@pytest.mark.parametrize("seed", [0, 2**62 + 5])
def test_every_global_generator_is_seeded_and_comes_back(seed: int) -> None:
    def drawn() -> list[float]:
        return [random.random(), float(np.random.random()), float(torch.rand(()))]  # noqa: S311

    def fails() -> None:
        with all_seeded(seed):
            assert drawn() == first
            raise RuntimeError

    def as_before() -> None:
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)

    as_before()
    expected = drawn()
    as_before()
    with all_seeded(seed):
        first = drawn()
    with pytest.raises(RuntimeError):
        fails()
    assert drawn() == expected
    with all_seeded(seed + 1):
        assert not set(drawn()) & set(first)
