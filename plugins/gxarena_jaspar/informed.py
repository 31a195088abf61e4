"""Annotations that say how informative each of their nucleotides is, by the matrix they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gxarena.data import Interval
from gxarena.datasets.dataset import Dataset
from gxarena.truth import DECOY
from gxarena_jaspar.matrices import Matrix


def informed(dataset: Dataset, motifs: Sequence[Matrix]) -> Dataset:
    """The data set with the information of each nucleotide of these motifs in its annotations.

    An annotation is a motif's where it is named by its matrix, behind ``decoy:`` or not, and as
    wide; others stay as they are.
    """
    by_place = {
        (one.id, one.width, strand): one.information(strand) for one in motifs for strand in "+-"
    }

    def known(one: Interval) -> Interval:
        place = (one.name.removeprefix(DECOY), one.end - one.start, one.strand)
        return replace(one, information=by_place.get(place, one.information))

    samples = (
        replace(sample, annotations=tuple(known(one) for one in sample.annotations))
        for sample in dataset.samples
    )
    return replace(dataset, samples=tuple(samples))
