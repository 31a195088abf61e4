"""The words that a motif is planted as: drawn from its matrix, none weaker than a threshold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gxarena import dna
from gxarena.data import Floats
from gxarena.dna import Letters
from gxarena.errors import InputError
from gxarena_jaspar.matrices import Matrix

WEAKEST = 0.25
"""Quantile of a matrix's own instances below which a window does not count as the motif."""
PARTS = ("train", "valid", "train", "test")
"""Whose the words of a matrix are, in the order of their hashes, again and again."""
_DRAWN_INSTANCES = 4096


@dataclass(frozen=True, eq=False)
class Motif:
    """A matrix with its threshold and the instances it is planted as.

    Attributes
    ----------
    threshold : float
        The score at which a window counts as the motif.
    instances : uint8 array, shape (n, w)
        Letters of A, C, G, T by their position; a word is there as often as it was drawn.
    """

    matrix: Matrix
    threshold: float
    instances: Letters

    def found(self, codes: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Windows of `codes`, shape (N, L), that count on either strand, shape (N, L - w + 1).

        A palindromic matrix finds its instances on both strands: one window counts once.
        """
        forward = window_scores(codes, self.matrix.log_odds) >= self.threshold
        reverse = window_scores(codes, self.matrix.log_odds[::-1, ::-1]) >= self.threshold
        return np.asarray(forward | reverse)


def drawn_motif(matrix: Matrix, number: int) -> Motif:
    """Threshold and instances, the same for every seed of a data set; `number` seeds the draws."""
    draws = np.random.default_rng([2024, number]).random((_DRAWN_INSTANCES, matrix.width, 1))
    words = (draws > np.cumsum(matrix.frequencies, axis=1)[:, :3]).sum(axis=2)
    scores = window_scores(words, matrix.log_odds)[:, 0]
    threshold = float(np.quantile(scores, WEAKEST)) - 1e-9
    return Motif(matrix, threshold, words[scores >= threshold].astype(np.uint8))


def of_split(whole: Motif, split: str) -> Motif:
    """The motif with the instances of one split alone: no other split has any of its words.

    A word and its reverse complement are one, as either may lie on either strand. The words of a
    matrix are ordered by the BLAKE2b hash of their letters and dealt out by `PARTS`: half of them
    to train, a quarter each to valid and test, the odd ones first to train, then to valid.

    Raises
    ------
    InputError
        The matrix has too few words for each split to get one.
    """
    words = [_either_strand(instance) for instance in whole.instances]
    ordered = sorted(set(words), key=lambda word: hashlib.blake2b(word.encode()).digest())
    if len(ordered) < len(PARTS):
        raise InputError(
            f"planted, held_out: expected at least {len(PARTS)} words of {whole.matrix.id} to deal "
            f"out, got {len(ordered)}. Set held_out = false, or choose another release."
        )
    owner = {word: PARTS[place % len(PARTS)] for place, word in enumerate(ordered)}
    mine = np.array([owner[word] == split for word in words])
    return replace(whole, instances=whole.instances[mine])


def _either_strand(instance: Letters) -> str:
    """A word as text, or its reverse complement, whichever comes first in the alphabet."""
    word = dna.LETTERS[instance].tobytes().decode()
    return min(word, dna.reverse_complement(word))


def window_scores(codes: NDArray[np.integer], log_odds: Floats) -> Floats:
    """A matrix's score at every window, shape (N, L - w + 1).

    Parameters
    ----------
    codes : int array, shape (N, L)
    log_odds : float array, shape (w, 4)
    """
    width = len(log_odds)
    n_windows = codes.shape[1] - width + 1
    scores = np.zeros((len(codes), n_windows))
    for position in range(width):
        scores += log_odds[position][codes[:, position : position + n_windows]]
    return scores
