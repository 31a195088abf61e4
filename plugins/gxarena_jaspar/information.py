"""How much a motif says: bits a row over the data's own letters, and whether they are enough.

Twenty random words already agree somewhere, and in GC-rich sequence they agree on G and C. Bits are
therefore counted over the background that the words come from, less what so few of them show by
chance.
"""

from __future__ import annotations

import numpy as np

from gxarena.data import Floats

STRETCH = 8
"""Rows next to each other in which a motif must say enough."""
LEAST_BITS = 5.0
ROW_BITS = 0.25
"""Bits at which a row at either end counts as informative."""


def background(one_hot: Floats) -> Floats:
    """Shares of A, C, G, T in sequences of shape (N, L, 4) and their reverse complements.

    Both strands, because patterns are made of seqlets of either.
    """
    counts = one_hot.sum(axis=(0, 1))
    counts = counts + counts[::-1]
    return np.asarray(counts / counts.sum())


def row_bits(frequencies: Floats, letters: Floats, n: int) -> Floats:
    """Bits a row, shape (w,): the relative entropy to the background, less its bias.

    ``sum_b f_b log2(f_b / q_b) - 3 / (2 ln 2 n)``: n letters drawn from the background itself have
    that much relative entropy on average, to the first order (Schneider et al. 1986, J Mol Biol
    188:415). A row that says nothing is at 0 on average, and often below.

    Parameters
    ----------
    frequencies : float array, shape (w, 4)
        Rows may sum to less than 1 where some of the n sequences have no letter; a row without any
        has 0 bits.
    letters : float array, shape (4,)
        Shares of the letters in the data (see `background`).
    n : int
        Sequences that the frequencies were counted in.
    """
    total = frequencies.sum(axis=1)
    present = total > 0
    shares = frequencies[present] / total[present, None]
    ratios = np.divide(shares, letters, out=np.ones_like(shares), where=shares > 0)
    bits = np.zeros(len(frequencies))
    bits[present] = (shares * np.log2(ratios)).sum(axis=1)
    bits[present] -= 3 / (2 * np.log(2) * n * total[present])
    return bits


def best_stretch(bits: Floats, rows: int = STRETCH) -> float:
    """Bits of the best `rows` rows next to each other; of all, where there are fewer."""
    return float(np.convolve(bits, np.ones(min(rows, len(bits))), "valid").max())


def trimmed(bits: Floats) -> tuple[int, int]:
    """The informative rows ``[start, end)`` of a motif; (0, 0) where it has none."""
    informative = np.flatnonzero(bits >= ROW_BITS)
    return (int(informative[0]), int(informative[-1]) + 1) if len(informative) else (0, 0)
