"""Gini index and entropy against closed forms, plain loops and Quantus."""

from __future__ import annotations

import math

import numpy as np
import pytest
import quantus
from hypothesis import given
from hypothesis import strategies as st
from maps import explained_maps

from gxarena.errors import InputError
from gxarena.metrics.complexity import Entropy, Gini
from gxarena.probe import ModelProbe

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
