"""The words of a matrix: above their threshold, and dealt out to splits that share none."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest

from gxarena.dna import reverse_complement
from gxarena.errors import InputError
from gxarena_jaspar.grammars import MORE_MOTIFS, MOTIFS
from gxarena_jaspar.instances import Motif, drawn_motif, of_split
from gxarena_jaspar.matrices import Matrix, matrices

IDS = (*MOTIFS, *MORE_MOTIFS["order"])
SPLITS = ("train", "valid", "test")


def _words(motif: Motif) -> list[str]:
    return ["".join("ACGT"[code] for code in row) for row in motif.instances]


def _by_hand(whole: list[str]) -> dict[str, str]:
    """Whose each word is: sorted by hash, then in turn; a word and its other strand are one."""
    both = sorted({min(w, reverse_complement(w)) for w in whole})
    ordered = sorted(both, key=lambda w: hashlib.blake2b(w.encode()).hexdigest())
    owner = {w: ("train", "valid", "train", "test")[i % 4] for i, w in enumerate(ordered)}
    return {w: owner[min(w, reverse_complement(w))] for w in whole}


@pytest.mark.parametrize("number", range(len(IDS)), ids=IDS)
def test_words_are_dealt_out_by_their_hash_half_a_quarter_a_quarter(number: int) -> None:
    (matrix,) = matrices([IDS[number]])
    whole = drawn_motif(matrix, number)
    parts = {split: of_split(whole, split) for split in SPLITS}
    owner = _by_hand(_words(whole))
    for split, part in parts.items():
        assert _words(part) == [word for word in _words(whole) if owner[word] == split]
        assert (part.matrix, part.threshold) == (whole.matrix, whole.threshold)
    classes = Counter({min(w, reverse_complement(w)): owner[w] for w in owner}.values())
    n = sum(classes.values())
    assert [classes[split] for split in SPLITS] == [(n + 1) // 2, (n + 2) // 4, n // 4]


def test_a_palindrome_s_words_go_with_their_other_strand() -> None:
    """Half of this matrix's words are the other half's reverse complements."""
    even, only_a = [0.25] * 4, [1.0, 0.0, 0.0, 0.0]
    frequencies = np.array([only_a, even, even, only_a[::-1]])
    matrix = Matrix("M", "palindrome", frequencies)
    codes = [[0, i, j, 3] for i in range(4) for j in range(4)]
    whole = Motif(matrix, 0.0, np.array(codes, dtype=np.uint8))
    sets = [set(_words(of_split(whole, split))) for split in SPLITS]
    assert len(set.union(*sets)) == sum(map(len, sets)) == 16
    for words in sets:
        assert words == {reverse_complement(word) for word in words}


def test_too_few_words_are_one_sentence() -> None:
    (matrix,) = matrices([IDS[0]])
    rows = np.zeros((9, matrix.width), dtype=np.uint8)
    rows[3:, 0], rows[6:, 1] = 1, 2
    with pytest.raises(InputError, match=r"expected at least 4 words of MA2261\.1 to deal out"):
        of_split(Motif(matrix, 0.0, rows), "test")
