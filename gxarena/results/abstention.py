"""Who gives no answer where it is unsure: coverage, and values with the floor's in their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gxarena.data import Bools, Floats

FLOOR = "floor"
"""The role of the control that knows nothing (``random``)."""


def coverage(values: Floats, asked: Bools) -> Floats:
    """The share of what was asked that is answered, shape (m,).

    Parameters
    ----------
    values : float array, shape (m, R, N)
        Of m contestants on R replicates and N samples; NaN where there is no answer.
    asked : bool array, shape (m, R)
        Of which replicates.
    """
    answered = np.isfinite(values).sum(axis=(1, 2))
    questions = asked.sum(axis=1) * values.shape[2]
    shares: Floats = answered / np.maximum(questions, 1)
    return shares


def filled(values: Floats, roles: Sequence[str], asked: Bools) -> Floats | None:
    """The same values, with the floor's wherever a contestant was asked and has none.

    Who abstains where it would lose gains by it even where pairs are compared on what both have;
    so read, it loses what a guess would have lost. Of several floors the first counts; what the
    floor lacks too stays missing.

    Parameters
    ----------
    values : float array, shape (m, R, N)
    roles : sequence of m str
    asked : bool array, shape (m, R)
        Of which replicates: what was never run is no answer that somebody kept back.

    Returns
    -------
    float array, shape (m, R, N), or None
        None where values are missing and there is no floor.
    """
    missing = ~np.isfinite(values) & asked[:, :, None]
    if not missing.any():
        return values
    if FLOOR not in roles:
        return None
    return np.where(missing, values[list(roles).index(FLOOR)], values)
