"""Planted's rules are its grammars: what they say of its samples, and what metrics make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gxarena.data import Attribution, Bools, Explained, Floats, Ints, Sample, Spans
from gxarena.dna import codes, letters
from gxarena.metrics import rules
from gxarena.metrics.dependency import NO_PARTNER, DependencyMap, broken
from gxarena.metrics.grammar import DecoyPrecision, GrammarSatisfiability
from gxarena.registry import Registry
from gxarena.run.data import chosen_dataset
from gxarena.run.probe import ModelProbe
from gxarena.run.suite import read_suite
from gxarena.truth import DECOY, truth
from gxarena_jaspar.grammars import (
    GRAMMARS,
    HLH4C,
    KLU,
    M1BP,
    MORE_MOTIFS,
    MOTIFS,
    RULES,
    VRI,
    Group,
)
from gxarena_jaspar.instances import drawn_motif
from gxarena_jaspar.matrices import matrices
from gxarena_jaspar.planted import planted
from gxarena_jaspar.scan import occurrences

NO_PROBE = ModelProbe(lambda: pytest.fail("grammar asks no model"))
N = 240


@pytest.fixture(scope="module")
def samples() -> tuple[Sample, ...]:
    """Every grammar, each as often as the others."""
    order = planted("test", "order", n=N // 6).samples
    return (*planted("test", n=N).samples, *order)


def _grammar(sample: Sample) -> str:
    return sample.id.split("-")[1]


def _explained(samples: tuple[Sample, ...], maps: list[np.ndarray]) -> Explained:
    attributions = tuple(Attribution(scores, Spans.nucleotides(len(scores))) for scores in maps)
    targets = np.ones(len(samples), dtype=np.int64)
    return Explained(samples, attributions, targets, np.zeros((len(samples), 2)))


def test_every_rule_has_the_motifs_of_its_grammar_in_their_part() -> None:
    def motifs(arrangement: tuple[Group, ...]) -> set[str]:
        return {motif for group in arrangement for motif in group.motifs}

    assert len(RULES) == len(GRAMMARS)
    assert [name for name in GRAMMARS if f'"{name}"' not in (planted.__doc__ or "")] == []
    for table, grammar in zip(RULES, GRAMMARS.values(), strict=True):
        every, some, never = (set(table.get(key, ())) for key in rules.KEYS)
        arrangements = [motifs(one) for one in grammar.positive]
        assert set.intersection(*arrangements) == every
        assert set.union(*arrangements) == every | some
        negatives = set.union(*(motifs(one) for one in grammar.negative))
        assert negatives - every - some == never


def test_what_the_rules_say_of_every_sample(samples: tuple[Sample, ...]) -> None:
    found = Counter(
        (_grammar(sample), sample.label, one.reason, len(one.required), len(one.alternatives),
         len(one.vetoes), len(one.distractors))
        for sample in samples
        for one in [rules.case(rules.checked("", RULES), sample)]
    )  # fmt: skip
    half, quarter = N // 12, N // 24
    thirds = Counter(i % 3 for i in range(half))
    assert found == {
        ("one", 1, "", 1, 0, 0, 0): half,
        ("and", 1, "", 2, 0, 0, 0): half,
        ("or", 1, "", 0, 1, 0, 0): half - thirds[2],
        ("or", 1, "", 0, 2, 0, 0): thirds[2],
        ("spacing", 1, "", 2, 0, 0, 0): half,
        ("order", 1, "", 2, 0, 0, 0): half,
        ("unless", 1, "", 1, 0, 0, 0): half,
        ("decoys", 1, "", 1, 0, 0, 2): half,
        ("unless", 0, "", 1, 0, 1, 0): quarter,
        ("unless", 0, rules.BY_ABSENCE, 0, 0, 0, 0): quarter,
        ("and", 0, rules.BY_ABSENCE, 0, 0, 0, 0): half,
        ("spacing", 0, rules.NOT_BY_PRESENCE, 0, 0, 0, 0): half,
        ("order", 0, rules.NOT_BY_PRESENCE, 0, 0, 0, 0): half,
        ("one", 0, rules.NO_ANNOTATION, 0, 0, 0, 0): half,
        ("or", 0, rules.NO_ANNOTATION, 0, 0, 0, 0): half,
        ("decoys", 0, rules.NO_RULE, 0, 0, 0, 0): half,
    }


def test_the_truth_satisfies_every_positive_and_its_negative_none(
    samples: tuple[Sample, ...],
) -> None:
    positives = tuple(sample for sample in samples if sample.label == 1)
    maps = [truth(sample).astype(np.float64) for sample in positives]
    metric = GrammarSatisfiability(RULES)
    for sign, satisfied in ((1, 1.0), (-1, 0.0)):
        explained = _explained(positives, [sign * one for one in maps])
        scored = metric.score(explained, NO_PROBE)
        assert set(scored.values[""].tolist()) == {satisfied}
        assert set(scored.values["graded"].tolist()) == {satisfied}
    vetoed = tuple(s for s in samples if len({a.name for a in s.annotations}) == 2
                   and _grammar(s) == "unless")  # fmt: skip
    against = [
        -np.sum([np.eye(250)[a.start : a.end].sum(axis=0) for a in s.annotations], axis=0)
        for s in vetoed
    ]
    scored = metric.score(_explained(vetoed, against), NO_PROBE)
    assert scored.values[""].tolist() == [1.0] * len(vetoed)


class RuleNetwork:
    """Logits (-f, f): f of where two motifs are, in the order in which they are given.

    Parameters
    ----------
    motifs : two names
    function : of two bool arrays, shape (N, windows)
        Where the first and the second motif count, on either strand.
    """

    n_outputs, max_length = 2, None

    def __init__(self, motifs: Sequence[str], function: Callable[[Bools, Bools], Floats]) -> None:
        numbers = [(*MOTIFS, *MORE_MOTIFS["order"]).index(name) for name in motifs]
        drawn = map(drawn_motif, matrices(motifs), numbers)
        self._motifs, self._function = tuple(drawn), function

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        return [Spans.nucleotides(len(sequence)) for sequence in sequences]

    def predict(self, sequences: Sequence[str]) -> Floats:
        first, second = (motif.found(codes(letters(sequences))) for motif in self._motifs)
        f = self._function(first, second)
        return np.stack([-f, f], axis=1)

    def explain(
        self, _: object, samples: tuple[Sample, ...], targets: Ints, origins: tuple[str, ...]
    ) -> list[Attribution]:
        """Each annotation's drop of the target's logit when it is broken, over its letters."""
        maps = []
        for sample, target in zip(samples, targets.tolist(), strict=True):
            scores = np.zeros(len(sample.sequence))
            for one in sample.annotations:
                both = self.predict([sample.sequence, broken(sample.sequence, [one])])[:, target]
                scores[one.start : one.end] = (both[0] - both[1]) / (one.end - one.start)
            maps.append(Attribution(scores, Spans.nucleotides(len(scores))))
        return maps


def _any(windows: Bools) -> Bools:
    return np.asarray(windows.any(axis=1))


def _number(statements: Bools) -> Floats:
    return statements.astype(np.float64)


def _in_order(first: Bools, second: Bools) -> Floats:
    """1 where the first motif lies before the second, the rule of `order` itself."""
    before = first.argmax(axis=1) < second.argmax(axis=1)
    return _number(_any(first) & _any(second) & before)


def _added(first: Bools, second: Bools) -> Floats:
    """How many of the two are there: motifs known, their rule not."""
    return _number(_any(first)) + _any(second)


def _unless(motif: Bools, veto: Bools) -> Floats:
    """1 where the motif is and the veto is not, the rule of `unless` itself."""
    return _number(_any(motif) & ~_any(veto))


def _against(motif: Bools, veto: Bools) -> Floats:
    """The veto is evidence against, whatever it forbids."""
    return _number(_any(motif)) - _any(veto)


@pytest.mark.parametrize("strands", ["forward", "both"])
@pytest.mark.parametrize("adds", [False, True])
def test_networks_that_know_the_order_and_that_add(adds: bool, strands: Any) -> None:
    """Closed forms: a motif whose order counts is nothing without its partner; one that adds is."""
    samples = planted("test", "order", n=24, strands=strands).samples
    network = RuleNetwork(MORE_MOTIFS["order"], _added if adds else _in_order)
    outputs = network.predict([sample.sequence for sample in samples])
    labels = np.array([sample.label for sample in samples])
    assert outputs[:, 1].tolist() == ([2.0] * 24 if adds else labels.tolist())
    targets = np.ones(24, dtype=np.int64)
    maps = network.explain(None, samples, targets, ())
    explained = Explained(samples, tuple(maps), targets, outputs)
    probe = ModelProbe(lambda: network, explain=network.explain)
    right = labels == 1
    shift = DependencyMap(RULES).score(explained, probe)
    for key in ("", "model"):
        assert set(shift.values[key][right]) == {0.0 if adds else 1.0}
    assert set(shift.values["null"][right]) == {0.0}
    assert set(shift.values["gap"][right]) == {0.0}
    # The oracle satisfies every positive's rule, and so does who adds: both motifs are for it.
    for one in (explained, _explained(samples, [truth(s).astype(np.float64) for s in samples])):
        assert set(GrammarSatisfiability(RULES).score(one, probe).values[""][right]) == {1.0}
    for metric in (DependencyMap(RULES), GrammarSatisfiability(RULES)):
        reasons = metric.score(explained, probe).reasons[""]
        assert reasons == dict.fromkeys(np.flatnonzero(~right).tolist(), rules.NOT_BY_PRESENCE)
    decoys = DecoyPrecision().score(explained, probe).reasons[""]
    assert set(decoys.values()) == {"no decoy", "no motif that counts"}


@pytest.mark.parametrize("strands", ["forward", "both"])
@pytest.mark.parametrize(("function", "shift"), [(_unless, 1.0), (_against, 0.0)])
@pytest.mark.parametrize("target", [0, 1])
def test_where_a_veto_is_beside_it_breaking_the_veto_restores_the_motif(
    function: Callable[[Bools, Bools], Floats], shift: float, target: int, strands: Any
) -> None:
    """Closed forms, on the negatives: of positives there is no veto that could be broken."""
    samples = planted("test", "unless", n=48, strands=strands).samples
    network = RuleNetwork((HLH4C, VRI), function)
    targets = np.full(48, target, dtype=np.int64)
    maps = network.explain(None, samples, targets, ())
    outputs = network.predict([sample.sequence for sample in samples])
    explained = Explained(samples, tuple(maps), targets, outputs)
    probe = ModelProbe(lambda: network, explain=network.explain)
    scored = DependencyMap(RULES).score(explained, probe)
    both = np.array([len(sample.annotations) == 2 for sample in samples])
    assert both.sum() == 12
    for key, expected in (("", shift), ("model", shift), ("gap", 0.0)):
        assert np.array_equal(np.isfinite(scored.values[key]), both)
        assert set(scored.values[key][both]) == {expected}
    reasons = Counter(scored.reasons[""].values())
    assert reasons == {NO_PARTNER: 24, rules.BY_ABSENCE: 12}


def test_the_suite_asks_for_dependence_where_motifs_have_partners() -> None:
    """Every data set holds such samples; of `unless` those are negatives."""
    suite = read_suite("planted")
    asked = {
        data for block in suite.matrix if "dependency_map" in block.metrics
        for data in block.datasets
    }  # fmt: skip
    grammars = set()
    registry = Registry.load()
    for label in asked:
        samples = chosen_dataset(suite, registry, label, "test", limit=96).samples
        cases = [rules.case(rules.checked("", RULES), sample) for sample in samples]
        share = np.mean([len(case.required + case.vetoes) > 1 for case in cases])
        assert share > 0.4, label
        grammars.add(suite.datasets[label]["grammar"])
    assert grammars == {"and", "spacing", "unless"}


@pytest.mark.parametrize("strands", ["forward", "both"])
def test_what_the_other_strand_still_reads_of_a_broken_motif(strands: Any) -> None:
    """docs/metrics.md, dependency_map: a sixth of M1BP's instances and a tenth of klu's."""
    left, scanned = {}, {}
    samples = planted("test", n=1200, strands=strands).samples
    for number, matrix in enumerate(matrices(MOTIFS)):
        borne = [(sample, one) for sample in samples for one in sample.annotations
                 if one.name.removeprefix(DECOY) == matrix.id]  # fmt: skip
        copies = [broken(sample.sequence, [one]) for sample, one in borne]
        # Nowhere else in a sequence does its motif count: what counts now is across its place.
        found = drawn_motif(matrix, number).found(codes(letters(copies)))
        left[matrix.id] = found.any(axis=1).mean()
        hits = occurrences(copies, [matrix], 1e-4)
        scanned[matrix.id] = np.mean(
            [any(hit.start < one.end and one.start < hit.end for hit in of_copy)
             for of_copy, (_, one) in zip(hits, borne, strict=True)]
        )  # fmt: skip
    assert left.pop(M1BP) == pytest.approx(1 / 6, abs=0.02)
    assert left.pop(KLU) == pytest.approx(1 / 10, abs=0.02)
    assert set(left.values()) == {0.0}
    assert scanned.pop(M1BP) == pytest.approx(0.44, abs=0.02)
    assert scanned.pop(KLU) == pytest.approx(1 / 4, abs=0.03)
    assert max(scanned.values()) < 0.04


def test_decoys_are_beside_motifs_in_one_grammar_alone(samples: tuple[Sample, ...]) -> None:
    maps = [truth(sample).astype(np.float64) for sample in samples]
    values = DecoyPrecision().score(_explained(samples, maps), NO_PROBE).values[""]
    both = [_grammar(sample) == "decoys" and sample.label == 1 for sample in samples]
    assert np.array_equal(np.isfinite(values), both)
    assert set(values[both].tolist()) == {1.0}


def test_noise_scores_by_chance(samples: tuple[Sample, ...]) -> None:
    """Graded means in closed form, see docs/metrics.md."""
    expected = {
        "one": 1 / 4, "and": 1 / 12, "spacing": 1 / 12, "order": 1 / 12, "unless": 1 / 4,
        "decoys": 17 / 96,
    }  # fmt: skip
    rng = np.random.default_rng(0)
    kept = tuple(sample for sample in samples if _grammar(sample) in expected)
    graded = []
    for _ in range(60):
        noise = [rng.normal(size=250) for _ in kept]
        scored = GrammarSatisfiability(RULES).score(_explained(kept, noise), NO_PROBE)
        graded.append(scored.values["graded"])
    means = np.mean(graded, axis=0)
    for name, mean in expected.items():
        own = [means[i] for i, sample in enumerate(kept) if _grammar(sample) == name]
        assert np.nanmean(own) == pytest.approx(mean, abs=0.03)


def test_names_that_no_rule_has_are_planted_as_decoys_alone(samples: tuple[Sample, ...]) -> None:
    named = {name for table in RULES for names in table.values() for name in names}
    for sample in samples:
        for one in sample.annotations:
            assert one.name in named or one.name.startswith(DECOY)


@pytest.mark.parametrize(
    ("name", "factory"),
    [("grammar_satisfiability", GrammarSatisfiability), ("dependency_map", DependencyMap)],
)
def test_the_plugin_hands_its_rules_to_the_core_s_metrics(name: str, factory: type) -> None:
    registry = Registry.load()
    component = registry.get("metrics", name)
    assert registry.factory("metrics", name) is factory
    assert component.defaults["rules"] == RULES
    made = registry.create("metrics", name, component.defaults)
    assert len(made._rules) == len(GRAMMARS)
