"""Quantus' metrics: equal to ours where both define one, closed forms, and nobody's neighbours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import quantus
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import spearmanr
from toys import WEIGHTS, Linear

from gxarena.api import Probe, SampleMetric
from gxarena.data import Attribution, Explained, Floats, Interval, Sample, Spans
from gxarena.errors import InputError, Unsupported
from gxarena.metrics.complexity import Entropy, Gini
from gxarena.metrics.localization import AUROC, PointingGame, RelevanceRank
from gxarena.run.probe import ModelProbe
from gxarena_quantus.catalogue import ENTRIES, REFUSED
from gxarena_quantus.metric import Quantus
from gxarena_quantus.plugin import gxarena_metrics

SEQUENCE = "ACGTTGACCA"
WIDTH = len(SEQUENCE)


class Curved(Linear):
    """Not additive, so that nothing correlates perfectly."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        rows = [[WEIGHTS[letter] for letter in sequence] for sequence in sequences]
        together = [
            sum(a * b * i for i, (a, b) in enumerate(itertools.pairwise(w), 1)) for w in rows
        ]
        return np.array([[0.0, sum(w) + more] for w, more in zip(rows, together, strict=True)])


def _explained(maps: Sequence[Floats], native: bool = True, first: int = 0) -> Explained:
    n = len(maps)
    marked = (Interval(2, 5, "MA0001.1"),)
    samples = tuple(
        Sample(f"s{first + i}", SEQUENCE[: len(each)], 1, marked) for i, each in enumerate(maps)
    )
    attributions = tuple(Attribution(each, Spans.nucleotides(len(each))) for each in maps)
    return Explained(
        samples, attributions, np.ones(n, dtype=np.int64), np.zeros((n, 2)), native=native
    )


def _probe(model: Linear | None = None) -> Probe:
    return ModelProbe(lambda: model or Curved())


def _score(metric: SampleMetric, maps: Sequence[Floats], first: int = 0) -> Floats:
    return metric.score(_explained(maps, first=first), _probe()).values[""]


def _weights() -> Floats:
    return np.array([WEIGHTS[letter] for letter in SEQUENCE])


def _maps(count: int) -> list[Floats]:
    return list(np.random.default_rng(3).normal(size=(count, WIDTH)))


def test_the_catalogue_is_all_of_quantus() -> None:
    classes = {
        k.__name__: k for kinds in quantus.AVAILABLE_METRICS.values() for k in kinds.values()
    }
    assert set(classes) == set(ENTRIES) | set(REFUSED)
    assert not set(ENTRIES) & set(REFUSED)
    for name, entry in ENTRIES.items():
        assert entry.better == classes[name].score_direction.value.lower()


@pytest.mark.parametrize(
    ("name", "ours", "tolerance"),
    [
        # Quantus adds 1e-7 to every score before it sorts, 1e-8 before it takes the logarithm.
        ("Sparseness", Gini, 1e-5),
        ("Complexity", Entropy, 1e-5),
        ("RelevanceRankAccuracy", RelevanceRank, 1e-12),
        ("PointingGame", PointingGame, 1e-12),
        ("AUC", AUROC, 1e-12),
    ],
)
def test_equal_to_ours_where_both_define_it(
    name: str, ours: Callable[[], SampleMetric], tolerance: float
) -> None:
    maps = _maps(20)
    theirs = _score(Quantus(name), maps)
    np.testing.assert_allclose(theirs, _score(ours(), maps), atol=tolerance)
    assert len(np.unique(theirs)) > 1


@pytest.mark.parametrize("name", ENTRIES)
def test_neither_company_nor_order_nor_scale_changes_a_score(name: str) -> None:
    maps = [*_maps(3), _maps(4)[3][:7]]
    metric = Quantus(name)
    together = _score(metric, maps)
    assert np.isfinite(together).all()
    for i in (3, 1, 0, 2):
        # Its id says which numbers are drawn.
        assert np.array_equal(_score(metric, [maps[i]], first=i), together[[i]])
    for scale in (1e-12, 1e12):
        scaled = _score(metric, [one * scale for one in maps])
        np.testing.assert_allclose(scaled, together, rtol=1e-9)


@pytest.mark.parametrize("name", ENTRIES)
def test_bounds_hold_and_undefined_maps_have_reasons(name: str) -> None:
    metric = Quantus(name)
    maps = [*_maps(6), np.zeros(WIDTH), np.full(WIDTH, np.nan), np.eye(WIDTH)[3]]
    scored = metric.score(_explained(maps), _probe())
    values, reasons = scored.values[""], scored.reasons[""]
    assert reasons[6] == "no relevance at all"
    assert reasons[7] == "scores are not finite"
    assert set(reasons) == set(np.flatnonzero(np.isnan(values)).tolist())
    assert np.isfinite(values[:6]).all()
    low, high = metric.quantities[""].bounds
    defined = values[~np.isnan(values)]
    assert low is None or (defined >= low - 1e-9).all()
    assert high is None or (defined <= high + 1e-9).all()


def test_additive_models_have_closed_forms() -> None:
    explained = _explained([_weights()])
    probe = _probe(Linear())

    def value(name: str, settings: dict[str, object] | None = None) -> float:
        return float(Quantus(name, settings).score(explained, probe).values[""][0])

    assert value("FaithfulnessCorrelation") == pytest.approx(1.0)
    assert value("FaithfulnessEstimate") == pytest.approx(1.0)
    assert value("NonSensitivity", {"abs": True}) == 0.0
    # What is left after the k highest are gone, mean over k.
    left = np.cumsum(np.sort(_weights()))[::-1]
    assert value("PixelFlipping") == pytest.approx(np.mean([*left[1:], 0.0]))


@pytest.mark.parametrize("step", [1, 5])
def test_pixel_flipping_by_hand(step: int) -> None:
    (scores,) = _maps(1)
    model = Curved()
    order = np.argsort(-scores)
    curve = []
    for k in range(math.ceil(WIDTH / step)):
        mask = np.isin(np.arange(WIDTH), order[: (k + 1) * step])
        curve.append(model.predict_masked([SEQUENCE], [mask])[0, 1])
    found = _score(Quantus("PixelFlipping", {"features_in_step": step}), [scores])
    assert found[0] == pytest.approx(np.mean(curve))


def test_scores_all_below_zero_or_equal() -> None:
    below = -1.0 - np.arange(WIDTH) / 10
    ours = _score(Gini(), [below])
    np.testing.assert_allclose(_score(Quantus("Sparseness"), [below]), ours, atol=1e-5)
    scored = Quantus("PixelFlipping").score(_explained([below, np.ones(WIDTH)]), _probe())
    assert scored.reasons[""] == {
        0: "all scores are below zero, which Quantus refuses",
        1: "all scores are equal, which Quantus refuses",
    }


def test_steps_that_do_not_fit_give_no_value() -> None:
    metric = Quantus("PixelFlipping", {"features_in_step": 3})
    scored = metric.score(_explained([_maps(1)[0], _maps(1)[0][:6]]), _probe())
    assert list(scored.reasons[""]) == [0]
    assert "does not divide" in scored.reasons[""][0]
    with pytest.raises(InputError, match="features_in_step: expected 1 or more, got 0"):
        Quantus("PixelFlipping", {"features_in_step": 0})


def test_faithfulness_estimate_by_hand() -> None:
    (scores,) = _maps(1)
    model = Curved()
    whole = model.predict([SEQUENCE])[0, 1]
    drops = [whole - model.predict_masked([SEQUENCE], [row])[0, 1] for row in np.eye(WIDTH) > 0]
    found = _score(Quantus("FaithfulnessEstimate"), [scores])
    assert found[0] == pytest.approx(np.corrcoef(scores, drops)[0, 1])


def test_magnitudes_on_the_truth_above_a_share_and_against_squared_changes_by_hand() -> None:
    (scores,), model = _maps(1), Curved()
    sizes = np.abs(scores)

    def value(name: str, settings: dict[str, object] | None = None) -> float:
        return float(_score(Quantus(name, settings), [scores])[0])

    assert value("AttributionLocalisation") == pytest.approx(sizes[2:5].sum() / sizes.sum())
    above = (sizes > 0.3 * sizes.max()).sum()
    assert 0 < above < WIDTH
    assert value("EffectiveComplexity", {"eps": 0.3}) == above
    without = model.predict_masked([SEQUENCE] * WIDTH, list(np.eye(WIDTH, dtype=bool)))[:, 1]
    changes = (without - model.predict([SEQUENCE])[0, 1]) ** 2
    expected = spearmanr(sizes, changes).statistic
    assert value("MonotonicityCorrelation") == pytest.approx(expected)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=WIDTH, max_size=WIDTH))
def test_scores_are_never_edited(values: list[float]) -> None:
    scores: NDArray[np.float64] = np.array(values)
    explained = _explained([scores])
    for name in ("Sparseness", "Complexity", "RelevanceMassAccuracy", "FaithfulnessEstimate"):
        Quantus(name).score(explained, _probe())
    assert np.array_equal(explained.attributions[0].scores, scores)


def test_the_global_generator_changes_nothing_and_is_given_back() -> None:
    metric = Quantus("FaithfulnessCorrelation", {"nr_runs": 5})
    np.random.seed(0)
    first = _score(metric, _maps(2))
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    assert np.array_equal(first, _score(metric, _maps(2)))
    assert np.random.get_state()[1].tolist() == before


def test_annotations_that_say_nothing_give_no_value() -> None:
    (scores,) = _maps(1)
    whole = (Interval(0, WIDTH, "MA0001.1"),)
    for marks, reason in (((), "no unit is annotated"), (whole, "every unit is annotated")):
        explained = Explained(
            (Sample("s", SEQUENCE, 1, marks),),
            (Attribution(scores, Spans.nucleotides(WIDTH)),),
            np.ones(1, dtype=np.int64),
            np.zeros((1, 2)),
        )
        scored = Quantus("AUC").score(explained, _probe())
        assert scored.reasons[""] == {0: reason}


def test_tokens_are_judged_as_tokens() -> None:
    model = Linear(width=4)
    (spans,) = model.spans([SEQUENCE])
    explained = Explained(
        (Sample("s", SEQUENCE, 1, (Interval(4, 8, "MA0001.1"),)),),
        (Attribution(np.array([0.0, 2.0, 1.0]), spans),),
        np.ones(1, dtype=np.int64),
        np.zeros((1, 2)),
    )
    found = Quantus("PointingGame").score(explained, _probe(model)).values[""]
    assert found.tolist() == [1.0]
    drops = np.add.reduceat(_weights(), spans.boundaries[:-1])
    estimate = Quantus("FaithfulnessEstimate").score(explained, _probe(model)).values[""]
    assert estimate[0] == pytest.approx(np.corrcoef([0.0, 2.0, 1.0], drops)[0, 1])


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(Unsupported, match=f"quantus, metric '{name}': not offered, since"):
        Quantus(name)


def test_mistakes_are_one_sentence() -> None:
    with pytest.raises(InputError, match=r"unknown 'Sparsness'. Did you mean 'Sparseness'"):
        Quantus("Sparsness")
    with pytest.raises(InputError, match="settings of 'FaithfulnessCorrelation': unknown 'runs'"):
        Quantus("FaithfulnessCorrelation", {"runs": 3})
    with pytest.raises(InputError, match="unknown 'return_aggregate'"):
        Quantus("Sparseness", {"return_aggregate": True})
    metric = Quantus("PixelFlipping")
    with pytest.raises(Unsupported, match="expected scores on the model's own units"):
        metric.score(_explained(_maps(1), native=False), _probe())


def test_every_component_says_what_it_needs() -> None:
    components = {component.name: component for component in gxarena_metrics()}
    assert len(components) == len(ENTRIES) + 1
    for name, entry in ENTRIES.items():
        component = components[entry.component]
        assert component.defaults == {"metric": name}
        assert ("probe" in component.requires) is (entry.needs == "probe")
        assert ("truth" in component.requires) is (entry.needs == "truth")


class Deaf(Linear):
    """Its answer never changes."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        return np.full((len(sequences), 2), 0.5)


@pytest.mark.parametrize("name", sorted(n for n, e in ENTRIES.items() if e.needs == "probe"))
def test_answers_that_never_change_are_one_samples_matter(name: str) -> None:
    class DeafToN(Curved):
        def predict(self, sequences: Sequence[str]) -> Floats:
            deaf = [sequence.count("N") + sequence.count("T") == WIDTH for sequence in sequences]
            return np.where(np.array(deaf)[:, None], 0.0, super().predict(sequences))

    maps = _maps(3)
    explained = _explained(maps)
    ones = list(explained.samples)
    ones[1] = Sample("s1", "T" * WIDTH, 1, ones[1].annotations)
    explained = Explained(tuple(ones), explained.attributions, explained.targets, explained.outputs)
    scored = Quantus(name).score(explained, _probe(DeafToN()))
    without = Quantus(name).score(_explained(maps), _probe(DeafToN())).values[""]
    assert scored.values[""][[0, 2]].tolist() == without[[0, 2]].tolist()
    assert np.isnan(scored.values[""][1]) == (1 in scored.reasons[""])
    deaf = Quantus(name).score(_explained(maps), _probe(Deaf()))
    assert set(deaf.reasons[""].values()) <= {"Quantus gives no finite number"}


@pytest.mark.parametrize("name", ["RelevanceRankAccuracy", "TopKIntersection"])
def test_ties_know_no_position(name: str) -> None:
    """One unit of 40 has a score; whether a motif lies first or last, it gets its chance."""
    scores = np.zeros(40)
    scores[20] = 1.0
    means = []
    for start in (0, 30):
        samples = tuple(
            Sample(f"s{i}", "A" * 40, 1, (Interval(start, start + 10, "m"),)) for i in range(400)
        )
        attributions = tuple(Attribution(scores, Spans.nucleotides(40)) for _ in samples)
        explained = Explained(samples, attributions, np.ones(400, dtype=int), np.zeros((400, 2)))
        means.append(Quantus(name).score(explained, _probe()).values[""].mean())
    k = 10 if name == "RelevanceRankAccuracy" else 4
    # The one that scored is not annotated; the others of the k are drawn from 39.
    assert means == pytest.approx([(k - 1) / k * 10 / 39] * 2, abs=0.03)


def test_a_sample_has_draws_of_its_own_and_the_same_in_any_company() -> None:
    metric = Quantus("FaithfulnessCorrelation", {"nr_runs": 10, "subset_size": 3})
    same = [_maps(1)[0]] * 3
    together = _score(metric, same)
    assert len(set(together.tolist())) == 3
    assert together[2] == _score(metric, same[:1], first=2)[0]
