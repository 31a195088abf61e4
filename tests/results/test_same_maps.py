"""Fingerprints against the maps themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maps import explained_maps

from gxarena.data import Floats
from gxarena.results.same_maps import DIRECTIONS, entries, fingerprint, same


def _maps(seed: int, n: int = 20, units: int = 50) -> list[Floats]:
    return list(np.random.default_rng(seed).normal(size=(n, units)))


def _print(maps: list[Floats]) -> Floats:
    return np.asarray([fingerprint([explained_maps(maps)])])


@settings(deadline=None)
@given(st.integers(0, 99), st.floats(1e-6, 1e6))
def test_rounding_plays_no_part_whatever_the_scale(seed: int, scale: float) -> None:
    maps = [m * scale for m in _maps(seed)]
    rounded = [m.astype(np.float32).astype(np.float64) for m in maps]
    assert same(_print(maps), _print(rounded))


@settings(deadline=None)
@given(
    st.integers(0, 99), st.sampled_from([1e-6, 0.5, 0.98, 1.02, 1e6]), st.sampled_from([50, 2000])
)
def test_maps_that_differ_by_a_factor_are_others(seed: int, factor: float, units: int) -> None:
    maps = _maps(seed, units=units)
    assert not same(_print(maps), _print([m * factor for m in maps]))


def test_one_replicate_where_rounding_does_more_does_not_part_maps() -> None:
    maps = [_print(_maps(seed)) for seed in range(5)]
    rng = np.random.default_rng(0)

    def moved(seed: int, distance: float) -> Floats:
        found = [m + distance * rng.normal(size=m.shape) for m in _maps(seed)]
        return _print(found)

    near = [moved(seed, 6e-3 if seed == 1 else 1e-4) for seed in range(5)]
    assert not same(maps[1], near[1])
    assert same(np.concatenate(maps), np.concatenate(near))


@settings(deadline=None)
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
        moved = [m / np.abs(m).max() for m in moved]
        one, other = _print(maps), _print(moved)
        true.append(np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(maps, moved, strict=True))))
        estimates.append(np.sqrt(np.mean((one[:, 1:] - other[:, 1:]) ** 2)))
    assert np.mean(estimates) == pytest.approx(np.mean(true), rel=0.1)


def test_norm_and_length() -> None:
    found = fingerprint([explained_maps([[1.0, -2.0], [0.0, 0.0]])])
    assert len(found) == 1 + DIRECTIONS
    assert found[0] == pytest.approx(np.sqrt(0.5**2 + 1))


def test_in_parts_it_is_the_same() -> None:
    whole = explained_maps(_maps(3))
    parts = [whole.of(range(start, min(start + 7, 20))) for start in range(0, 20, 7)]
    assert fingerprint(parts) == fingerprint([whole])


def test_maps_of_nothing_are_the_same() -> None:
    nothing = _print([np.zeros(5)])
    assert same(nothing, nothing)
    assert not same(nothing, _print([np.ones(5)]))


def test_entries_name_the_first_of_the_same_maps_in_every_replicate_that_both_have() -> None:
    a, b, c = (_print(_maps(seed))[0] for seed in range(3))
    of = lambda *prints: dict(enumerate(prints))  # noqa: E731
    given = [of(a, b), of(b, a), of(a, b), {}, {}, of(a, b)]
    assert entries(given) == [0, 1, 0, 3, 4, 0]
    assert entries([of(a, b), of(a, c)]) == [0, 1]
    # An explanation that failed with some weights: twins on the rest are twins.
    assert entries([of(a, b), of(a), {1: b}, {1: a}, {0: a, 2: c}, {2: b}]) == [0, 0, 0, 3, 0, 5]
    assert entries([]) == []
