"""Gini index and entropy against closed forms, plain loops and Quantus."""

from __future__ import annotations

import math

import numpy as np
import pytest
import quantus
from hypothesis import assume, given
from hypothesis import strategies as st
from maps import explained_maps

from gxarena.errors import InputError
from gxarena.metrics.complexity import Entropy, Gini
from gxarena.run.probe import ModelProbe

NO_PROBE = ModelProbe(lambda: pytest.fail("complexity asks no model"))
FLOATS = st.floats(-1e6, 1e6, allow_subnormal=False)
MAPS = st.lists(FLOATS, min_size=1, max_size=30)


def _values(metric: Gini | Entropy, *maps: object) -> list[float]:
    return metric.score(explained_maps(maps), NO_PROBE).values[""].tolist()  # type: ignore[arg-type]


def _slow_gini(scores: list[float]) -> float:
    """Half the relative mean absolute difference: another formula than ours."""
    amounts = [abs(score) for score in scores]
    differences = sum(abs(a - b) for a in amounts for b in amounts)
    return differences / (2 * len(amounts) * sum(amounts))


def _slow_entropy(scores: list[float]) -> float:
    amounts = [abs(score) for score in scores]
    shares = [a / sum(amounts) for a in amounts]
    return -sum(p * math.log(p) for p in shares if p > 0)


def test_closed_forms() -> None:
    assert _values(Gini(), [1, 0, 0, 0], [1, 1, 1], [-2], [0, -3]) == pytest.approx(
        [0.75, 0, 0, 0.5]
    )
    assert _values(Entropy(), [1, 0, 0], [1, -1, 1, 1], [5]) == pytest.approx([0, math.log(4), 0])
    assert _values(Entropy(normalised=True), [1, -1, 1, 1], [5], [1, 0]) == pytest.approx([1, 0, 0])
    assert _values(Gini("positive"), [1, -9, 0, 0]) == pytest.approx([0.75])


@pytest.mark.reimplements("gini", "entropy")
@given(MAPS.filter(lambda scores: max(map(abs, scores)) > 1e-6))
def test_agrees_with_plain_loops_and_stays_in_bounds(scores: list[float]) -> None:
    (gini,) = _values(Gini(), scores)
    (entropy,) = _values(Entropy(), scores)
    assert gini == pytest.approx(_slow_gini(scores), abs=1e-9)
    assert entropy == pytest.approx(_slow_entropy(scores), abs=1e-9)
    assert 0 <= gini < 1
    assert 0 <= entropy <= math.log(len(scores)) + 1e-12


@given(st.lists(MAPS, min_size=1, max_size=5))
def test_a_sample_alone_is_as_in_any_batch(maps: list[list[float]]) -> None:
    for metric in (Gini(), Entropy()):
        together = _values(metric, *maps)
        alone = [_values(metric, scores)[0] for scores in maps]
        assert together == pytest.approx(alone, abs=1e-12, nan_ok=True)


@given(MAPS, st.floats(1e-12, 1e12), st.randoms())
def test_scale_sign_and_order_change_nothing(
    scores: list[float], scale: float, random: object
) -> None:
    shuffled = scores.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for metric in (Gini(), Entropy()):
        a, b, c, d = _values(
            metric, scores, [scale * s for s in scores], [-s for s in scores], shuffled
        )
        assert [b, c, d] == pytest.approx([a] * 3, abs=1e-9, nan_ok=True)


METRICS = [
    Gini(),
    Gini("positive"),
    Entropy(),
    Entropy("positive"),
    Entropy(normalised=True),
    Entropy("positive", normalised=True),
]
ANY = st.lists(st.floats(), min_size=1, max_size=30)  # signed zeros, subnormals, NaN, infinities
FIXED_MAPS = [
    [0.0],
    [-0.0, 0.0],
    [7.0],
    [-7.0] * 5,
    [0.1] * 30,
    [math.nan],
    [math.inf, -math.inf],
    [5e-324, 0.0, -5e-324],
    [1.7e308, 1.7e308, -1.7e308],
    [1e308, 1e-308],
]


def _within_bounds(metric: Gini | Entropy, maps: list[list[float]]) -> None:
    (quantity,) = metric.quantities.values()
    low, high = quantity.bounds
    scored = metric.score(explained_maps(maps), NO_PROBE)
    for i, (scores, value) in enumerate(zip(maps, scored.values[""].tolist(), strict=True)):
        undefined = not np.isfinite(scores).all() or not any(
            score > 0 or (score < 0 and metric._sign == "magnitude") for score in scores
        )
        assert math.isnan(value) == undefined == (i in scored.reasons[""])
        if not undefined:
            assert low is not None
            assert low <= value <= (math.inf if high is None else high)
            if isinstance(metric, Gini):
                assert value < 1
            else:
                most = 1 if high else math.log(len(scores))
                assert value <= most + 1e-12


@pytest.mark.parametrize("metric", METRICS)
@given(st.lists(ANY, min_size=1, max_size=4))
def test_any_map_has_a_value_within_the_declared_bounds_or_a_reason(
    metric: Gini | Entropy, maps: list[list[float]]
) -> None:
    _within_bounds(metric, maps)


@pytest.mark.parametrize("metric", METRICS)
def test_odd_maps_have_a_value_within_the_declared_bounds_or_a_reason(
    metric: Gini | Entropy,
) -> None:
    _within_bounds(metric, FIXED_MAPS)
    # Even maps: where rounding would carry a value over its bound.
    _within_bounds(metric, [[1.0] * size for size in range(1, 400)])
    _within_bounds(metric, [[0.0] * size + [1.0] for size in range(400)])


@given(MAPS)
def test_where_only_positive_scores_count_the_others_are_zeros(scores: list[float]) -> None:
    positive = [max(score, 0.0) for score in scores]
    for only, magnitude in ((Gini("positive"), Gini()), (Entropy("positive"), Entropy())):
        assert _values(only, scores) == pytest.approx(
            _values(magnitude, positive), abs=1e-12, nan_ok=True
        )


@given(MAPS, st.integers(-900, 900))
def test_a_power_of_two_as_scale_changes_no_bit(scores: list[float], exponent: int) -> None:
    scaled = np.ldexp(scores, exponent)
    assume(np.array_equal(np.ldexp(scaled, -exponent), scores))  # none lost at either end
    for metric in METRICS:
        one, other = _values(metric, scores, scaled)
        assert np.array_equal(one, other, equal_nan=True)


def test_maps_of_very_different_size_are_each_as_alone() -> None:
    rng = np.random.default_rng(0)
    maps = [
        rng.normal(size=size) * 10.0**power
        for size, power in zip(
            (1, 2, 3, 17, 250, 251, 3000), (0, -12, 12, -300, 300, 0, 3), strict=True
        )
    ]
    for metric in METRICS[2:] + METRICS[:1]:
        alone = [_values(metric, scores)[0] for scores in maps]
        assert _values(metric, *maps) == pytest.approx(alone, rel=0, abs=1e-12, nan_ok=True)
        assert _values(metric, *maps[::-1]) == pytest.approx(
            alone[::-1], rel=0, abs=1e-12, nan_ok=True
        )


def test_one_map_that_is_not_finite_leaves_its_neighbours_bits() -> None:
    scores = np.random.default_rng(0).normal(size=40)
    for metric in METRICS:
        (alone,) = _values(metric, scores)
        assert _values(metric, scores, np.full(40, np.nan), np.full(40, np.inf))[0] == alone


def test_entropy_is_normalised_by_the_number_of_units() -> None:
    scores = np.random.default_rng(0).normal(size=7)
    assert _values(Entropy(normalised=True), scores) == pytest.approx(
        [_slow_entropy(scores.tolist()) / math.log(7)]
    )


def test_agrees_with_quantus_where_its_code_is_sound() -> None:
    maps = np.abs(np.random.default_rng(0).normal(size=(20, 251)))
    sparseness = quantus.Sparseness(abs=True, normalise=False, disable_warnings=True)
    complexity = quantus.Complexity(abs=True, normalise=False, disable_warnings=True)
    # Quantus edits what it is given: copies.
    theirs = [m.evaluate_batch(x_batch=maps, a_batch=maps.copy()) for m in (sparseness, complexity)]
    ours = _values(Gini(), *maps), _values(Entropy(), *maps)
    assert ours[0] == pytest.approx(theirs[0], abs=1e-5)  # Quantus adds 1e-7 to every score
    assert ours[1] == pytest.approx(theirs[1], abs=1e-6)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ([0.0, 0.0], "no relevance at all"),
        ([1.0, float("nan")], "scores are not finite"),
        ([1.0, float("inf")], "scores are not finite"),
    ],
)
def test_what_has_no_value_says_why(scores: list[float], reason: str) -> None:
    for metric in (Gini(), Entropy()):
        scored = metric.score(explained_maps([[1.0, 2.0], scores]), NO_PROBE)
        assert np.isfinite(scored.values[""][0])
        assert np.isnan(scored.values[""][1])
        assert scored.reasons[""] == {1: reason}


def test_read_only_maps_are_accepted_and_left_alone() -> None:
    explained = explained_maps([[3.0, -1.0]])
    assert not explained.attributions[0].scores.flags.writeable
    Gini().score(explained, NO_PROBE)
    assert explained.attributions[0].scores.tolist() == [3.0, -1.0]


def test_unknown_sign() -> None:
    with pytest.raises(InputError, match=r"sign: unknown 'positiv'\. Did you mean 'positive'"):
        Gini("positiv")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"sign: unknown '3'\. Choices: magnitude, positive"):
        Entropy(3)  # type: ignore[arg-type]
