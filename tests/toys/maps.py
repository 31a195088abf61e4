"""Explained sets made of given score maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gxarena.data import Attribution, Explained, Sample, Spans


def explained_maps(
    maps: Sequence[ArrayLike],
    *,
    special: Mapping[str, float] | None = None,
    diagnostics: Mapping[str, float] | None = None,
) -> Explained:
    """One sample per map, a nucleotide a unit, target 1 of two outputs."""
    rows = [np.asarray(row, dtype=np.float64) for row in maps]
    return Explained(
        tuple(Sample(f"s{i}", "A" * len(row)) for i, row in enumerate(rows)),
        tuple(
            Attribution(row, Spans.nucleotides(len(row)), special or {}, None, diagnostics or {})
            for row in rows
        ),
        np.ones(len(rows), dtype=np.int64),
        np.zeros((len(rows), 2)),
    )
