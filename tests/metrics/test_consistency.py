"""Attribution consistency against closed forms and plain loops; and what it must not reward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

from gxarena.data import Attribution, Batch, Explained, Floats, Sample, Spans
from gxarena.errors import InputError, Unsupported
from gxarena.explainers.controls import GC, Random
from gxarena.metrics.consistency import AttributionConsistency
from gxarena.seeds import sample_seed

KEYS = {"excess", "divergence", "null", "null_spread"}
LETTERS = np.eye(4)


def _explained(maps: list[Any], ids: list[str] | None = None, seed: int = 0) -> Explained:
    """One sample per map of hypothetical contributions, shape (L, 4)."""
    rows = [np.asarray(one, dtype=np.float64) for one in maps]
    names = ids or [f"s{i}" for i in range(len(rows))]
    return Explained(
        tuple(Sample(name, "A" * len(row)) for name, row in zip(names, rows, strict=True)),
        tuple(Attribution(r[:, 0], Spans.nucleotides(len(r)), hypothetical=r) for r in rows),
        np.ones(len(rows), dtype=np.int64),
        np.zeros((len(rows), 2)),
        seed=seed,
    )


def _values(maps: list[Any], metric: AttributionConsistency | None = None, **given: Any) -> Any:
    scored = (metric or AttributionConsistency()).score_set(_explained(maps, **given))
    assert scored.values.keys() == KEYS
    assert scored.reasons == {}
    return scored.values


class _OneHot:
    """What the controls ask of a model."""

    n_outputs, max_length = 2, None

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        return [Spans.nucleotides(len(sequence)) for sequence in sequences]

    def predict(self, sequences: Sequence[str]) -> Floats:
        return np.zeros((len(sequences), 2))


def _batch(explained: Explained) -> Batch:
    n = len(explained)
    return Batch(explained.sequences, np.ones(n, dtype=np.int64), seeds=np.arange(n))


def _noise(n: int, length: int, seed: int = 0) -> list[Floats]:
    return list(np.random.default_rng(seed).normal(size=(n, length, 4)))


def _planted(n: int, length: int, strength: float, seed: int = 0) -> list[Floats]:
    """Noise, and in each map one instance of the same motif of 10 positions somewhere."""
    rng = np.random.default_rng(seed)
    motif = strength * rng.normal(size=(10, 4))
    maps = _noise(n, length, seed + 1000)
    for one in maps:
        start = rng.integers(0, length - len(motif))
        one[start : start + len(motif)] += motif
    return maps


# An independent implementation: plain loops, the definition's own words, no matrices.


def _slow_directions(maps: list[Floats], window: int, share: float) -> list[Any]:
    """Kept windows: (map, phi, theta, r)."""
    found: list[tuple[int, float, float, float]] = []
    for number, one in enumerate(maps):
        axes = [
            np.array([-1, 1, 0, 0]) / math.sqrt(2),
            np.array([-1, -1, 2, 0]) / math.sqrt(6),
            np.array([-1, -1, -1, 3]) / math.sqrt(12),
        ]
        centred = [row - sum(row) / 4 for row in one]
        total = sum(math.sqrt(sum(v * v for v in row)) for row in centred)
        for start in range(len(one) - window + 1):
            x, y, z = (
                sum(float(row @ axis) for row in centred[start : start + window]) / total
                for axis in axes
            )
            r = math.sqrt(x * x + y * y + z * z)
            cosine = max(-1.0, min(1.0, x / r)) if r else 0.0
            found.append((number, math.atan2(z, y), math.acos(cosine), r))
    found.sort(key=lambda one: -one[-1])
    return [one for one in found[: max(1, int(share * len(found)))] if one[-1] > 1e-12]


def _slow_divergence(
    boxes: list[tuple[int, int]], weights: list[float], bins: int, reach: int
) -> float:
    def mirrored(box: int) -> int:
        return -1 - box if box < 0 else 2 * bins - 1 - box if box >= bins else box

    histogram: dict[tuple[int, int], float] = {}
    for (row, column), weight in zip(boxes, weights, strict=True):
        box = (row % bins, mirrored(column))
        histogram[box] = histogram.get(box, 0.0) + weight / sum(weights)
    divergence = 0.0
    for (row, column), p in histogram.items():
        around = [
            histogram.get(((row + i) % bins, mirrored(column + j)), 0.0)
            for i in range(-reach, reach + 1)
            for j in range(-reach, reach + 1)
        ]
        divergence += p * math.log(p / (sum(around) / len(around)))
    return divergence


def _slow(
    maps: list[Floats],
    window: int = 6,
    share: float = 0.04,
    bins: int = 31,
    reach: int = 3,
    nulls: int = 20,
) -> dict[str, float]:
    kept = _slow_directions(maps, window, share)
    weights = [r * r for *_, r in kept]
    boxes = [
        (
            int((phi + math.pi) / (2 * math.pi) * bins) % bins,
            min(int(theta / math.pi * bins), bins - 1),
        )
        for _, phi, theta, _ in kept
    ]
    moves = {
        number: np.random.default_rng(
            sample_seed(0, "attribution_consistency/moves", f"s{number}")
        ).integers(-reach, reach + 1, (nulls, 2))
        for number in range(len(maps))
    }
    null = [
        _slow_divergence(
            [
                (row + moves[number][copy][0], column + moves[number][copy][1])
                for (row, column), (number, *_) in zip(boxes, kept, strict=True)
            ],
            weights,
            bins,
            reach,
        )
        for copy in range(nulls)
    ]
    found = _slow_divergence(boxes, weights, bins, reach)
    mean = sum(null) / nulls
    spread = math.sqrt(sum((one - mean) ** 2 for one in null) / (nulls - 1))
    return {"excess": found - mean, "divergence": found, "null": mean, "null_spread": spread}


@pytest.mark.reimplements("attribution_consistency")
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"window": 1, "share": 0.5},
        {"window": 3, "share": 0.1, "bins": 7, "reach": 3, "nulls": 2},
        {"window": 10, "share": 1.0, "bins": 12, "reach": 1, "nulls": 5},
    ],
)
def test_agrees_with_plain_loops(given: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    maps = [rng.normal(size=(length, 4)) * 10.0**k for k, length in enumerate((70, 91, 12, 60))]
    got = _values(maps, AttributionConsistency(**given))
    assert got == pytest.approx(_slow(maps, **given), abs=1e-9)


def test_agrees_with_plain_loops_on_many_maps_with_a_motif() -> None:
    maps = _planted(40, 50, 4.0)
    assert _values(maps) == pytest.approx(_slow(maps), abs=1e-9)


def test_the_lab_s_settings_are_the_defaults() -> None:
    maps = _planted(20, 60, 3.0)
    given = {"window": 6, "share": 0.04, "bins": 31, "reach": 3, "nulls": 20}
    assert _values(maps, AttributionConsistency(**given)) == _values(maps)  # type: ignore[arg-type]


# Closed forms.


def test_one_direction_diverges_by_the_whole_local_mean() -> None:
    # All in one box: p = 1, and q is 1 over the 7 times 7 boxes around it.
    for letter, size in ((2, 20), (3, 6), (0, 9)):
        maps = [np.tile(LETTERS[letter], (size, 1))] * 3
        assert _values(maps)["divergence"] == pytest.approx(math.log(49))
    wide = AttributionConsistency(bins=40, reach=5)
    assert _values(maps, wide)["divergence"] == pytest.approx(math.log(121))


def test_at_a_pole_the_mirror_counts_a_box_twice() -> None:
    # C - A is the axis theta starts at: box 0 has itself once more behind the pole.
    maps = [np.tile(LETTERS[1] - LETTERS[0], (8, 1))] * 2
    assert _values(maps)["divergence"] == pytest.approx(math.log(49 / 2))
    opposite = [np.tile(LETTERS[0] - LETTERS[1], (8, 1))] * 2
    assert _values(opposite)["divergence"] == pytest.approx(math.log(49 / 2))


def test_a_pole_is_next_to_the_boxes_around_it() -> None:
    for sign in (1, -1):
        pole = np.tile(_letters(sign, 0.0, 0.0), (6, 1))
        beside = np.tile(_letters(sign * math.cos(0.15), math.sin(0.15), 0.0), (6, 1))
        got = _values([pole, beside], AttributionConsistency(share=1.0))
        # Either of the two boxes is seen twice from either, once in the mirror: q is 2 / 49.
        assert got["divergence"] == pytest.approx(math.log(0.5 * 49 / 2))


def test_two_directions_far_apart_diverge_as_one_does_and_near_ones_share_a_mean() -> None:
    g, t = np.tile(LETTERS[2], (6, 1)), np.tile(LETTERS[3], (6, 1))
    everything = AttributionConsistency(share=1.0)
    assert _values([g, t], everything)["divergence"] == pytest.approx(math.log(49))
    # One box of phi apart, at the equator: each local mean holds both halves.
    near = [_equator(2 * math.pi / 31 * step) for step in (3, 4)]
    assert _values(near, everything)["divergence"] == pytest.approx(math.log(49 / 2))


def _letters(first: float, second: float, third: float) -> Floats:
    """Contributions of four letters with these contrasts."""
    axes = np.array([[-1, 1, 0, 0], [-1, -1, 2, 0], [-1, -1, -1, 3]]) / np.sqrt([[2], [6], [12]])
    return np.asarray(np.array([first, second, third]) @ axes)


def _equator(angle: float) -> Floats:
    """A map of one window, half way between the poles."""
    return np.tile(_letters(0.0, math.cos(angle), math.sin(angle)), (6, 1))


def test_phi_is_a_circle() -> None:
    """Either side of where phi jumps from pi to -pi is next door."""
    got = _values(
        [_equator(math.pi - 0.1), _equator(math.pi + 0.1)], AttributionConsistency(share=1.0)
    )
    assert got["divergence"] == pytest.approx(math.log(49 / 2))


def test_windows_weigh_by_their_squared_length() -> None:
    # Two boxes side by side; two of the six positions of the second point back: |s| is 1 and 1/3.
    near = [_equator(0.3), _equator(0.5)]
    near[1][:2] *= -1
    p = 0.9
    expected = p * math.log(49 * p) + (1 - p) * math.log(49 * (1 - p))
    got = _values(near, AttributionConsistency(share=1.0))
    assert got["divergence"] == pytest.approx(expected)


def test_only_the_strongest_share_of_windows_counts() -> None:
    # 100 windows of one position: four strong ones in a box, and the next strongest beside it.
    maps = [0.01 * one for one in _noise(4, 25)]
    for one in maps:
        one[7] = _equator(0.3)[0]
    maps[0][9] = 0.5 * _equator(0.5)[0]
    strict = _values(maps, AttributionConsistency(window=1, share=0.04))
    assert strict["divergence"] == pytest.approx(math.log(49))
    lenient = _values(maps, AttributionConsistency(window=1, share=0.05))
    assert lenient["divergence"] < math.log(49) - 0.1
    assert lenient == pytest.approx(_slow(maps, window=1, share=0.05), abs=1e-9)


def test_windows_that_tie_with_the_last_one_are_kept() -> None:
    # Twenty windows alike, ten each way; a share of two keeps all, whatever their place.
    maps = [np.tile(LETTERS[2], (10, 1)), np.tile(LETTERS[3], (10, 1))]
    metric = AttributionConsistency(window=1, share=0.1)
    assert _values(maps, metric) == _values(maps, AttributionConsistency(window=1, share=1.0))


def test_no_window_runs_round_the_end_of_a_map_or_into_the_next() -> None:
    # G at the start and T at the end: a window over both would point between the two.
    one = np.zeros((12, 4))
    one[:3, 2], one[-3:, 3] = 1.0, 1.0
    everything = AttributionConsistency(share=1.0)
    got = _values([one, one], everything)
    assert got["divergence"] == pytest.approx(math.log(49))
    assert got == pytest.approx(_slow([one, one], share=1.0), abs=1e-9)
    assert (
        got["divergence"] > _values([np.roll(one, 3, axis=0)] * 2, everything)["divergence"] + 0.1
    )


def test_maps_shorter_than_a_window_and_maps_of_nothing_change_only_how_many_are_kept() -> None:
    maps = _planted(12, 50, 5.0)
    everything = AttributionConsistency(share=1.0)
    more = [*maps, np.ones((5, 4)), np.zeros((80, 4)), np.full((9, 4), 0.3)]
    assert _values(more, everything) == _values(maps, everything)


# Null before claim.


@pytest.mark.parametrize("n", [10, 50, 200])
def test_random_scores_are_at_zero(n: int) -> None:
    found = [_values(_noise(n, 60, seed), seed=seed)["excess"] for seed in range(12)]
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found)) < 4 * error
    assert error < 0.05


def test_of_ever_more_random_maps_a_hair_is_left() -> None:
    """docs/metrics.md: in a closed form, boxes of a sphere and the null's, and beside many maps."""
    bins, reach = 31, 3

    def moved(p: list[float]) -> list[float]:
        """The mean over the boxes around, mirrored at the poles."""
        line = [*p[::-1], *p, *p[::-1]]
        return [sum(line[bins + i - reach : bins + i + reach + 1]) / 7 for i in range(bins)]

    def divergence(p: list[float]) -> float:
        return sum(a * math.log(a / b) for a, b in zip(p, moved(p), strict=True))

    edges = [math.cos(math.pi * i / bins) for i in range(bins + 1)]
    sphere = [(edges[i] - edges[i + 1]) / 2 for i in range(bins)]
    left = divergence(sphere) - divergence(moved(sphere))
    assert left == pytest.approx(0.00575, abs=1e-5)
    found = [_values(_noise(3000, 60, seed), seed=seed)["excess"] for seed in range(4)]
    assert np.mean(found) == pytest.approx(left, abs=0.006)
    of_letters = [one * np.eye(4)[np.arange(60) % 4] for one in _noise(1500, 60, 0)]
    assert _values(of_letters)["excess"] > 3 * left


@pytest.mark.parametrize("n", [10, 100])
def test_smooth_noise_and_what_each_map_repeats_by_itself_are_at_zero(n: int) -> None:
    """A null that broke up maps, and not only what they share, would reward both."""
    for made in (
        lambda seed: [gaussian_filter1d(one, 8.0, axis=0) for one in _noise(n, 60, seed)],
        lambda seed: [np.tile(one, (60, 1)) for one in _noise(n, 1, seed)],
    ):
        found = [_values(made(seed), seed=seed)["excess"] for seed in range(12)]
        assert abs(np.mean(found)) < 4 * np.std(found, ddof=1) / math.sqrt(len(found))
        assert np.std(found) < 0.2


def test_the_control_random_is_at_zero_and_gc_is_at_the_top() -> None:
    rng = np.random.default_rng(0)
    explained = _explained(_noise(150, 60))
    samples = tuple(
        replace(sample, sequence="".join(rng.choice(list("ACGT"), 60)))
        for sample in explained.samples
    )
    explained = replace(explained, samples=samples)
    values = {
        type(control).__name__: AttributionConsistency()
        .score_set(explained.with_attributions(control.explain(_OneHot(), _batch(explained))))
        .values
        for control in (Random(), GC())
    }
    assert abs(values["Random"]["excess"]) < 4 * values["Random"]["null_spread"]
    assert values["GC"]["divergence"] == pytest.approx(math.log(49))
    assert values["GC"]["excess"] > 3


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_motif_is_far_above_noise(seed: int) -> None:
    motif = _values(_planted(200, 60, 6.0, seed))
    noise = _values(_noise(200, 60, seed))
    assert motif["excess"] > 0.5
    assert motif["excess"] > 10 * motif["null_spread"]
    assert motif["excess"] > 10 * abs(noise["excess"])
    other = [_planted(2, 60, 6.0, 1000 * seed + i)[0] for i in range(200)]  # a motif for each map
    assert abs(_values(other)["excess"]) < 0.1


def test_excess_grows_with_the_motif_s_strength() -> None:
    found = [
        np.mean([_values(_planted(200, 60, strength, seed))["excess"] for seed in range(3)])
        for strength in (0.0, 3.0, 10.0)
    ]
    assert found[0] + 0.1 < found[1] < found[2] - 0.1


def test_the_divergence_alone_puts_few_random_maps_above_few_with_a_motif() -> None:
    """Why there is an excess at all."""
    noise = [_values(_noise(20, 60, seed)) for seed in range(5)]
    motif = [_values(_planted(20, 60, 10.0, seed)) for seed in range(5)]
    means = {
        key: (np.mean([v[key] for v in noise]), np.mean([v[key] for v in motif]))
        for key in ("divergence", "excess")
    }
    assert means["divergence"][0] > means["divergence"][1]
    assert means["excess"][0] < means["excess"][1] - 0.2


# What must change nothing.


@given(st.integers(0, 10), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_order_of_samples_scale_and_what_letters_share_change_nothing(
    seed: int, random: Any
) -> None:
    maps = _planted(30, 40, 4.0, seed)
    ids = [f"s{i}" for i in range(len(maps))]
    expected = pytest.approx(_values(maps, ids=ids), abs=1e-9)
    order = list(range(len(maps)))
    random.shuffle(order)
    assert _values([maps[i] for i in order], ids=[ids[i] for i in order]) == expected
    rng = np.random.default_rng(seed)
    # Each map by a factor of its own; each position by an offset of its own.
    assert _values([one * 10.0 ** rng.uniform(-200, 200) for one in maps]) == expected
    assert _values([one + rng.normal(0, 10, (len(one), 1)) for one in maps]) == expected
    # A window is a sum: read backwards, it is the same one.
    assert _values([one[::-1] for one in maps]) == expected


def test_the_opposite_of_all_is_as_consistent() -> None:
    maps = [np.tile(_letters(0.4, 0.8, 0.2), (9, 1)) + 0.01 * one for one in _noise(30, 9)]
    got, opposite = _values(maps), _values([-one for one in maps])
    assert got["divergence"] > 2
    assert opposite["divergence"] > 2


def test_the_null_follows_from_the_seed_and_the_ids_alone() -> None:
    maps = _planted(40, 50, 5.0)
    first, again, other = _values(maps), _values(maps), _values(maps, seed=1)
    assert first == again
    assert first["divergence"] == other["divergence"]
    assert first["null"] != other["null"]
    assert first["null"] == pytest.approx(other["null"], abs=4 * first["null_spread"])
    renamed = _values(maps, ids=[f"t{i}" for i in range(len(maps))])
    assert renamed["null"] != first["null"]
    assert first["excess"] == first["divergence"] - first["null"]


def test_rounding_decides_no_box() -> None:
    """G alone below A and C, T at the mean of all: on the edge where phi jumps."""
    edge = np.tile(_letters(0.0, -1.0, 0.0), (6, 1))
    rng = np.random.default_rng(0)
    maps = [edge * rng.uniform(0.1, 10) + rng.normal(size=(6, 1)) for _ in range(50)]
    assert _values(maps)["divergence"] == pytest.approx(math.log(49))


@pytest.mark.parametrize("edge", [1, 7, 16, 30])
def test_what_is_this_near_to_an_edge_is_on_it(edge: int) -> None:
    """Either side of any edge of phi by less than rounding: one box, and not two next door."""
    angle = 2 * math.pi * edge / 31 - math.pi
    maps = [_equator(angle + moved) for moved in (-1e-12, 0.0, 1e-12)]
    got = _values(maps, AttributionConsistency(share=1.0))
    assert got["divergence"] == pytest.approx(math.log(49))


ROWS = st.lists(st.floats(), min_size=4, max_size=4)
MAPS = st.lists(st.lists(ROWS, min_size=1, max_size=9), min_size=0, max_size=4)


@given(MAPS, st.sampled_from([{}, {"window": 1, "share": 1.0}, {"window": 2, "bins": 7}]))
@settings(max_examples=200, deadline=None)
def test_any_maps_have_values_within_the_declared_bounds_or_a_reason(
    maps: list[list[list[float]]], given: dict[str, Any]
) -> None:
    metric = AttributionConsistency(**given)
    scored = metric.score_set(_explained(maps))
    assert scored.values.keys() == metric.quantities.keys() == KEYS
    for key, value in scored.values.items():
        assert math.isnan(value) == (key in scored.reasons)
        low, high = metric.quantities[key].bounds
        assert low is not None
        assert high is not None
        assert math.isnan(value) or low <= value <= high


def test_directions_and_bounds_as_declared() -> None:
    quantities = AttributionConsistency(reach=1).quantities
    assert {key: one.better for key, one in quantities.items()} == {
        "excess": "higher",
        "divergence": "none",
        "null": "none",
        "null_spread": "none",
    }
    most = math.log(9)
    assert quantities["excess"].bounds == pytest.approx((-most, most))
    for key in ("divergence", "null", "null_spread"):
        assert quantities[key].bounds == pytest.approx((0, most))


# What has no value.

FEW = "fewer than two maps have one of the strongest windows of 6"


@pytest.mark.parametrize(
    ("maps", "reason"),
    [
        ([], FEW),
        ([np.zeros((20, 4))] * 3, FEW),
        ([np.full((20, 4), 0.1)] * 3, FEW),
        (_noise(5, 5), FEW),
        (_noise(1, 80), FEW),
        ([*_noise(1, 80), np.ones((80, 4))], FEW),
        ([*_noise(3, 20), np.full((20, 4), np.nan)], "contributions of 1 samples are not finite"),
        (
            [np.full((2, 4), np.inf), *_noise(3, 20), np.full((9, 4), np.nan)],
            "contributions of 2 samples are not finite",
        ),
    ],
)
def test_what_has_no_value_says_why(maps: list[ArrayLike], reason: str) -> None:
    scored = AttributionConsistency().score_set(_explained(maps))
    assert all(math.isnan(value) for value in scored.values.values())
    assert scored.reasons == dict.fromkeys(KEYS, reason)


def test_a_map_whose_windows_say_nothing_is_none_of_two() -> None:
    maps = [*_noise(1, 20), np.ones((20, 4))]
    scored = AttributionConsistency(share=1.0).score_set(_explained(maps))
    assert scored.reasons == dict.fromkeys(KEYS, FEW)


def test_of_few_windows_one_is_kept() -> None:
    weaker = np.tile(LETTERS[3], (6, 1))
    weaker[0] *= -1
    scored = AttributionConsistency().score_set(_explained([np.tile(LETTERS[2], (6, 1)), weaker]))
    assert scored.reasons == dict.fromkeys(KEYS, FEW)


def test_two_maps_are_enough() -> None:
    assert math.isfinite(_values([np.tile(LETTERS[2], (6, 1))] * 2)["excess"])


def test_explanations_without_hypothetical_contributions_are_unsupported() -> None:
    explained = _explained(_noise(3, 20))
    first, *others = explained.attributions
    without = explained.with_attributions([replace(first, hypothetical=None), *others])
    expected = (
        r"attribution_consistency: expected hypothetical contributions of all four letters, got "
        r"1 of 3 explanations without\. Use an explainer"
    )
    with pytest.raises(Unsupported, match=expected):
        AttributionConsistency().score_set(without)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"window": 0}, "window: expected 1 or more, got 0"),
        ({"reach": 0}, "reach: expected 1 or more, got 0"),
        ({"bins": 6}, "bins: expected 7 or more, got 6"),
        ({"nulls": 1}, "nulls: expected 2 or more, got 1"),
        ({"share": 0.0}, r"share: expected above 0 and at most 1, got 0\.0"),
        ({"share": 1.1}, r"share: expected above 0 and at most 1, got 1\.1"),
        ({"share": math.nan}, "share: expected above 0 and at most 1, got nan"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=rf"attribution_consistency, {complaint}"):
        AttributionConsistency(**given)


def test_maps_are_left_alone() -> None:
    explained = _explained(_planted(5, 40, 3.0))
    before = [np.array(a.hypothetical) for a in explained.attributions]
    AttributionConsistency().score_set(explained)
    for attribution, copy in zip(explained.attributions, before, strict=True):
        assert np.array_equal(np.asarray(attribution.hypothetical), copy)
