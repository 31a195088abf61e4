"""JASPAR's matrices, from the database that pyjaspar brings along: no network."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyjaspar import jaspardb

from gxarena.data import Floats, frozen
from gxarena.dna import ALPHABET
from gxarena.errors import InputError, check_choice, unknown

RELEASE = "JASPAR2024"
PSEUDOCOUNT = 0.8
"""Counts added to each column, spread by the background, as JASPAR's own tools do."""

GROUPS = (
    "vertebrates",
    "insects",
    "plants",
    "fungi",
    "nematodes",
    "urochordates",
    "diatoms",
    "all",
)
"""Taxonomic groups of the CORE collection."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """One motif of the database.

    Attributes
    ----------
    id : str
        Versioned, e.g. ``MA0139.2``.
    name : str
    frequencies : float array, shape (w, 4)
        Over A, C, G, T; rows sum to 1.
    """

    id: str
    name: str
    frequencies: Floats

    @property
    def width(self) -> int:
        return len(self.frequencies)

    @property
    def log_odds(self) -> Floats:
        """log2 of frequency over an even background, shape (w, 4)."""
        return np.asarray(np.log2(self.frequencies / 0.25))

    def information(self, strand: str = "+") -> tuple[float, ...]:
        """Bits of each column over those of the most informative one, as it lies on a strand.

        Rounded to six digits, so that data sets that have it are the same on every machine.
        """
        bits = (self.frequencies * self.log_odds).sum(axis=1)
        shares = np.round(bits / bits.max(), 6).tolist()
        return tuple(shares[::-1] if strand == "-" else shares)


def matrices(ids: Sequence[str], release: str = RELEASE) -> list[Matrix]:
    """Matrices by id, in that order.

    Raises
    ------
    InputError
        The release, or an id in it, does not exist.
    """
    database = _database(release)
    found = []
    for identifier in ids:
        with warnings.catch_warnings():
            # That there is none is said below, once.
            warnings.simplefilter("ignore")
            motif = database.fetch_motif_by_id(identifier)
        if motif is None:
            raise InputError(
                f"matrices: expected ids of {release} such as MA0139.2, got '{identifier}'."
            )
        found.append(_matrix(motif))
    return found


@functools.lru_cache(maxsize=8)
def collection(group: str = "vertebrates", release: str = RELEASE) -> tuple[Matrix, ...]:
    """The CORE collection's latest versions of a taxonomic group, sorted by id.

    Parameters
    ----------
    group : str
        One of `GROUPS`; "all" for every one.
    release : str

    Raises
    ------
    InputError
        The release, or the group in it, does not exist.
    """
    if group not in GROUPS:  # it goes into a question in SQL as it is
        raise unknown(f"group of {release}", group, GROUPS)
    database = _database(release)
    wanted = {} if group == "all" else {"tax_group": [group]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        motifs = database.fetch_motifs(collection=["CORE"], **wanted)
    if not motifs:
        # Asked first: releases differ in their groups.
        raise unknown(f"group of {release}", group, GROUPS)
    return tuple(sorted((_matrix(motif) for motif in motifs), key=lambda matrix: matrix.id))


@functools.lru_cache(maxsize=8)
def _database(release: str) -> Any:
    check_choice("release", release, jaspardb().get_releases())
    return jaspardb(release=release)


def _matrix(motif: Any) -> Matrix:
    counts = np.array([motif.counts[letter] for letter in ALPHABET], dtype=np.float64).T
    padded = counts + PSEUDOCOUNT / 4
    frequencies = padded / padded.sum(axis=1, keepdims=True)
    frozen(frequencies)
    return Matrix(motif.matrix_id, motif.name, frequencies)
