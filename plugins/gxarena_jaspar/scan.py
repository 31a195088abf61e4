"""Annotations by scanning: where JASPAR matrices fit the sequences of any data set."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from memelite import fimo

from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.opening import open_dataset
from gxarena.dna import letters, one_hot
from gxarena.errors import InputError
from gxarena.registry import Registry
from gxarena_jaspar.informed import informed
from gxarena_jaspar.matrices import RELEASE, Matrix, matrices

PSEUDOCOUNT = 1e-4
"""Added to frequencies by FIMO."""
_CHUNK = 4096
"""Sequences scanned together: bounds the one-hot array."""


def scan(
    data: str,
    matrices: Sequence[str],
    pvalue: float = 1e-4,
    release: str = RELEASE,
    sequence: str = "",
    label: str = "",
    id: str = "",  # noqa: A002
    information: bool = False,
    *,
    registry: Registry,
) -> Dataset:
    """The samples of another data set, annotated where a matrix fits (FIMO; Grant et al. 2011).

    Parameters
    ----------
    data : str
        A data set by name, ``name:split`` or path.
    matrices : list of str
        JASPAR ids, e.g. ``["MA0139.2", "MA0080.7"]``.
    pvalue : float
        Of a window's score under even letters; each strand is scanned.
    release : str
        JASPAR's release, such as "JASPAR2026".
    sequence, label, id : str
        Columns, for data given by path.
    information : bool
        Whether intervals say how informative each of their nucleotides is, for metrics that weigh
        the truth by it.
    registry : Registry
        Where names are looked up.

    Returns
    -------
    Dataset
        Annotations the data had are kept; an interval is named by its matrix.
    """
    if not 0 < pvalue < 1:
        raise InputError(f"scan, pvalue: expected a number between 0 and 1, got {pvalue}.")
    if isinstance(matrices, str) or not matrices:
        raise InputError(
            f'scan, matrices: expected a list such as ["MA0139.2"], got {matrices or "none"}.'
        )
    if not isinstance(information, bool):
        raise InputError(f"scan, information: expected true or false, got {information!r}.")
    columns = {"sequence": sequence, "label": label, "id": id}
    given: dict[str, Any] = {key: value for key, value in columns.items() if value}
    opened = open_dataset(data, registry, **given)
    return _scanned(opened, tuple(matrices), pvalue, release, information)


@functools.lru_cache(maxsize=4)
def _scanned(
    dataset: Dataset, ids: tuple[str, ...], pvalue: float, release: str, information: bool
) -> Dataset:
    motifs = matrices(ids, release)
    samples: list[Sample] = []
    for start in range(0, len(dataset.samples), _CHUNK):
        chunk = dataset.samples[start : start + _CHUNK]
        hits = occurrences([sample.sequence for sample in chunk], motifs, pvalue)
        samples += [
            replace(sample, annotations=(*sample.annotations, *found))
            for sample, found in zip(chunk, hits, strict=True)
        ]
    made = Dataset(dataset.name, tuple(samples), dataset.kind)
    return informed(made, motifs) if information else made


def occurrences(
    sequences: Sequence[str], motifs: Sequence[Matrix], pvalue: float
) -> list[list[Interval]]:
    """Where each matrix fits each sequence on either strand, sorted; one list per sequence.

    Parameters
    ----------
    sequences : sequence of N str
        Of any lengths. A window with N cannot fit.
    """
    found: list[list[Interval]] = [[] for _ in sequences]
    lengths = np.array([len(sequence) for sequence in sequences])
    for table in fimo(
        {motif.id: motif.frequencies.T for motif in motifs},
        np.ascontiguousarray(one_hot(letters(sequences)).transpose(0, 2, 1)),
        threshold=pvalue,
        eps=PSEUDOCOUNT,
    ):
        columns = ("motif_name", "sequence_name", "start", "end", "strand")
        for name, row, start, end, strand in zip(*(table[c] for c in columns), strict=True):
            index = int(row)
            # What fills a short sequence up is no letter; a window that reaches into it is none.
            if end <= lengths[index] and "N" not in sequences[index][start:end]:
                found[index].append(Interval(int(start), int(end), str(name), str(strand)))
    return [sorted(ones, key=_place) for ones in found]


def _place(hit: Interval) -> tuple[int, int, str, str]:
    return hit.start, hit.end, hit.name, hit.strand
