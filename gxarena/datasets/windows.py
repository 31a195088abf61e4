"""Shorter windows of the same sequences: what length does, with everything else held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.opening import open_dataset
from gxarena.errors import InputError, unknown
from gxarena.registry import Registry
from gxarena.samples import NO_FLANKS

ANCHORS = ("start", "centre", "end")


def windows(
    data: str,
    length: int,
    anchor: str = "centre",
    sequence: str = "",
    label: str = "",
    id: str = "",  # noqa: A002
    *,
    registry: Registry,
) -> Dataset:
    """A window of every sequence of another data set, under the same id and label.

    Parameters
    ----------
    data : str
        A data set by name, ``name:split`` or path.
    length : int
        Nucleotides of each window.
    anchor : "start", "centre" or "end"
        Where it lies; a centre that falls between two places is the left one.
    sequence, label, id : str
        Columns, for data given by path.
    registry : Registry
        Where names are looked up.

    Returns
    -------
    Dataset
        Annotations are cut to the window; those outside are dropped.

    Raises
    ------
    InputError
        A sequence is shorter than the window.
    """
    if anchor not in ANCHORS:
        raise unknown("windows, anchor", anchor, ANCHORS)
    if not isinstance(length, int) or length < 1:
        raise InputError(f"windows, length: expected at least 1 nucleotide, got {length}.")
    columns: dict[str, Any] = {"sequence": sequence, "label": label, "id": id}
    whole = open_dataset(data, registry, **{key: value for key, value in columns.items() if value})
    shortest = min(whole.samples, key=lambda sample: len(sample.sequence))
    if len(shortest.sequence) < length:
        raise InputError(
            f"windows, length: expected at most {len(shortest.sequence)} nucleotides, as sample "
            f"'{shortest.id}' of '{data}' has, got {length}."
        )
    cut = tuple(_window(sample, length, anchor) for sample in whole.samples)
    return Dataset(f"{whole.name}[{anchor} {length}]", cut, whole.kind)


def _window(sample: Sample, length: int, anchor: str) -> Sample:
    spare = len(sample.sequence) - length
    start = {"start": 0, "centre": spare // 2, "end": spare}[anchor]
    return replace(sample.within(start, start + length), flanks=NO_FLANKS)
