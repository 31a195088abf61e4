"""Maps smoothed along the sequence: of different resolution at the same one."""

from __future__ import annotations

import numpy as np

from gxarena.data import Bools, Floats
from gxarena.metrics.windows import window_sums

TIED = 12
"""Digits to which means of windows are told apart."""


def moving_mean(rows: Floats, inside: Bools, width: int) -> Floats:
    """Means of the windows around each place, of what of them lies inside; shape (N, L).

    Means that differ by rounding alone are the same, so that ties stay ties: they are rounded to a
    billionth of a thousandth of the row's largest.
    """
    half = width // 2
    held = np.pad(np.where(inside, rows, 0.0), ((0, 0), (half, half)))
    there = np.pad(inside.astype(np.float64), ((0, 0), (half, half)))
    with np.errstate(invalid="ignore"):  # what is not finite has a reason elsewhere
        means = window_sums(held, width) / np.maximum(window_sums(there, width), 1.0)
        largest = np.abs(means).max(axis=1, keepdims=True)
        shares = np.divide(means, largest, out=np.zeros_like(means), where=largest != 0)
        rounded: Floats = np.round(shares, TIED) * largest
    return rounded
