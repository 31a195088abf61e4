"""Dinucleotide-preserving shuffles: what a sequence looks like when only its composition is kept.

Every explainer that compares with shuffled references draws them here, with the sample's own
seed, so that all of them see the same ones.
"""

from __future__ import annotations

import itertools
import warnings

import numpy as np

from gxarena.data import Floats


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
