"""The four strategies against plain loops, and what they keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from maps import explained_maps

from gxarena.aggregators.native import Native
from gxarena.aggregators.nucleotides_to_tokens import Mean, Sum
from gxarena.aggregators.projection import project_all
from gxarena.aggregators.tokens_to_nucleotides import EquallyDistributed, PassedOn
from gxarena.api import Aggregator
from gxarena.data import Attribution, Spans
from gxarena.errors import Unsupported

ALL = [Native(), Sum(), Mean(), PassedOn(), EquallyDistributed()]
SCORES = st.floats(-1e3, 1e3)


@st.composite
def nested(draw: st.DrawFn) -> tuple[Spans, Spans]:
    """A partition and one that refines it."""
    widths = draw(
        st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4), min_size=1, max_size=5)
    )
    fine = Spans(np.cumsum([0, *(w for group in widths for w in group)]))
    coarse = Spans(np.cumsum([0, *(sum(group) for group in widths)]))
    return coarse, fine


def _random(spans: Spans, seed: int = 0) -> Attribution:
    return Attribution(
        np.random.default_rng(seed).normal(size=len(spans)),
        spans,
        special={"[CLS]": 1.5},
        hypothetical=np.ones((spans.length, 4)),
        diagnostics={"explained": 2.0},
    )


@given(nested())
def test_agree_with_plain_loops(spans: tuple[Spans, Spans]) -> None:
    coarse, fine = spans
    down, up = _random(fine), _random(coarse)
    units = [
        [u for u in range(len(fine)) if fine.boundaries[u] >= a and fine.boundaries[u + 1] <= b]
        for a, b in zip(coarse.boundaries[:-1], coarse.boundaries[1:], strict=True)
    ]
    sums = [sum(down.scores[u] for u in group) for group in units]
    means = [
        sum(down.scores[u] * fine.widths[u] for u in group) / sum(fine.widths[u] for u in group)
        for group in units
    ]
    assert Sum().project(down, coarse).scores == pytest.approx(sums)
    assert Mean().project(down, coarse).scores == pytest.approx(means)
    passed = [up.scores[g] for g, group in enumerate(units) for _ in group]
    shares = [
        up.scores[g] * fine.widths[u] / coarse.widths[g]
        for g, group in enumerate(units)
        for u in group
    ]
    assert PassedOn().project(up, fine).scores == pytest.approx(passed)
    assert EquallyDistributed().project(up, fine).scores == pytest.approx(shares)


@given(nested())
def test_what_they_keep(spans: tuple[Spans, Spans]) -> None:
    coarse, fine = spans
    attribution = _random(coarse)
    spread = EquallyDistributed().project(attribution, fine)
    assert spread.scores.sum() == pytest.approx(attribution.scores.sum())
    assert Sum().project(spread, coarse).scores == pytest.approx(attribution.scores)
    passed = PassedOn().project(attribution, fine)
    assert Mean().project(passed, coarse).scores == pytest.approx(attribution.scores)
    assert Sum().project(_random(fine), coarse).scores.sum() == pytest.approx(
        _random(fine).scores.sum()
    )


@given(nested(), st.floats(-10, 10))
def test_they_are_linear(spans: tuple[Spans, Spans], factor: float) -> None:
    coarse, fine = spans
    for aggregator, source, onto in (
        (Sum(), fine, coarse),
        (Mean(), fine, coarse),
        (PassedOn(), coarse, fine),
        (EquallyDistributed(), coarse, fine),
    ):
        a, b = _random(source, 1), _random(source, 2)
        both = a.with_scores(a.scores + factor * b.scores)
        separately = (
            aggregator.project(a, onto).scores + factor * aggregator.project(b, onto).scores
        )
        assert aggregator.project(both, onto).scores == pytest.approx(separately, abs=1e-9)


def _possible(spans: tuple[Spans, Spans]) -> list[tuple[Aggregator, Spans, Spans]]:
    """Every strategy with a source and a target it works between."""
    coarse, fine = spans
    merging: list[Aggregator] = [Sum(), Mean()]
    splitting: list[Aggregator] = [PassedOn(), EquallyDistributed()]
    return [(a, fine, coarse) for a in merging] + [(a, coarse, fine) for a in splitting]


@given(nested())
def test_those_that_say_so_keep_the_total_and_the_others_do_not(
    spans: tuple[Spans, Spans],
) -> None:
    for aggregator, source, onto in _possible(spans):
        attribution = Attribution(np.arange(1.0, len(source) + 1), source)
        kept = aggregator.project(attribution, onto).scores.sum() == pytest.approx(
            attribution.scores.sum()
        )
        # With positive scores, only strategies that keep the total do so wherever units differ.
        assert kept == (aggregator.conservative or source == onto)


@given(nested(), st.data())
def test_two_steps_are_as_one(spans: tuple[Spans, Spans], data: st.DataObject) -> None:
    coarse, fine = spans
    between = sorted(set(fine.boundaries.tolist()) - set(coarse.boundaries.tolist()))
    kept = data.draw(st.sets(st.sampled_from(between)) if between else st.just(set()))
    middle = Spans(np.array(sorted({*coarse.boundaries.tolist(), *kept})))
    for aggregator, source, onto in _possible(spans):
        attribution = _random(source)
        once = aggregator.project(attribution, onto).scores
        twice = aggregator.project(aggregator.project(attribution, middle), onto).scores
        assert twice == pytest.approx(once)


@given(nested(), st.sampled_from([np.nan, np.inf, -np.inf]), st.integers(0, 99))
def test_what_is_not_finite_stays_in_its_own_unit(
    spans: tuple[Spans, Spans], broken: float, where: int
) -> None:
    for aggregator, source, onto in _possible(spans):
        unit = where % len(source)
        scores = _random(source).scores.copy()
        scores[unit] = broken
        projected = aggregator.project(Attribution(scores, source), onto)
        start, end = source.boundaries[unit], source.boundaries[unit + 1]
        touched = (onto.boundaries[:-1] < end) & (onto.boundaries[1:] > start)
        assert np.array_equal(~np.isfinite(projected.scores), touched)


@given(nested())
def test_the_wrong_way_round_is_unsupported(spans: tuple[Spans, Spans]) -> None:
    assume(spans[0] != spans[1])
    for aggregator, source, onto in _possible(spans):
        with pytest.raises(Unsupported, match=f"expected .*got {len(source)} units that cut"):
            aggregator.project(_random(onto), source)
    with pytest.raises(Unsupported, match=r"aggregator 'native': .*Use sum, mean, passed_on or"):
        Native().project(_random(spans[0]), spans[1])


@pytest.mark.parametrize("aggregator", ALL, ids=lambda a: type(a).__name__)
def test_another_length_is_unsupported(aggregator: Sum) -> None:
    for onto in (Spans.nucleotides(6), Spans(np.array([0, 4])), Spans(np.array([0, 6]))):
        with pytest.raises(Unsupported, match="aggregator"):
            aggregator.project(_random(Spans(np.array([0, 2, 5]))), onto)


@pytest.mark.parametrize("aggregator", ALL, ids=lambda a: type(a).__name__)
def test_onto_the_same_units_is_the_identity(aggregator: Sum) -> None:
    attribution = _random(Spans(np.array([0, 2, 5])))
    assert aggregator.project(attribution, attribution.spans) is attribution
    assert aggregator.project(attribution, Spans(np.array([0, 2, 5]))) is attribution


@pytest.mark.parametrize("aggregator", ALL, ids=lambda a: type(a).__name__)
def test_units_that_cut_across_are_unsupported(aggregator: Sum) -> None:
    with pytest.raises(Unsupported, match="aggregator"):
        aggregator.project(_random(Spans(np.array([0, 2, 5]))), Spans(np.array([0, 3, 5])))


def test_special_tokens_and_diagnostics_stay_and_hypothetical_does_not() -> None:
    projected = PassedOn().project(_random(Spans(np.array([0, 2, 5]))), Spans.nucleotides(5))
    assert projected.special == {"[CLS]": 1.5}
    assert projected.diagnostics == {"explained": 2.0}
    assert projected.hypothetical is None


def test_projected_sets_are_native_only_where_nothing_changed() -> None:
    explained = explained_maps([[1.0, 2.0], [3.0]])
    own = [a.spans for a in explained.attributions]
    assert project_all(PassedOn(), explained, own).native
    assert not project_all(Sum(), explained, [Spans(np.array([0, 2])), own[1]]).native


def test_each_sample_goes_onto_its_own_spans_and_the_rest_stays() -> None:
    explained = replace(explained_maps([[1.0, 2.0], [3.0, 4.0, 5.0]]), seed=7)
    onto = [Spans(np.array([0, 2])), Spans(np.array([0, 1, 3]))]
    projected = project_all(Sum(), explained, onto)
    assert [a.scores.tolist() for a in projected.attributions] == [[3], [3, 9]]
    assert [a.spans for a in projected.attributions] == onto
    assert (projected.samples, projected.seed) == (explained.samples, 7)
    # What was projected once is not native again on the units it came to.
    assert not project_all(Native(), projected, onto).native
    with pytest.raises(ValueError, match="shorter"):
        project_all(Sum(), explained, onto[:1])
