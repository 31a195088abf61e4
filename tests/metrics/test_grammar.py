"""Grammar: each rule by hand, a slow version, what noise scores, and decoys beside motifs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxarena.data import Attribution, Explained, Interval, Sample, Spans
from gxarena.errors import InputError
from gxarena.metrics.grammar import FEW_WINDOWS, DecoyPrecision, GrammarSatisfiability
from gxarena.run.probe import ModelProbe

NO_PROBE = ModelProbe(lambda: pytest.fail("grammar asks no model"))
LENGTH, WIDTH = 120, 4
RULES: list[dict[str, list[str]]] = [
    {"all": ["P"]},
    {"all": ["A", "B"]},
    {"any": ["C", "D"]},
    {"all": ["H"], "none": ["V"]},
    {"all": ["K"]},
]
BACKGROUND = np.random.default_rng(0).uniform(-0.2, 0.2, LENGTH)


def _explained(
    *cases: tuple[str, int, Mapping[str, float]], target: int = 1, background: Any = BACKGROUND
) -> Explained:
    """Samples of (motifs, label, score of each motif's letters); small letters are decoys."""
    samples, attributions = [], []
    for number, (motifs, label, heights) in enumerate(cases):
        scores, intervals = np.array(background), []
        for place, motif in enumerate(motifs):
            start = 10 * place + 5
            name = motif if motif.isupper() and label else f"decoy:{motif.upper()}"
            intervals.append(Interval(start, start + WIDTH, name))
            scores[start : start + WIDTH] = heights.get(motif, 0.0)
        samples.append(Sample(f"s{number}", "A" * LENGTH, label, tuple(intervals)))
        attributions.append(Attribution(scores, Spans.nucleotides(LENGTH)))
    targets = np.full(len(samples), target, dtype=np.int64)
    outputs = np.zeros((len(samples), 2))
    return Explained(tuple(samples), tuple(attributions), targets, outputs)


def _values(explained: Explained, key: str = "", **settings: Any) -> list[float]:
    metric = GrammarSatisfiability(**{"rules": RULES} | settings)
    return metric.score(explained, NO_PROBE).values[key].tolist()


@pytest.mark.parametrize(
    ("motifs", "label", "heights", "satisfied"),
    [
        ("P", 1, {"P": 1}, 1),
        ("P", 1, {"P": -1}, 0),
        ("P", 1, {"P": 0}, 0),
        ("AB", 1, {"A": 1, "B": 2}, 1),
        ("AB", 1, {"A": 1}, 0),
        ("AB", 1, {"A": 1, "B": -1}, 0),
        ("C", 1, {"C": 1}, 1),
        ("D", 1, {"D": -1}, 0),
        ("CD", 1, {"D": 1}, 1),
        ("CD", 1, {"C": 1, "D": -1}, 1),
        ("CD", 1, {}, 0),
        ("H", 1, {"H": 1}, 1),
        ("H", 1, {"H": -1}, 0),
        ("HV", 0, {"H": 1, "V": -1}, 1),
        ("HV", 0, {"V": -1}, 1),
        ("HV", 0, {"H": 1}, 0),
        ("HV", 0, {"V": 1}, 0),
        ("Kxy", 1, {"K": 1}, 1),
        ("Kxy", 1, {"K": 1, "x": -1}, 1),
        ("Kxy", 1, {"K": 1, "x": 1}, 0),
        ("Kxy", 1, {"K": 1, "y": 1}, 0),
        ("Kxy", 1, {}, 0),
        ("HVx", 0, {"V": -1, "x": 1}, 1),
        ("HVx", 0, {"V": -1, "x": -1}, 0),
        ("PP", 1, {"P": 1}, 1),
    ],
)
def test_each_rule_by_hand(
    motifs: str, label: int, heights: dict[str, float], satisfied: int
) -> None:
    explained = _explained((motifs, label, heights))
    assert _values(explained) == [satisfied]
    mirrored = _explained((motifs, label, {m: -h for m, h in heights.items()}), target=0)
    assert _values(mirrored) == [satisfied]  # evidence against the other class


def test_one_instance_of_a_motif_is_enough() -> None:
    explained = _explained(("PP", 1, {"P": 1}))
    attribution = explained.attributions[0]
    scores = np.array(attribution.scores)
    scores[5:9] = 0.0  # the first is without relevance
    assert _values(explained.with_attributions([attribution.with_scores(scores)])) == [1]


def test_graded_by_hand() -> None:
    """Magnitudes 1 to 111 of windows of one: a motif of 56.5 is above 56 of them."""
    background = np.zeros(LENGTH)
    free = [i for i in range(LENGTH) if i not in (5, 15, 25)]
    background[free] = np.arange(1, len(free) + 1) * np.where(np.arange(len(free)) % 2, 1, -1)
    n = len(free)

    def graded(names: Sequence[str], label: int, *own: float, target: int = 1) -> float:
        intervals = tuple(Interval(10 * i + 5, 10 * i + 6, m) for i, m in enumerate(names))
        scores = np.array(background)
        scores[[10 * i + 5 for i in range(len(own))]] = own
        sample = Sample("s", "A" * LENGTH, label, intervals)
        spans = Spans.nucleotides(LENGTH)
        one = Explained((sample,), (Attribution(scores, spans),), [target], np.zeros((1, 2)))  # type: ignore[arg-type]
        return _values(one, "graded")[0]

    # Of the three letters, those that are nobody's motif are background without relevance.
    total = n + 2
    assert graded(["P"], 1, 56.5) == pytest.approx((56 + 2) / total)
    assert graded(["P"], 1, -56.5) == 0
    assert graded(["P"], 1, -56.5, target=0) == pytest.approx((56 + 2) / total)
    assert graded(["A", "B"], 1, 30.5, 90.5) == pytest.approx((30 + 1) / (n + 1))
    assert graded(["C", "D"], 1, 30.5, 90.5) == pytest.approx((90 + 1) / (n + 1))
    assert graded(["H", "V"], 0, 90.5, -30.5) == pytest.approx((30 + 1) / (n + 1))
    assert graded(["K", "x", "y"], 1, 90.5, 50.5, -100.5) == pytest.approx(1 - 50 / n)


def test_supported_by_hand() -> None:
    """Of 39 windows, two at least as large make p = 3/40, one 2/40: the level's own."""
    scores = np.zeros(40)
    scores[1:] = np.linspace(0.1, 0.9, 39)

    def satisfied(own: float, level: float = 0.95) -> float:
        sample = Sample("s", "A" * 40, 1, (Interval(0, 1, "P"),))
        scores[0] = own
        one = Attribution(scores, Spans.nucleotides(40))
        return _values(Explained((sample,), (one,), [1], np.zeros((1, 2))), level=level)[0]  # type: ignore[arg-type]

    step = 0.8 / 38
    assert satisfied(0.9 - 0.5 * step) == 1
    assert satisfied(0.9 - 1.5 * step) == 0
    assert satisfied(0.9 - step) == 0  # a tie counts against it
    assert satisfied(0.9 - 1.5 * step, level=0.925) == 1
    assert satisfied(0.9 - 2.5 * step, level=0.925) == 0


@pytest.mark.reimplements("grammar_satisfiability", only=["chance"])
def test_chance_in_closed_form() -> None:
    p = 0.025
    cases = [("P", 1), ("AB", 1), ("CD", 1), ("C", 1), ("H", 1), ("HV", 0), ("Kxy", 1), ("PP", 1)]
    two = 1 - (1 - p) ** 2
    explained = _explained(*((motifs, label, {}) for motifs, label in cases))
    expected = [p, p**2, two, p, p, p, p * (1 - p) ** 2, two]
    assert _values(explained, "chance") == pytest.approx(expected)
    assert _values(explained, "chance", level=0.8)[0] == pytest.approx(0.1)


NULL = {  # of one motif 1/4; min of two 1/3 / 4; max of two 2/3 / 4 + 1/2 / 2; with two decoys
    "P": (1, 0.030, Fraction(1, 4)),
    "AB": (1, 0.030**2, Fraction(1, 12)),
    "CD": (1, 1 - 0.97**2, Fraction(5, 12)),
    "HV": (0, 0.030, Fraction(1, 4)),
    "Kxy": (1, 0.030 * 0.97**2, Fraction(17, 96)),
}


@pytest.mark.parametrize("motifs", NULL)
def test_what_noise_scores(motifs: str) -> None:
    """The graded values of the docs; satisfied a little more often than by `chance`."""
    label, satisfied, graded = NULL[motifs]
    rng = np.random.default_rng(1)
    explained = _explained(*[(motifs, label, {})] * 6000)
    noise = [a.with_scores(rng.normal(size=LENGTH)) for a in explained.attributions]
    scored = explained.with_attributions(noise)
    binary, half = _values(scored), _values(scored, "graded")
    error = max(satisfied / 6000, 1e-7) ** 0.5
    assert abs(np.mean(binary) - satisfied) < 4 * error + 0.2 * satisfied
    assert np.mean(half) == pytest.approx(float(graded), abs=0.015)
    assert np.mean(binary) > 0.6 * _values(scored, "chance")[0]


def _slow(explained: Explained, index: int, level: float) -> tuple[float, float]:
    """The rules of this file in words, sample by sample."""
    sample, scores = explained.samples[index], explained.attributions[index].scores.tolist()
    sign = 1 if explained.targets[index] == 1 else -1
    taken = {i for one in sample.annotations for i in range(one.start, one.end)}
    windows = [
        abs(sum(scores[i : i + WIDTH]))
        for i in range(LENGTH - WIDTH + 1)
        if not taken & set(range(i, i + WIDTH))
    ]
    found: dict[str, tuple[float, float, float, float]] = {}
    for one in sample.annotations:
        r = sign * sum(scores[one.start : one.end])
        above = sum(w >= abs(r) - 1e-9 for w in windows)
        supported = (1 + above) / (1 + len(windows)) <= 1 - level + 1e-12
        rank = 1 - above / len(windows)
        name = one.name.removeprefix("decoy:")
        plus, minus = r > 1e-9, r < -1e-9
        found[name] = (plus and supported, minus and supported, plus * rank, minus * rank)

    def worth(demand: str, degree: int) -> float:
        kind, _, names = demand.partition(" ")
        column = (1 if "against" in kind else 0) + 2 * degree
        here = [found[name][column] for name in names if name in found]
        return float(1 - max(here) if "not" in kind else max(here) if "any" in kind else min(here))

    demands = {
        "P": ["for P"], "A": ["for AB"], "C": ["for-any CD"], "D": ["for-any CD"],
        "H": ["for H"] if sample.label else ["against V"], "K": ["for K", "not X", "not Y"],
    }[next(iter(found))]  # fmt: skip
    binary, graded = (min(worth(demand, degree) for demand in demands) for degree in (0, 1))
    return binary, graded


SAMPLES = st.lists(
    st.tuples(
        st.sampled_from(
            [("P", 1), ("AB", 1), ("CD", 1), ("D", 1), ("H", 1), ("HV", 0), ("Kxy", 1)]
        ),
        st.integers(0, 2**32),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
)


def _drawn(drawn: Any, target: int = 1, scale: float = 1.0) -> Explained:
    """Scores in whole numbers, so that there are ties; motifs so many times as high."""
    explained = _explained(*((*kind, {}) for kind, _, _ in drawn), target=target)
    attributions = []
    for (_, seed, height), attribution, sample in zip(
        drawn, explained.attributions, explained.samples, strict=True
    ):
        scores = np.random.default_rng(seed).integers(-3, 4, LENGTH).astype(float)
        for one in sample.annotations:
            scores[one.start : one.end] *= height
        attributions.append(attribution.with_scores(scale * scores))
    return explained.with_attributions(attributions)


@pytest.mark.reimplements("grammar_satisfiability", only=["", "graded"])
@settings(max_examples=60, deadline=None)
@given(SAMPLES, st.integers(0, 1), st.sampled_from([0.5, 0.8, 0.95]))
def test_against_a_slow_version(drawn: Any, target: int, level: float) -> None:
    explained = _drawn(drawn, target)
    expected = [_slow(explained, i, level) for i in range(len(explained))]
    assert _values(explained, level=level) == [binary for binary, _ in expected]
    assert _values(explained, "graded", level=level) == pytest.approx([g for _, g in expected])


@settings(max_examples=60, deadline=None)
@given(SAMPLES, st.floats(1e-200, 1e200))
def test_a_sample_alone_and_scaled_is_as_in_any_batch(drawn: Any, scale: float) -> None:
    for key in ("", "graded", "chance"):
        alone = [_values(_drawn([one], scale=scale), key)[0] for one in drawn]
        assert _values(_drawn(drawn), key) == alone
        assert _values(_drawn(drawn[::-1]), key) == alone[::-1]


def test_undefined_says_why() -> None:
    explained = _explained(
        ("P", 1, {"P": np.nan}), ("A", 0, {}), ("P", 0, {}), ("Z", 1, {}), ("", 1, {}),
        ("P", 1, {"P": 1}),
    )  # fmt: skip
    metric = GrammarSatisfiability(RULES)
    scored = metric.score(explained, NO_PROBE)
    for key in metric.quantities:
        assert np.isnan(scored.values[key]).tolist() == [True] * 5 + [False]
        assert scored.reasons[key] == {
            0: "scores are not finite",
            1: "label follows from a motif that is absent",
            2: "label does not follow from which motifs are there",
            3: "no rule names its motifs",
            4: "no annotation",
        }
    assert np.isnan(_values(_explained(("", 1, {}), ("Z", 1, {})))).all()


@pytest.mark.parametrize(("free", "reason"), [(18, FEW_WINDOWS), (19, None)])
def test_so_few_windows_that_none_could_be_beyond_the_level(free: int, reason: str | None) -> None:
    sample = Sample("s", "A" * (free + 1), 1, (Interval(0, 1, "P"),))
    scores = Attribution(np.eye(free + 1)[0], Spans.nucleotides(free + 1))
    explained = Explained((sample,), (scores,), np.array([1]), np.zeros((1, 2)))
    scored = GrammarSatisfiability(RULES).score(explained, NO_PROBE)
    assert scored.reasons[""].get(0) == reason
    assert scored.values[""].tolist() == pytest.approx([np.nan if reason else 1], nan_ok=True)


def test_the_positive_class_may_be_another() -> None:
    explained = _explained(("P", 2, {"P": 1}), target=2)
    assert _values(explained, positive=2) == [1]
    assert _values(_explained(("P", 2, {"P": 1}), target=1), positive=2) == [0]


def test_without_rules_motifs_are_for_and_decoys_are_not() -> None:
    explained = _explained(("CD", 1, {"C": 1}), ("Px", 1, {"P": 1}), ("Px", 1, {"P": 1, "x": 1}))
    assert _values(explained, rules=()) == [0, 1, 0]


@pytest.mark.parametrize("level", [0, 1, -1, np.nan])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(InputError, match="level: expected a share between 0 and 1, got"):
        GrammarSatisfiability(RULES, level=level)


def _precision(*cases: tuple[str, int, Mapping[str, float]]) -> list[float]:
    return DecoyPrecision().score(_explained(*cases), NO_PROBE).values[""].tolist()


@pytest.mark.reimplements("decoy_precision", only=[""])
def test_decoy_precision_by_hand() -> None:
    assert _precision(
        ("Kx", 1, {"K": 2.0}),
        ("Kx", 1, {"K": 2.0, "x": 1.0}),
        ("Kx", 1, {"K": -2.0, "x": 2.0}),
        ("Kx", 1, {"K": 2.0, "x": -3.0}),
        ("Kx", 1, {"K": 1.0, "x": 9.0}),
        ("Kxy", 1, {"K": 2.0, "x": 1.0}),
        ("KKx", 1, {"K": 2.0, "x": 1.0}),
    ) == pytest.approx([1, 0.5, 0, -0.5, -1, 0.75, 0.5])


def test_decoy_precision_is_per_nucleotide_and_by_magnitude() -> None:
    marks = (Interval(0, 2, "K"), Interval(2, 6, "decoy:X"), Interval(1, 3, "decoy:Y"))
    sample = Sample("s", "A" * 8, 1, marks)
    scores = Attribution(np.array([4.0, -2.0, 1.0, -1.0, 1.0, 3.0, 9.0, 9.0]), Spans.nucleotides(8))
    token = Attribution(np.array([8.0, 6.0, 2.0]), Spans(np.array([0, 4, 6, 8])))
    explained = Explained((sample,) * 2, (scores, token), np.array([1, 1]), np.zeros((2, 2)))
    # Motif (4 + 2)/2, decoys (1 + 1 + 1 + 3)/4: a letter of both is the motif's.
    # Tokens of 2, 2, 2, 2 and 3, 3: motif 2, decoys (2 + 2 + 3 + 3)/4.
    values = DecoyPrecision().score(explained, NO_PROBE).values[""]
    assert values == pytest.approx([1 - 1.5 / 3, 1 - 2.5 / 2])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=5),
       st.floats(1e-300, 1e300))  # fmt: skip
def test_decoy_precision_alone_and_scaled_is_as_in_any_batch(
    heights: list[tuple[int, int]], scale: float
) -> None:
    together = _precision(*(("Kx", 1, {"K": k, "x": x}) for k, x in heights))
    background = BACKGROUND * scale
    for (k, x), value in zip(heights, together, strict=True):
        one = _explained(("Kx", 1, {"K": k * scale, "x": x * scale}), background=background)
        alone = DecoyPrecision().score(one, NO_PROBE).values[""]
        expected = max(1 - abs(x) / abs(k), -1) if k else np.nan
        assert alone.tolist() == pytest.approx([expected], nan_ok=True)
        assert [value] == pytest.approx([expected], nan_ok=True)


def test_decoys_of_noise_are_as_high_as_motifs() -> None:
    """A little below 0, since 1/x curves up: 1 - E(D) E(1/M), about -(pi/2 - 1)/width of motif."""
    rng = np.random.default_rng(2)
    explained = _explained(*[("Kx", 1, {})] * 4000)
    noise = [a.with_scores(rng.normal(size=LENGTH)) for a in explained.attributions]
    values = DecoyPrecision().score(explained.with_attributions(noise), NO_PROBE).values[""]
    assert np.median(values) == pytest.approx(0.0, abs=0.03)
    assert np.mean(values) == pytest.approx(-(np.pi / 2 - 1) / WIDTH, abs=0.06)


def test_decoy_precision_undefined_says_why() -> None:
    explained = _explained(
        ("Kx", 1, {"K": np.nan}), ("K", 1, {"K": 1}), ("x", 1, {"x": 1}), ("Kx", 1, {"x": 1}),
        ("Kx", 0, {"x": 1}), ("Kx", 1, {"K": 1}),
    )  # fmt: skip
    scored = DecoyPrecision().score(explained, NO_PROBE)
    assert np.isnan(scored.values[""]).tolist() == [True] * 5 + [False]
    assert scored.reasons[""] == {
        0: "scores are not finite", 1: "no decoy", 2: "no motif that counts",
        3: "no relevance on motifs", 4: "no motif that counts",
    }  # fmt: skip


def test_what_ranks_and_what_does_not() -> None:
    of_rule, of_decoys = GrammarSatisfiability.quantities, DecoyPrecision.quantities
    assert {key: (one.better, one.bounds) for key, one in of_rule.items()} == {
        "": ("higher", (0, 1)), "graded": ("higher", (0, 1)), "chance": ("none", (0, 1)),
    }  # fmt: skip
    assert {key: (one.better, one.bounds) for key, one in of_decoys.items()} == {
        "": ("higher", (-1, 1)), "positional": ("none", (-1, 1)),
    }  # fmt: skip
