"""Dependence: networks that know a rule exactly, or only add; a slow version; windows as null."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxarena.data import Attribution, Bools, Explained, Floats, Interval, Ints, Sample, Spans
from gxarena.dna import complement, letters
from gxarena.errors import InputError
from gxarena.metrics.dependency import DependencyMap, broken
from gxarena.run.probe import ModelProbe

WORDS = {"A": "GATTC", "B": "CCGGAA", "C": "TTGTT", "V": "GGGTAC", "W": "AGGA"}
RULES = [{"all": ["A", "B"]}, {"all": ["C"], "none": ["V", "W"]}, {"any": ["X", "Y"]}]
Function = Callable[[dict[str, float]], float]


class Network:
    """Logits (-f, f) of detectors that see whether a word is there, whole."""

    n_outputs = 2
    max_length = None

    def __init__(self, function: Function, *widths: int) -> None:
        self._function, self._widths = function, widths

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        """Units of the widths in turn; which comes first hangs on the letters, as tokens do."""
        found = []
        for sequence in sequences:
            first = zlib.crc32(sequence.encode()) % len(self._widths)
            turns = itertools.islice(itertools.cycle(self._widths), first, first + len(sequence))
            inside = (edge for edge in itertools.accumulate(turns) if edge < len(sequence))
            found.append(Spans(np.array([0, *inside, len(sequence)])))
        return found

    def predict(self, sequences: Sequence[str]) -> Floats:
        f = [self._function({k: float(w in s) for k, w in WORDS.items()}) for s in sequences]
        return np.array([[-one, one] for one in f])

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        raise AssertionError("never asked")


def occlusion(model: Network, sequence: str, target: int, identifier: str) -> Floats:
    """The drop of the target's logit without each unit."""
    del identifier
    edges = model.spans([sequence])[0].boundaries.tolist()
    without = [sequence[:a] + "N" * (b - a) + sequence[b:] for a, b in itertools.pairwise(edges)]
    drops = model.predict([sequence])[0] - model.predict(without)
    return np.asarray(drops[:, target])


def hashed(model: Network, sequence: str, target: int, identifier: str) -> Floats:
    """Whole numbers that hang on every letter."""
    del target, identifier
    seed = zlib.crc32(sequence.encode())
    return (
        np.random.default_rng(seed).integers(-3, 4, len(model.spans([sequence])[0])).astype(float)
    )


def noise(model: Network, sequence: str, target: int, identifier: str) -> Floats:
    """A sample's own noise, whatever its letters."""
    del target
    rng = np.random.default_rng(zlib.crc32(identifier.encode()))
    return rng.normal(size=len(model.spans([sequence])[0]))


def _sample(motifs: str, label: int = 1, identifier: str = "s", length: int = 90) -> Sample:
    """The words of `motifs`, one every 15 letters, on a background of A; small: as decoys."""
    sequence, intervals = ["A"] * length, []
    for place, motif in enumerate(motifs):
        start, word = 15 * place + 5, WORDS.get(motif.upper(), "CTCTC")
        sequence[start : start + len(word)] = word
        name = motif if motif.isupper() and label else f"decoy:{motif.upper()}"
        intervals.append(Interval(start, start + len(word), name))
    return Sample(identifier, "".join(sequence), label, tuple(intervals))


class Run:
    """A metric's question, with what it asked of the explainer."""

    def __init__(
        self,
        samples: Sequence[Sample],
        function: Function = lambda d: d["A"] * d["B"],
        explainer: Any = occlusion,
        *,
        target: int = 1,
        widths: Sequence[int] = (1,),
        scale: float = 1.0,
        seed: int = 0,
        objective: str = "logit",
        **settings: Any,
    ) -> None:
        self.model, self.explainer, self.scale = Network(function, *widths), explainer, scale
        self.asked: list[tuple[Sample, str]] = []
        targets = np.full(len(samples), target, dtype=np.int64)
        sequences = [sample.sequence for sample in samples]
        attributions = self.explain(self.model, tuple(samples), targets, tuple(sequences))
        self.asked.clear()
        outputs = self.model.predict(sequences) if samples else np.zeros((0, 2))
        explained = Explained(
            tuple(samples), tuple(attributions), targets, outputs, objective, seed
        )
        probe = ModelProbe(lambda: self.model, explain=self.explain)  # type: ignore[arg-type,return-value]
        scored = DependencyMap(**{"rules": RULES} | settings).score(explained, probe)
        self.values = {key: column.tolist() for key, column in scored.values.items()}
        self.reasons = scored.reasons

    def explain(
        self, _: Any, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...]
    ) -> list[Attribution]:
        self.asked += zip(samples, origins, strict=True)
        found = []
        for sample, target in zip(samples, targets.tolist(), strict=True):
            scores = self.explainer(self.model, sample.sequence, target, sample.id)
            spans = self.model.spans([sample.sequence])[0]
            found.append(Attribution(self.scale * scores, spans))
        return found


def _product(d: dict[str, float]) -> float:
    return d["A"] * d["B"]


def _sum(d: dict[str, float]) -> float:
    return d["A"] + d["B"]


def _unless(d: dict[str, float]) -> float:
    return d["C"] * (1 - d["V"]) * (1 - d["W"])


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("widths", [(1,), (3,)])
@pytest.mark.parametrize(
    ("function", "shift"),
    [
        (_product, 1.0),
        (_sum, 0.0),
        (lambda d: 2 * d["A"] * d["B"] + d["A"] + d["B"], 0.5),  # (3 - 1)/(3 + 1)
        (lambda d: d["A"], 0.0),
    ],
)
def test_networks_that_multiply_or_add(
    function: Function, shift: float, widths: Sequence[int], target: int
) -> None:
    run = Run([_sample("AB")], function, target=target, widths=widths)
    assert run.values[""] == pytest.approx([shift])
    assert run.values["null"] == pytest.approx([0.0])
    assert run.values["model"] == pytest.approx([shift])
    assert run.values["gap"] == pytest.approx([0.0])


def test_where_either_is_enough_one_gains_without_the_other() -> None:
    """Neither has relevance beside the other, so that a window shifts nothing of nothing."""
    run = Run([_sample("AB")], lambda d: max(d["A"], d["B"]))
    assert (run.values[""], run.values["model"]) == ([-1.0], [-1.0])
    assert run.reasons["null"] == {0: "no relevance on motifs, before or after"}


@pytest.mark.parametrize("target", [0, 1])
def test_a_veto_is_evidence_only_beside_what_it_forbids(target: int) -> None:
    """Without the veto the motif is evidence; without the motif the veto is none."""
    run = Run([_sample("CV", 0)], _unless, target=target)
    assert (run.values[""], run.values["model"]) == ([1.0], [1.0])
    added = Run([_sample("CV", 0)], lambda d: d["C"] - d["V"], target=target)
    assert (added.values[""], added.values["model"]) == ([0.0], [0.0])


def test_one_veto_is_evidence_without_the_other() -> None:
    """Of C, V, W: either veto gains without the other; all others stay without evidence."""
    assert Run([_sample("CVW", 0)], _unless).values[""] == [1.0]


def test_a_map_that_knows_no_sequence_does_not_shift() -> None:
    run = Run([_sample("AB")], _product, noise)
    assert (run.values[""], run.values["null"], run.values["model"]) == ([0.0], [0.0], [1.0])
    assert run.values["gap"] == [1.0]
    adds = Run([_sample("AB")], _sum, noise)
    assert (adds.values["model"], adds.values["gap"]) == ([0.0], [0.0])  # as the docs warn


@pytest.mark.reimplements("dependency_map", only=["gap", "model"])
def test_the_gap_is_that_of_each_pair_and_not_of_the_means() -> None:
    """One motif's relevance shifts by 1, the other's by 0, where the model's both by a half."""

    def half(model: Network, sequence: str, *_: Any) -> Floats:
        scores = np.zeros(len(sequence))
        scores[5:10] = WORDS["B"] in sequence  # A's, hangs on B
        scores[20:26] = 1.0
        return scores

    run = Run([_sample("AB")], lambda d: 2 * d["A"] * d["B"] + d["A"] + d["B"], half)
    assert (run.values[""], run.values["model"], run.values["gap"]) == ([0.5], [0.5], [0.5])


def test_the_model_is_asked_in_the_objective_s_terms() -> None:
    """Probability saturates: (p(1) - p(0)) is the drop, in either order."""
    leaky = Run([_sample("AB")], lambda d: 2 * _sum(d), objective="probability").values["model"][0]

    def p(f: float) -> float:
        return 1 / (1 + np.exp(-2 * f))

    before, after = p(4) - p(2), p(2) - p(0)
    assert leaky == pytest.approx((before - after) / (before + after))


def test_what_is_asked_of_the_explainer() -> None:
    """Copies without each partner, or a window as wide outside the annotations; no other edits."""
    sample = _sample("ABz")
    run = Run([sample], windows=3)
    assert len(run.asked) == 2 * (1 + 3)
    first, second = sample.annotations[:2]
    assert [asked.sequence for asked, _ in run.asked[::4]] == [
        broken(sample.sequence, [second]), broken(sample.sequence, [first])
    ]  # fmt: skip
    for asked, origin in run.asked:
        assert (asked.id, asked.annotations, origin) == ("s", sample.annotations, sample.sequence)
    taken = {i for one in sample.annotations for i in range(one.start, one.end)}
    for partner, copies in ((second, run.asked[1:4]), (first, run.asked[5:8])):
        places = [_edited(sample.sequence, asked.sequence) for asked, _ in copies]
        for place in places:
            assert len(place) == partner.end - partner.start == place[-1] - place[0] + 1
            assert not taken & set(place)
        assert len({place[0] for place in places}) == 3


def _edited(old: str, new: str) -> list[int]:
    changed = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    assert all({old[i], new[i]} in ({"A", "T"}, {"C", "G"}) for i in changed)
    return changed


def test_windows_are_drawn_from_the_sample_s_seed() -> None:
    def asked(**settings: Any) -> list[str]:
        return [one.sequence for one, _ in Run([_sample("AB", **settings)], seed=seed).asked]

    seed = 0
    first = asked()
    assert asked() == first
    assert asked(identifier="t") != first
    seed = 1
    assert asked() != first


@pytest.mark.reimplements("dependency_map", only=["", "null"])
@pytest.mark.parametrize("widths", [(1,), (4,), (3, 7, 2)])
@pytest.mark.parametrize(
    ("motifs", "label"), [("AB", 1), ("BA", 1), ("CV", 0), ("CVW", 0), ("AAB", 1)]
)
@pytest.mark.parametrize("target", [0, 1])
def test_against_a_slow_version(
    motifs: str, label: int, widths: Sequence[int], target: int
) -> None:
    sample = _sample(motifs, label)
    run = Run([sample], _product, hashed, widths=widths, target=target, windows=2)

    def relevance(sequence: str, motif: str) -> float:
        scores = hashed(run.model, sequence, target, "s").tolist()
        edges = run.model.spans([sequence])[0].boundaries.tolist()
        each = [s / (b - a) for s, a, b in zip(scores, edges[:-1], edges[1:], strict=True)
                for _ in range(b - a)]  # fmt: skip
        return sum(sum(each[one.start : one.end]) for one in places[motif])

    names = sorted(set(motifs))
    places = {m: [one for one in sample.annotations if one.name[-1] == m] for m in names}
    order = [m for m in "ABCVW" if m in names]
    copies = {m: [one.sequence for one, _ in run.asked[3 * i : 3 * i + 3]]
              for i, m in enumerate(_partner_order(order))}  # fmt: skip
    real, null = [], []
    for looked in names:
        for gone in names:
            if looked == gone:
                continue
            sign = (-1 if looked in "VW" else 1) * (-1 if gone in "VW" else 1)
            sign *= 1 if target == 1 else -1
            r = relevance(sample.sequence, looked)
            for column, copy in zip((real, null, null), copies[gone], strict=True):
                after = relevance(copy, looked)
                if abs(r) + abs(after) > 1e-12:
                    column.append(sign * (r - after) / (abs(r) + abs(after)))
    assert run.values[""] == pytest.approx([np.mean(real)])
    assert run.values["null"] == pytest.approx([np.mean(null)])


def _partner_order(motifs: list[str]) -> list[str]:
    """Partners in the order in which pairs name them: of the first motif, then of the second."""
    return list(dict.fromkeys(b for a in motifs for b in motifs if a != b))


def test_undefined_says_why() -> None:
    samples = [
        _sample("A", 0), _sample("C"), _sample("X"), _sample("AB", 0), Sample("n", "ACGT", 1),
        _sample("AB"),
    ]  # fmt: skip
    run = Run([Sample(f"s{i}", s.sequence, s.label, s.annotations) for i, s in enumerate(samples)])
    for key, column in run.values.items():
        assert np.isnan(column).tolist() == [True] * 5 + [False]
        assert run.reasons[key] == {
            0: "label follows from a motif that is absent",
            1: "no two motifs that depend on each other",
            2: "no two motifs that depend on each other",
            3: "label does not follow from which motifs are there",
            4: "no annotation",
        }
    assert len(run.asked) == 4
    assert np.isnan(Run([_sample("C")]).values[""]).all()


def test_without_relevance_or_with_nan_there_is_no_shift() -> None:
    keys = ("", "null", "model", "gap")
    zero = Run([_sample("AB")], lambda d: 0 * d["A"])
    nothing = "no relevance on motifs, before or after"
    same = "the model does not answer otherwise without a motif, before or after"
    neither = "no pair of motifs with both a shift and the model's"
    expected = [{0: nothing}, {0: nothing}, {0: same}, {0: neither}]
    assert [zero.reasons[key] for key in keys] == expected
    whole = _sample("AB").sequence

    def lost(model: Network, sequence: str, *_: Any) -> Floats:
        return np.full(len(model.spans([sequence])[0]), np.nan)

    def lost_later(model: Network, sequence: str, *_: Any) -> Floats:
        scores = np.ones(len(sequence))
        scores[-1] = 1.0 if sequence == whole else np.inf  # beside the motifs
        return scores

    nan = Run([_sample("AB")], explainer=lost)
    assert [nan.reasons[key] for key in keys] == [{0: "scores are not finite"}] * 4
    later = Run([_sample("AB")], explainer=lost_later)
    edited = "scores of an edited sequence are not finite"
    assert [later.reasons[key] for key in keys] == [{0: edited}, {0: edited}, {}, {0: edited}]
    assert later.values["model"] == [1.0]


def test_what_cancels_is_no_relevance() -> None:
    def cancels(model: Network, sequence: str, *_: Any) -> Floats:
        scores = np.zeros(len(sequence))
        scores[5:8] = (0.1, 0.2, -0.3) if WORDS["B"] in sequence else (0.3, -0.2, -0.1)
        return scores

    run = Run([_sample("AB")], explainer=cancels)
    assert run.reasons[""] == {0: "no relevance on motifs, before or after"}


def test_without_room_for_a_window_there_is_no_null() -> None:
    sequence = WORDS["A"] + "ACAC" + WORDS["B"] + "A" * 5
    marks = (Interval(0, 5, "A"), Interval(9, 15, "B"))
    run = Run([Sample("s", sequence, 1, marks)])
    assert run.values[""] == [1.0]
    assert run.reasons["null"] == {0: "no room for a window outside the annotations"}
    roomy = Run([Sample("s", sequence + "A", 1, marks)])
    assert roomy.values["null"] == [0.0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["AB", "BA", "ABz", "A"]), min_size=1, max_size=5),
       st.floats(1e-200, 1e200))  # fmt: skip
def test_a_sample_alone_and_scaled_is_as_in_any_batch(kinds: list[str], scale: float) -> None:
    samples = [_sample(kind, 1, f"s{i}") for i, kind in enumerate(kinds)]
    together = Run(samples, _product, hashed).values
    for key, column in together.items():
        alone = [Run([one], _product, hashed, scale=scale).values[key][0] for one in samples]
        assert column == pytest.approx(alone, rel=1e-9, abs=1e-9, nan_ok=True)
        turned = Run(samples[::-1], _product, hashed).values[key][::-1]
        assert column == pytest.approx(turned, nan_ok=True)


def test_more_samples_than_are_explained_at_once() -> None:
    samples = [_sample("AB", 1, f"s{i}") for i in range(37)]
    run = Run(samples, _product, hashed)
    alone = [Run([one], _product, hashed).values for one in samples]
    for key, column in run.values.items():
        assert column == pytest.approx([one[key][0] for one in alone])


def test_without_rules_all_motifs_depend_on_each_other() -> None:
    assert Run([_sample("AB")], _product, rules=()).values[""] == [1.0]
    assert np.isnan(Run([_sample("Ab")], _product, rules=()).values[""]).all()


def test_the_positive_class_may_be_another() -> None:
    turned = Run([_sample("AB", 2)], _product, target=1, positive=2)
    assert turned.values[""] == [-1.0]  # scores for output 1 speak against 2


@given(st.text("ACGTN", min_size=6, max_size=30))
def test_what_is_broken_has_no_letter_left(sequence: str) -> None:
    new = broken(sequence, [Interval(1, 3), Interval(4, 6)])
    for i, (a, b) in enumerate(zip(sequence, new, strict=True)):
        assert (a == b) == (i not in (1, 2, 4, 5) or a == "N")
    assert complement(letters([sequence])[0])[4] == ord(new[4])


@pytest.mark.parametrize("windows", [0, 1.5])
def test_windows_are_a_whole_number(windows: float) -> None:
    message = rf"windows: expected a whole number, at least 1, got {windows}"
    with pytest.raises(InputError, match=message):
        DependencyMap(RULES, windows=windows)  # type: ignore[arg-type]


def test_what_an_alternative_s_partner_does_is_no_dependence() -> None:
    sample = _sample("XY")
    assert Run([sample]).reasons[""] == {0: "no two motifs that depend on each other"}


def test_what_ranks_and_what_does_not() -> None:
    quantities = DependencyMap.quantities
    assert {key: (one.better, one.bounds) for key, one in quantities.items()} == {
        "": ("none", (-1, 1)), "null": ("none", (-1, 1)), "model": ("none", (-1, 1)),
        "gap": ("lower", (0, 2)),
    }  # fmt: skip
