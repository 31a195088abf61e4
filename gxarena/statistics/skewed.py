"""The t statistic of skewed values: Hall's transformation, and its inverse for limits.

A mean of skewed values errs more often to one side; t then covers .78 where it says .95. Hall's
cubic (P. Hall 1992, J. Royal Statistical Society B 54:221) makes the statistic symmetric, is
monotone and needs no resampling. Neither side is ever nearer than t's. Measured for 20 lognormal
values (sigma 1, 1,000 draws): BCa .88, bootstrap-t .92, these .93; for sigma 1.5 .79, .88 and .90.
"""

from __future__ import annotations

import numpy as np
import scipy

from gxarena.data import Floats


def quantile(level: Floats | float, df: Floats) -> Floats:
    """Student's two-sided quantile at a level such as .95; NaN where df is below 1."""
    with np.errstate(all="ignore"):
        found: Floats = scipy.special.stdtrit(np.maximum(df, 1), (1 + np.asarray(level)) / 2)
    return np.where(np.asarray(df) >= 1, found, np.nan)


def sides(quantiles: Floats, lean: Floats) -> tuple[Floats, Floats]:
    """How many standard errors below and above a mean its limits lie.

    Parameters
    ----------
    quantiles : float array
        Student's, two-sided.
    lean : float array
        Skewness over the root of the number of values.
    """
    down, up = _inverse(quantiles, lean), -_inverse(-quantiles, lean)
    return np.maximum(down, quantiles), np.maximum(up, quantiles)


def p_value(t: Floats, lean: Floats, df: Floats) -> Floats:
    """Two-sided p of a t statistic: the level at which `sides` would reach the null.

    Parameters
    ----------
    t : float array
        (mean - null) / standard error; infinite where there is no spread, 0 where no difference.
    lean, df : float arrays
    """
    sign = np.sign(t)
    with np.errstate(all="ignore"):
        turned = sign * (t + lean * t**2 / 3 + lean**2 * t**3 / 27 + lean / 6)
        # Infinite t: only values without spread have it, and they do not lean.
        least = np.where(np.isfinite(t), np.minimum(np.abs(t), turned), np.abs(t))
        p = 2 * scipy.special.stdtr(np.maximum(df, 1), -np.maximum(least, 0.0))
    return np.where(np.isfinite(df) & (df > 0) & ~np.isnan(t), p, 1.0)


def _inverse(y: Floats, lean: Floats) -> Floats:
    """The t that Hall's cubic maps to y: y itself where nothing leans."""
    safe = np.where(np.abs(lean) > 1e-8, lean, 1e-8)
    found: Floats = 3 / safe * (np.cbrt(1 + safe * (y - safe / 6)) - 1)
    return np.where(np.abs(lean) > 1e-8, found, y)
