"""Control: the truth, made worse in known steps. By it metrics are judged, not explainers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from scipy.ndimage import gaussian_filter1d

from gxarena.api import Model
from gxarena.data import Attribution, Batch, Floats, Interval
from gxarena.errors import InputError, check_choice
from gxarena.explainers.controls import unit_means
from gxarena.truth import counted, marked

How = Literal["noise", "shift", "blur", "flip", "drop", "decoys"]

REACH = 20
"""Nucleotides that a map is shifted at level 1, or the blur's standard deviation."""
NARROWEST = 0.1
"""Standard deviation in nucleotides of a blur that moves nothing."""


class DegradedOracle:
    """The annotations, as `oracle` gives them, degraded to a level between 0 (not) and 1 (most).

    A metric that measures what it says falls, step by step, as the level rises; one that does not
    fall cannot tell the truth from what it is not. Sample b's draws come from ``batch.seeds[b]``
    alone, and are the same at every level: only how much of them is used rises.

    Parameters
    ----------
    how : "noise", "shift", "blur", "flip", "drop" or "decoys"
        noise: (1 - level) truth + level standard normal noise. shift: by level x `REACH`
        nucleotides, to either side. blur: a Gaussian of level x `REACH` nucleotides. flip: so many
        annotated nucleotides speak against the target. drop: so many of the annotated motifs are
        missing. decoys: as many motifs beside as there are, of level times the true ones' height.
    level : float
        How much worse, from 0, the truth itself, to 1.
    names : sequence of str
        As for `gxarena.explainers.controls.Oracle`.
    """

    cost = (0, 0)

    def __init__(self, how: How = "noise", level: float = 0.5, names: Sequence[str] = ()) -> None:
        check_choice("degraded_oracle, how", how, get_args(How))
        if not 0 <= level <= 1:
            raise InputError(f"degraded_oracle, level: expected 0 to 1, got {level}.")
        self._degrade, self._level, self._names = _WAYS[how], level, tuple(names)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        def degraded(sequence: str, given: tuple[tuple[Interval, ...], int]) -> Floats:
            annotations, seed = given
            intervals = counted(annotations, self._names)
            rng = np.random.default_rng(seed)
            return self._degrade(len(sequence), intervals, self._level, rng)

        given = list(zip(batch.annotations, batch.seeds.tolist(), strict=True))
        return unit_means(model, batch, degraded, given)


Degrade = Callable[[int, Sequence[Interval], float, np.random.Generator], Floats]


def _truth(length: int, intervals: Sequence[Interval]) -> Floats:
    return marked(length, intervals).astype(np.float64)


def _noise(
    length: int, intervals: Sequence[Interval], level: float, rng: np.random.Generator
) -> Floats:
    return (1 - level) * _truth(length, intervals) + level * rng.standard_normal(length)


def _shift(
    length: int, intervals: Sequence[Interval], level: float, rng: np.random.Generator
) -> Floats:
    side = rng.choice((-1, 1))
    return np.roll(_truth(length, intervals), side * round(level * REACH))


def _blur(
    length: int, intervals: Sequence[Interval], level: float, _: np.random.Generator
) -> Floats:
    width = max(level * REACH, NARROWEST)
    return np.asarray(gaussian_filter1d(_truth(length, intervals), width, mode="constant"))


def _flip(
    length: int, intervals: Sequence[Interval], level: float, rng: np.random.Generator
) -> Floats:
    return _truth(length, intervals) * np.where(rng.random(length) < level, -1.0, 1.0)


def _drop(
    length: int, intervals: Sequence[Interval], level: float, rng: np.random.Generator
) -> Floats:
    draws = rng.random(len(intervals))
    return _truth(length, [one for one, u in zip(intervals, draws, strict=True) if u >= level])


def _decoys(
    length: int, intervals: Sequence[Interval], level: float, rng: np.random.Generator
) -> Floats:
    true = _truth(length, intervals)
    beside = np.zeros(length)
    for interval in intervals:
        width = interval.end - interval.start
        taken = true + beside > 0
        # Places where a motif of this width touches no other.
        free = np.flatnonzero(np.convolve(taken, np.ones(width), mode="valid") == 0)
        if len(free):
            start = rng.choice(free)
            beside[start : start + width] = 1.0
    return true + level * beside


_WAYS: dict[str, Degrade] = {
    "noise": _noise, "shift": _shift, "blur": _blur, "flip": _flip, "drop": _drop,
    "decoys": _decoys,
}  # fmt: skip
