"""Planted sequences: labels and annotations are what an independent scan finds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxarena.data import Sample
from gxarena.dna import reverse_complement
from gxarena.errors import InputError
from gxarena.truth import DECOY
from gxarena_jaspar.grammars import (
    ATF6,
    BS,
    CG7928,
    DIF,
    GRAMMARS,
    GSB,
    HLH4C,
    HNF4,
    KLU,
    M1BP,
    MORE_MOTIFS,
    MOTIFS,
    PHOL,
    SENS,
    SOX102F,
    SUHW,
    TOGETHER,
    VRI,
)
from gxarena_jaspar.instances import drawn_motif, window_scores
from gxarena_jaspar.matrices import matrices
from gxarena_jaspar.planted import planted

N = 240
SEEDS = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def samples() -> tuple[Sample, ...]:
    return planted("test", n=N).samples


def _planted(sample: Sample) -> list[str]:
    """Ids of what is in a sample, from left to right."""
    ordered = sorted(sample.annotations, key=lambda one: one.start)
    return [one.name.removeprefix(DECOY) for one in ordered]


def test_the_same_seed_gives_the_same_sequences_and_a_smaller_set_begins_a_larger() -> None:
    whole = planted("test", n=60)
    assert planted("test", n=18).samples == whole.samples[:18]
    assert planted("test", n=60, seed=1).samples != whole.samples
    assert planted("valid", n=60).samples != whole.samples
    alone = planted("test", grammar="and", n=10).samples
    assert alone == tuple(s for s in whole.samples if "-and-" in s.id)


def test_the_default_set_is_the_one_that_models_were_trained_on() -> None:
    digest = planted("valid").digest
    assert digest.startswith("cec587aad0aff3ef")


@pytest.mark.parametrize(
    ("parameters", "digest"),
    [
        ({"split": "train", "n": 240}, "42a0333398e019be"),
        ({"split": "valid", "n": 240}, "c09b4811c60a4279"),
        ({"split": "test", "n": 240}, "d9f996b7ae051467"),
        ({"split": "test", "n": 120, "seed": 3}, "0ed1082982d9a149"),
        ({"split": "test", "grammar": "spacing", "n": 40}, "826e39c0f2c990cc"),
        ({"split": "train", "grammar": "or", "n": 40, "seed": 7}, "2d4448b35004194d"),
    ],
)
def test_what_is_not_asked_for_changes_no_sample(parameters: dict[str, Any], digest: str) -> None:
    """Digests from before there were strands, held-out words and the order of two motifs."""
    assert planted(**parameters).digest.startswith(digest)
    assert planted(**parameters, strands="forward", held_out=False).digest.startswith(digest)


def test_classes_and_grammars_are_equal(samples: tuple[Sample, ...]) -> None:
    counts = Counter((sample.id.split("-")[1], sample.label) for sample in samples)
    assert set(counts) == {(name, label) for name in TOGETHER for label in (0, 1)}
    assert set(counts.values()) == {N // 12}


def test_labels_follow_from_what_is_there(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        assert _rule(sample) == bool(sample.label), sample.id


def _rule(sample: Sample) -> bool:
    """What the sample's grammar, in words, makes of what is there."""
    found = set(_planted(sample)) - {SOX102F, SUHW}
    close = _gap(sample, BS, DIF)
    holds = {
        "one": found == {PHOL},
        "and": found == {M1BP, SENS},
        "or": bool(found & {HNF4, GSB}),
        "spacing": found == {BS, DIF} and close is not None and 6 <= close <= 10,
        "unless": HLH4C in found and VRI not in found,
        "decoys": found == {KLU},
        "order": found == {ATF6, CG7928} and _gap(sample, ATF6, CG7928) is not None,
    }
    return holds[sample.id.split("-")[1]]


def _gap(sample: Sample, first: str, second: str) -> int | None:
    """Nucleotides between two motifs, or None where they are not there in this order."""
    ends = {one.name.removeprefix(DECOY): one for one in sample.annotations}
    if {first, second} <= ends.keys() and ends[first].start < ends[second].start:
        return ends[second].start - ends[first].end
    return None


def _word(sample: Sample, index: int) -> str:
    """What is planted at an annotation, as its matrix reads it."""
    one = sample.annotations[index]
    word = sample.sequence[one.start : one.end]
    return reverse_complement(word) if one.strand == "-" else word


def _check_words(samples: tuple[Sample, ...]) -> None:
    """Each interval is where its matrix, on the strand it says, draws no weaker word."""
    for sample in samples:
        for index, one in enumerate(sample.annotations):
            motif = MOTIFS_BY_ID[one.name.removeprefix(DECOY)]
            assert one.end - one.start == motif.matrix.width
            codes = np.array([["ACGT".index(letter) for letter in _word(sample, index)]])
            assert window_scores(codes, motif.matrix.log_odds)[0, 0] >= motif.threshold


MOTIFS_BY_ID = {
    matrix.id: drawn_motif(matrix, number)
    for number, matrix in enumerate(matrices([*MOTIFS, *MORE_MOTIFS["order"]]))
}


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.sampled_from(["all", *GRAMMARS]), st.sampled_from(["train", "valid", "test"]))
def test_on_both_strands_the_rule_holds_and_about_half_lie_on_each(
    seed: int, grammar: str, split: str
) -> None:
    samples = planted(split, grammar, n=96, seed=seed, strands="both").samples
    assert all(_rule(sample) == bool(sample.label) for sample in samples)
    _check_words(samples)
    strands = Counter(one.strand for sample in samples for one in sample.annotations)
    n = strands.total()
    assert set(strands) == {"+", "-"}
    assert abs(strands["-"] - n / 2) < 5 * np.sqrt(n) / 2  # one in a million


def test_but_for_the_strands_the_set_is_the_forward_one() -> None:
    """Samples that neither set drew again have the same motifs at the same places."""
    both, forward = (planted("test", n=240, strands=one).samples for one in ("both", "forward"))
    same = 0
    for one, other in zip(both, forward, strict=True):
        here, there = ([(a.start, a.end, a.name) for a in s.annotations] for s in (one, other))
        if here == there and _background(one) == _background(other):
            assert [_word(one, i) for i in range(len(here))] == [
                _word(other, i) for i in range(len(here))
            ]
            same += 1
    assert 0.8 * len(both) < same


def _background(sample: Sample) -> str:
    letters = list(sample.sequence)
    for one in sample.annotations:
        letters[one.start : one.end] = "N" * (one.end - one.start)
    return "".join(letters)


@settings(max_examples=5, deadline=None)
@given(SEEDS, SEEDS, st.sampled_from(["forward", "both"]), st.sampled_from(["all", "order"]))
def test_held_out_words_of_one_split_are_nowhere_in_another(
    seed: int, other: int, strands: Any, grammar: str
) -> None:
    """Not planted, nor by chance, on either strand; and labels follow the rule as ever."""
    sets = {
        split: planted(split, grammar, 72, one, strands=strands, held_out=True).samples
        for split, one in (("train", seed), ("valid", other), ("test", other))
    }
    words = {}
    for split, samples in sets.items():
        assert all(_rule(sample) == bool(sample.label) for sample in samples)
        _check_words(samples)
        words[split] = {_word(s, i) for s in samples for i in range(len(s.annotations))}
    for split, samples in sets.items():
        text = "|".join(s.sequence + "|" + reverse_complement(s.sequence) for s in samples)
        for another in sets.keys() - {split}:
            assert not [word for word in words[another] if word in text]
        assert all(word in text for word in words[split])


def test_without_being_asked_splits_share_words() -> None:
    train, test = (planted(split, n=240).samples for split in ("train", "test"))
    words = [{_word(s, i) for s in one for i in range(len(s.annotations))} for one in (train, test)]
    assert words[0] & words[1]


@settings(max_examples=5, deadline=None)
@given(SEEDS, st.sampled_from(["forward", "both"]))
def test_order_is_all_that_tells_the_classes_of_its_grammar_apart(seed: int, strands: Any) -> None:
    samples = planted("test", "order", n=200, seed=seed, strands=strands).samples
    gaps: dict[int, list[int]] = {0: [], 1: []}
    for sample in samples:
        assert sorted(_planted(sample)) == sorted([ATF6, CG7928])
        first, second = (ATF6, CG7928) if sample.label else (CG7928, ATF6)
        gap = _gap(sample, first, second)
        assert gap is not None
        assert 6 <= gap <= 30
        gaps[int(sample.label or 0)].append(gap)
    # 25 distances are as likely: means of 100 differ by less than 5 standard errors.
    means = [np.mean(gaps[label]) for label in (0, 1)]
    assert abs(means[0] - means[1]) < 5 * np.sqrt((25**2 - 1) / 12 * 2 / 100)


@pytest.mark.parametrize("grammar", ["all", "order"])
def test_where_asked_annotations_say_how_informative_each_nucleotide_is(grammar: str) -> None:
    """Of the matrix as it is planted, on its strand; nothing else about the samples changes."""
    plain = planted("test", grammar, 48, strands="both")
    informed = planted("test", grammar, 48, strands="both", information=True)
    assert informed.digest != plain.digest
    assert {one.information for s in plain.samples for one in s.annotations} == {()}
    for one, other in zip(informed.samples, plain.samples, strict=True):
        assert (one.id, one.sequence, one.label) == (other.id, other.sequence, other.label)
        for a, b in zip(one.annotations, other.annotations, strict=True):
            assert (a.start, a.end, a.name, a.strand) == (b.start, b.end, b.name, b.strand)
            rows = MOTIFS_BY_ID[a.name.removeprefix(DECOY)].matrix.frequencies
            bits = [2 + sum(f * np.log2(f) for f in row) for row in rows.tolist()]
            shares = [bit / max(bits) for bit in (bits[::-1] if a.strand == "-" else bits)]
            assert a.information == pytest.approx(shares, abs=1e-6)


def test_the_grammars_that_models_were_trained_on_know_nothing_of_order() -> None:
    names = {one.name.removeprefix(DECOY) for s in planted("test", n=N).samples
             for one in s.annotations}  # fmt: skip
    assert names == set(MOTIFS)


def test_only_what_makes_a_sequence_positive_is_truth(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        names = [one.name for one in sample.annotations]
        assert any(not name.startswith(DECOY) for name in names) == bool(sample.label)
        if sample.id.split("-")[1] == "decoys":
            assert {DECOY + SOX102F, DECOY + SUHW} <= set(names)


def test_every_motif_scores_where_it_was_planted_and_nowhere_else(
    samples: tuple[Sample, ...],
) -> None:
    """The strongest window of a planted matrix is the planted one."""
    for identifier in (PHOL, M1BP, HNF4, KLU, VRI):
        (matrix,) = matrices([identifier])
        bearers = [s for s in samples if identifier in _planted(s)]
        others = [s for s in samples if identifier not in _planted(s)]
        codes = [["ACGT".index(letter) for letter in s.sequence] for s in bearers + others]
        scores = window_scores(np.array(codes), matrix.log_odds)
        places = [
            next(a.start for a in s.annotations if a.name.removeprefix(DECOY) == identifier)
            for s in bearers
        ]
        assert scores[: len(bearers)].argmax(axis=1).tolist() == places
        weakest = scores[: len(bearers)].max(axis=1).min()
        assert scores[len(bearers) :].max() < weakest


def test_intervals_lie_apart_within_the_sequence(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        assert len(sample.sequence) == 250
        ordered = sorted(sample.annotations, key=lambda one: one.start)
        edges = [0, *(edge for one in ordered for edge in (one.start, one.end)), 250]
        assert edges == sorted(edges)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"split": "tset"}, "unknown 'tset'"),
        ({"grammar": "xor"}, "unknown 'xor'"),
        ({"n": 0}, "planted, n: expected 1 or more, got 0"),
        ({"strands": "reverse"}, "planted, strands: unknown 'reverse'"),
        ({"information": "yes"}, "planted, information: expected true or false, got 'yes'"),
        ({"held_out": "yes"}, "planted, held_out: expected true or false, got 'yes'"),
        ({"held_out": 1}, "planted, held_out: expected true or false, got 1"),
    ],
)
def test_wrong_parameters_are_one_sentence(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        planted(**parameters)  # type: ignore[arg-type]
