"""What an input is compared with: names of references, and shuffles that all explainers share."""

from __future__ import annotations

from collections.abc import Sequence

from gxarena.dna import dinucleotide_shuffles
from gxarena.errors import check_choice
from gxarena.seeds import sample_seed

KINDS = ("zeros", "uniform", "unknown", "mask", "pad")
"""Embeddings that stand for no nucleotide: zeros; every letter, or token, equally; the model's own
unknown (N, [UNK]), [MASK] and [PAD]."""

SHUFFLES = "shuffles"
"""Dinucleotide shuffles of the sequence itself."""


def check_kind(where: str, kind: str, kinds: Sequence[str] = (*KINDS, SHUFFLES)) -> None:
    """Raise InputError where `kind` is not one of `kinds`."""
    check_choice(where, kind, kinds)


def shuffled(sequence: str, n: int) -> list[str]:
    """`n` dinucleotide shuffles of a sequence, the same for every explainer and in every batch.

    Their seed is the sequence's own: seeds of a `gxarena.data.Batch` differ between explainers,
    which would then be compared on different references.
    """
    return dinucleotide_shuffles(sequence, n, sample_seed(0, "references", sequence))
