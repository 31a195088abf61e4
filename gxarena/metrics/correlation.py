"""Correlation within each of N samples of different size, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from gxarena.data import Bools, Floats
from gxarena.metrics.ragged import filled, padded

NOT_FINITE = "scores are not finite"
CONSTANT = "scores are all alike: no correlation"

NEGLIGIBLE = 1e-12
"""Relative spread below which scores are all alike but for rounding."""


def correlation(left: Sequence[Floats], right: Sequence[Floats]) -> tuple[Floats, dict[int, str]]:
    """Pearson's correlation of each pair of rows, shape (N,), and why it is undefined (NaN)."""
    inside = filled(left)
    first, second, finite = _clean(left, right)
    return _correlate(first, second, inside.astype(np.float64), finite)


def rank_correlation(
    left: Sequence[Floats], right: Sequence[Floats]
) -> tuple[Floats, dict[int, str]]:
    """Spearman's correlation of each pair of rows, shape (N,), and why it is undefined (NaN)."""
    inside = filled(left)
    first, second, finite = _clean(left, right)
    # What fills a row up ranks behind all that is in it.
    ranks = [rankdata(np.where(inside, rows, np.inf), axis=1) for rows in (first, second)]
    return _correlate(ranks[0], ranks[1], inside.astype(np.float64), finite)


def _clean(left: Sequence[Floats], right: Sequence[Floats]) -> tuple[Floats, Floats, Bools]:
    """Padded rows with 0 for what is not finite, and which pairs are finite."""
    first, second = padded(left), padded(right)
    finite = np.asarray((np.isfinite(first) & np.isfinite(second)).all(axis=1))
    first[~finite], second[~finite] = 0.0, 0.0
    return first, second, finite


def _correlate(
    first: Floats, second: Floats, inside: Floats, finite: Bools
) -> tuple[Floats, dict[int, str]]:
    a, spread_a = _standardised(first, inside)
    b, spread_b = _standardised(second, inside)
    defined = finite & (spread_a > 0) & (spread_b > 0)
    values = np.where(defined, np.clip((a * b).sum(axis=1), -1.0, 1.0), np.nan)
    reasons = {int(i): CONSTANT if finite[i] else NOT_FINITE for i in np.flatnonzero(~defined)}
    return values, reasons


def _standardised(rows: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """Rows with mean 0 and norm 1, and their norm before; constant rows are 0."""
    largest = np.abs(rows * inside).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0) * inside
    mean = scaled.sum(axis=1, keepdims=True) / inside.sum(axis=1, keepdims=True)
    centred = (scaled - mean) * inside
    norm = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    norm[norm < NEGLIGIBLE] = 0.0
    return np.divide(centred, norm, out=np.zeros_like(rows), where=norm > 0), norm[:, 0]
