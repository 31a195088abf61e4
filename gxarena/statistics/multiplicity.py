"""Many tests at once: Holm's adjustment, which holds whatever the tests share."""

from __future__ import annotations

import numpy as np

from gxarena.data import Floats


def holm(p: Floats) -> Floats:
    """P-values adjusted so that at most `level` of families err at all where p <= level.

    Holm 1979, Scandinavian Journal of Statistics 6:65: the smallest is multiplied by the number of
    tests, the next by one fewer, and none falls below a smaller one's.

    Parameters
    ----------
    p : float array, any shape
        One family; NaN where there was no test, which counts for nothing and stays NaN.
    """
    flat = np.asarray(p, dtype=np.float64).ravel()
    tested = np.flatnonzero(np.isfinite(flat))
    order = tested[np.argsort(flat[tested], kind="stable")]
    adjusted = np.full(flat.shape, np.nan)
    multiplied = flat[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(multiplied), 1)
    return adjusted.reshape(np.shape(p))
