"""DNA as text, bytes and codes: the alphabet, complements, dinucleotide-preserving shuffles.

Three forms: strings of upper-case ACGTN; *letters*, their bytes; *codes*, 0 to 3 in the alphabet's
order and 4 for anything else.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gxarena.data import Floats

Letters = NDArray[np.uint8]

ALPHABET = "ACGT"
"""The order of the four channels of one-hot inputs, hypothetical scores and motifs."""

UNKNOWN = "N"
"""The letter that may be any nucleotide."""

LETTERS: Letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
"""The alphabet as bytes, shape (4,)."""

NO_CODE = len(ALPHABET)
"""The code of N, and of what fills a row up."""

_CODES = np.full(256, NO_CODE, dtype=np.uint8)
_CODES[LETTERS] = np.arange(len(ALPHABET))

_COMPLEMENTS = np.arange(256, dtype=np.uint8)
_COMPLEMENTS[LETTERS] = LETTERS[::-1]


def letters(sequences: Sequence[str]) -> Letters:
    """Sequences as bytes, shape (N, longest), filled up with 0 on the right."""
    longest = max(map(len, sequences), default=0)
    text = "".join(sequence.ljust(longest, "\0") for sequence in sequences)
    return np.frombuffer(text.encode(), dtype=np.uint8).reshape(len(sequences), longest).copy()


def codes(letters: Letters) -> Letters:
    """0 to 3 for A, C, G, T and 4 for every other letter; any shape."""
    return _CODES[letters]


def one_hot(letters: Letters) -> Floats:
    """Four channels of 0 and 1, shape (..., 4); all are 0 where there is none of A, C, G, T."""
    encoded: Floats = (letters[..., None] == LETTERS).astype(np.float64)
    return encoded


def complement(letters: Letters) -> Letters:
    """A for T, C for G and back; every other letter stays."""
    return _COMPLEMENTS[letters]


def reverse_complement(sequence: str) -> str:
    """The other strand, read from its 5' end; N stays."""
    return sequence[::-1].translate(_OTHER_STRAND)


_OTHER_STRAND = str.maketrans(ALPHABET, ALPHABET[::-1])


def dinucleotide_shuffles(sequence: str, n: int, seed: int) -> list[str]:
    """`n` random sequences with the same dinucleotide counts, first and last letter.

    Uniform over all such sequences (Altschul and Erickson 1985, Mol Biol Evol 2:526): a random
    tree of last exits (Wilson 1996), the other exits in random order.

    Parameters
    ----------
    sequence : str
    n : int
    seed : int
        Shuffle i depends on the sequence, the seed and i alone.

    Warns
    -----
    UserWarning
        Fewer than `n` of them differ: some sequences, such as ``ACTGACTG``, have no other order.
    """
    shuffles = [_shuffled(sequence, np.random.default_rng([seed, i])) for i in range(n)]
    if len(different := set(shuffles)) < n:
        warnings.warn(
            f"dinucleotide shuffles of a sequence of {len(sequence)} nucleotides: expected {n} "
            f"that differ, got {len(different)}.",
            stacklevel=2,
        )
    return shuffles


def _shuffled(sequence: str, rng: np.random.Generator) -> str:
    exits: dict[str, list[str]] = {letter: [] for letter in sequence}
    for letter, following in itertools.pairwise(sequence):
        exits[letter].append(following)
    last = _last_exits(exits, sequence[-1], rng)
    for letter, others in exits.items():
        kept = last.get(letter)
        if kept is not None:
            others.remove(kept)
        keys: Floats = rng.random(len(others))
        exits[letter] = [others[i] for i in np.argsort(keys).tolist()]
        if kept is not None:
            exits[letter].append(kept)
    walks = {letter: iter(following) for letter, following in exits.items()}
    letters = [sequence[0]]
    letters.extend(next(walks[letters[-1]]) for _ in range(len(sequence) - 1))
    return "".join(letters)


def _last_exits(exits: dict[str, list[str]], root: str, rng: np.random.Generator) -> dict[str, str]:
    """The last exit from every letter but the root: a uniform random tree towards the root."""
    chosen: dict[str, str] = {}
    reached = {root}
    for start in exits:
        letter = start
        while letter not in reached:
            following = exits[letter]
            # A walk that comes back overwrites its exits, which is Wilson's loop erasure.
            chosen[letter] = following[int(rng.random() * len(following))]
            letter = chosen[letter]
        letter = start
        while letter not in reached:
            reached.add(letter)
            letter = chosen[letter]
    return chosen
