"""Planted sequences: labels and annotations are what an independent scan finds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gxarena.data import Sample
from gxarena.errors import InputError
from gxarena.truth import DECOY
from gxarena_jaspar.grammars import (
    BS,
    DIF,
    GRAMMARS,
    GSB,
    HLH4C,
    HNF4,
    KLU,
    M1BP,
    PHOL,
    SENS,
    SOX102F,
    SUHW,
    VRI,
)
from gxarena_jaspar.matrices import matrices
from gxarena_jaspar.planted import planted, window_scores

N = 240


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


def test_classes_and_grammars_are_equal(samples: tuple[Sample, ...]) -> None:
    counts = Counter((sample.id.split("-")[1], sample.label) for sample in samples)
    assert set(counts) == {(name, label) for name in GRAMMARS for label in (0, 1)}
    assert set(counts.values()) == {N // 12}


def test_labels_follow_from_what_is_there(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        found = set(_planted(sample)) - {SOX102F, SUHW}
        close = _gap(sample)
        grammar = {
            "one": found == {PHOL},
            "and": found == {M1BP, SENS},
            "or": bool(found & {HNF4, GSB}),
            "spacing": found == {BS, DIF} and close is not None and 6 <= close <= 10,
            "unless": HLH4C in found and VRI not in found,
            "decoys": found == {KLU},
        }
        assert grammar[sample.id.split("-")[1]] == bool(sample.label), sample.id


def _gap(sample: Sample) -> int | None:
    ends = {one.name.removeprefix(DECOY): one for one in sample.annotations}
    if {BS, DIF} <= ends.keys() and ends[BS].start < ends[DIF].start:
        return ends[DIF].start - ends[BS].end
    return None


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
    ],
)
def test_wrong_parameters_are_one_sentence(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        planted(**parameters)  # type: ignore[arg-type]
