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
    float array, shape (..., R, N), or (..., 1, N) with fewer than `FEWEST_REPLICATES` rows
    """
    seen = np.isfinite(values)
    counts = seen.sum(axis=-2, keepdims=True)
    sums = np.where(seen, values, 0.0).sum(axis=-2, keepdims=True)
    mean = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    present = int(seen.any(axis=-1).sum(axis=-1).max(initial=0))
    if present < FEWEST_REPLICATES:
        return np.asarray(mean)
    return np.asarray(mean + 2 * (present - 1) / (present - 2) * (values - mean))
