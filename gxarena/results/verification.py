"""How far somebody has checked a board's row: its ``verification``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

SELF_REPORTED, RECOMPUTED, REPLAYED = "self-reported", "recomputed", "replayed"

LEVELS = MappingProxyType(
    {
        SELF_REPORTED: "computed by gxarena from samples that whoever ran it holds; not all of "
        "its values were checked",
        RECOMPUTED: "each of its values was made again from the bundle's own curves or "
        "attributions; whether a model gave these is not known",
        REPLAYED: "its very cells were among those that somebody else drew by a seed and ran "
        "again, and every value came out the same within the stated tolerance",
    }
)
"""Each with what it means, from the least to the most."""

Columns = Mapping[str, Collection[str]]
"""Quantities by the cell's id: a column is the values of one, over all samples."""
Levels = Mapping[str, Mapping[str, str]]
"""How far columns are checked, by cell and quantity; `SELF_REPORTED` where there is none."""
_BY = ", by metrics that need no model"


def levels_of(columns: Columns, recomputed: Columns, replayed: Collection[str]) -> Levels:
    """How far each column is checked.

    Parameters
    ----------
    columns : Columns
        All that there are.
    recomputed : Columns
        Those of which every value was made again.
    replayed : collection of str
        Cells that were run again and agree.
    """
    again, whole = {*replayed}, {cell: {*keys} for cell, keys in recomputed.items()}

    def level(cell: str, key: str) -> str:
        if cell in again:
            return REPLAYED
        return RECOMPUTED if key in whole.get(cell, ()) else SELF_REPORTED

    return {cell: {key: level(cell, key) for key in keys} for cell, keys in columns.items()}


def recomputed_in_words(
    columns: Columns, recomputed: Columns, sequences: Mapping[str, tuple[int, int]]
) -> str:
    """Which share was made again: columns, and of data sets so many of so many sequences."""
    whole, all_of_them = (sum(map(len, one.values())) for one in (recomputed, columns))
    said = f"{whole} of {all_of_them} quantities of cells were made again on every sequence"
    if len(sequences) == 1:
        ((n, of),) = sequences.values()
        said += f"; {n} of {of} sequences of each explanation were made again{_BY}"
    elif sequences:
        parts = ", ".join(f"{n} of {of} ({name})" for name, (n, of) in sequences.items())
        said += f"; of the sequences of each explanation were made again{_BY}: {parts}"
    return said


def replayed_in_words(n: int, of: int, seed: int | None) -> str:
    """How many cells were run again."""
    return f"{n} of {of} cells, drawn by seed {seed}, were run again and agree"


def weakest(levels: Iterable[str]) -> str:
    """How far all are checked; `SELF_REPORTED` where there is none."""
    return min(levels, key=[*LEVELS].index, default=SELF_REPORTED)


def explained(level: str) -> str:
    """A level with what it means; one that is none of them stands for itself."""
    return f"{level}: {LEVELS[level]}" if level in LEVELS else level
