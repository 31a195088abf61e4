"""References that all explainers share."""

from __future__ import annotations

import pytest

from gxarena.dna import dinucleotide_shuffles
from gxarena.errors import InputError
from gxarena.explainers.references import KINDS, SHUFFLES, check_kind, shuffled
from gxarena.seeds import sample_seed

SEQUENCE = "ACGTTGCAAGGTCCATNACGGATCTTAAGC" * 2


def test_shuffles_depend_on_the_sequence_alone() -> None:
    found = shuffled(SEQUENCE, 5)
    assert found == dinucleotide_shuffles(SEQUENCE, 5, sample_seed(0, "references", SEQUENCE))
    assert shuffled(SEQUENCE, 3) == found[:3]
    assert len(set(found)) == 5
    assert shuffled(SEQUENCE[:-1] + "A", 1) != found[:1]


@pytest.mark.parametrize("kind", [*KINDS, SHUFFLES])
def test_known_kinds_pass(kind: str) -> None:
    check_kind("mine, reference", kind)


def test_unknown_kinds_are_named() -> None:
    with pytest.raises(InputError, match=r"unknown 'zero'\. Did you mean 'zeros'"):
        check_kind("mine, reference", "zero")
    with pytest.raises(InputError, match="Choices: pad, zeros"):
        check_kind("mine, reference", "shuffles", ("zeros", "pad"))
