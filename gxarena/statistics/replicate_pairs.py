"""Replicates compared with each other: every pair counts in two rows, which are not independent."""

from __future__ import annotations

import numpy as np

from gxarena.data import Floats

FEWEST_REPLICATES = 3
"""Below, there is a single pair, which says nothing of others."""


def jackknifed(values: Floats) -> Floats:
    """Rows that may be taken as independent, with the same mean.

    Row r of `values` is each sample's mean over the pairs (r, s). The mean over all pairs is a
    U-statistic of degree two; its jackknife's pseudo-values R U - (R - 1) U(without r) (Arvesen
    1969, Annals of Mathematical Statistics 40:2076) come to U + 2 (R - 1) / (R - 2) (row r - U).
    Taken as they are, rows would lie too close: each pair pulls two of them the same way.

    Parameters
    ----------
    values : float array, shape (..., R, N)
        NaN where undefined.

    Returns
    -------
    float array, shape (..., R, N)
        With fewer than `FEWEST_REPLICATES` defined rows the mean, once.
    """
    seen = np.isfinite(values)
    counts = seen.sum(axis=-2, keepdims=True)
    sums = np.where(seen, values, 0.0).sum(axis=-2, keepdims=True)
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    present = seen.any(axis=-1, keepdims=True)
    replicates = present.sum(axis=-2, keepdims=True)
    factor = 2 * (replicates - 1) / np.maximum(replicates - 2, 1)
    once = np.where(np.cumsum(present, axis=-2) == 1, mean, np.nan)
    several = replicates >= FEWEST_REPLICATES
    return np.asarray(
        np.where(several, mean + factor * (values - mean), np.where(present, once, np.nan))
    )
