"""Samples of different size as one padded matrix, so that nothing loops over samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gxarena.data import Bools

Number = TypeVar("Number", bound=np.generic)


def padded(rows: Sequence[NDArray[Number]], fill: float = 0) -> NDArray[Number]:
    """Rows of different length as a matrix, shape (N, longest), filled up on the right."""
    inside = filled(rows)
    matrix = np.full(inside.shape, fill, dtype=rows[0].dtype)
    matrix[inside] = np.concatenate(rows)
    return matrix


def filled(rows: Sequence[NDArray[Number]]) -> Bools:
    """Where the padded matrix holds real elements, shape (N, longest)."""
    lengths = np.array([len(row) for row in rows])
    inside: Bools = np.arange(lengths.max())[None, :] < lengths[:, None]
    return inside
