"""Fingerprints against the maps themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maps import explained_maps

from gxarena.data import Floats
from gxarena.results.same_maps import DIRECTIONS, entries, fingerprint, same


def _maps(seed: int, n: int = 20, units: int = 50) -> list[Floats]:
    return list(np.random.default_rng(seed).normal(size=(n, units)))


def _print(maps: list[Floats]) -> Floats:
    return np.asarray(fingerprint(explained_maps(maps)))


@given(st.integers(0, 99), st.floats(1e-6, 1e6))
def test_scale_and_rounding_play_no_part(seed: int, scale: float) -> None:
    maps = _maps(seed)
    rounded = [(m * scale).astype(np.float32).astype(np.float64) for m in maps]
    assert same(_print(maps), _print(rounded))


@given(st.integers(0, 99))
def test_other_maps_are_told_apart(seed: int) -> None:
    maps = _maps(seed)
    others = [maps[0] * -1, *maps[1:]], [np.abs(m) for m in maps], _maps(seed + 1000)
    assert not any(same(_print(maps), _print(other)) for other in others)


@pytest.mark.parametrize("distance", [0.5, 0.05, 0.005])
def test_the_projections_estimate_the_maps_distance(distance: float) -> None:
    rng = np.random.default_rng(0)
    estimates, true = [], []
    for seed in range(50):
        maps = [m / np.abs(m).max() for m in _maps(seed)]
        moved = [m + distance * rng.normal(size=m.shape) * 0.3 for m in maps]
        one, other = _print(maps), _print(moved)
        scaled = [m / np.abs(m).max() for m in moved]
        true.append(np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(maps, scaled, strict=True))))
        estimates.append(np.sqrt(np.mean((one[1:] - other[1:]) ** 2)))
    assert np.mean(estimates) == pytest.approx(np.mean(true), rel=0.1)


def test_norm_and_length() -> None:
    found = fingerprint(explained_maps([[1.0, -2.0], [0.0, 0.0]]))
    assert len(found) == 1 + DIRECTIONS
    assert found[0] == pytest.approx(np.sqrt(0.5**2 + 1))


def test_maps_of_nothing_are_the_same() -> None:
    nothing = _print([np.zeros(5)])
    assert same(nothing, nothing)
    assert not same(nothing, _print([np.ones(5)]))


def test_entries_name_the_first_of_the_same_maps_in_every_replicate() -> None:
    a, b, c = (_print(_maps(seed)) for seed in range(3))
    assert entries([[a, b], [b, a], [a, b], None, None, [a], [a, b]]) == [0, 1, 0, 3, 4, 5, 0]
    assert entries([[a, b], [a, c]]) == [0, 1]
    assert entries([]) == []
