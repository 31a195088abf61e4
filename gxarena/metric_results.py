"""What metrics give back: quantities with their direction, values, curves, motifs.

Third parties import these from `gxarena.api`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from gxarena.data import Bools, Floats, Interval

Better = Literal["higher", "lower", "none"]
"""``none``: a description, shown but never ranked."""


ROUNDING = 1e-9
"""What is this near to a bound, relative to it, is on it."""


@dataclass(frozen=True)
class Quantity:
    """What one number of a metric means.

    Parameters
    ----------
    better : "higher", "lower" or "none"
    bounds : (low, high)
        Closed bounds every defined value lies in; None where there is none.
    unit : str
        Empty for a pure number.
    summary : str
        One line.
    """

    better: Better
    bounds: tuple[float | None, float | None] = (None, None)
    unit: str = ""
    summary: str = ""

    def outside(self, values: Floats) -> Bools:
        """Which values, of those that are finite, lie outside the bounds by more than rounding."""
        low, high = (np.nan if bound is None else bound for bound in self.bounds)
        slack = ROUNDING * np.nanmax([1.0, abs(low), abs(high)])
        outside: Bools = np.isfinite(values) & ((values < low - slack) | (values > high + slack))
        return outside


@dataclass(frozen=True, eq=False)
class Curve:
    """One sample's perturbation curve.

    Parameters
    ----------
    key : str
        Which curve, e.g. ``"mif_drop_logit"``.
    sample : int
        Index of the sample in the `Explained`.
    x, y : float arrays, shape (K,)
        x is the fraction of nucleotides really replaced.
    """

    key: str
    sample: int
    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class Scored:
    """What a metric gives for N samples.

    Parameters
    ----------
    values : mapping of key to float array, shape (N,)
        NaN where undefined. The keys are those of the metric's ``quantities``; a metric with a
        single number uses the key ``""``.
    reasons : mapping of key to mapping of sample index to str
        Why a value is undefined.
    curves : tuple of Curve
    """

    values: Mapping[str, Floats]
    reasons: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, eq=False)
class Match:
    """The entry of a motif database that a motif resembles most.

    Attributes
    ----------
    id, name : str
        E.g. ``MA0139.2`` and ``CTCF``.
    q : float
        Corrected for every motif of the set and every entry of the database.
    reverse : bool
        Whether the entry's reverse complement is meant.
    offset : int
        Row of the entry, as oriented, on which the motif's first trimmed row lies.
    frequencies : float array, shape (w, 4)
        The entry's own.
    p : float or None
        Of the resemblance alone, uncorrected, where the comparison has one.
    """

    id: str
    name: str
    q: float
    reverse: bool
    offset: int
    frequencies: Floats
    p: float | None = None


@dataclass(frozen=True, eq=False)
class Motif:
    """A pattern that explanations of a set have in common.

    Attributes
    ----------
    name : str
    sign : "positive" or "negative"
        Whether it speaks for the target or against it.
    contributions : str
        What it was found in, e.g. "hypothetical" or "observed".
    frequencies, scores : float arrays, shape (w, 4)
        Of the letters in its seqlets, and their mean contributions.
    trimmed : (start, end)
        The informative rows, which are compared with the database; empty where none is.
    seqlets : tuple of (sample index, Interval)
        Where it was seen.
    match : Match or None
        None where nothing in the database resembles it.
    counts : bool
        Whether it says enough to be compared; where not, it is neither matched nor unmatched.
    bits : float or None
        The information by which it counts or does not.
    """

    name: str
    sign: Literal["positive", "negative"]
    contributions: str
    frequencies: Floats
    scores: Floats
    trimmed: tuple[int, int]
    seqlets: tuple[tuple[int, Interval], ...]
    match: Match | None = None
    counts: bool = True
    bits: float | None = None


@dataclass(frozen=True, eq=False)
class SetScored:
    """What a metric gives for a whole set.

    Parameters
    ----------
    values : mapping of key to float
        NaN where undefined. Keys as for `Scored`; one that is left out has no row.
    reasons : mapping of key to str
        Why a value is undefined.
    motifs : tuple of Motif
        Kept with the results.
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str] = field(default_factory=dict)
    motifs: tuple[Motif, ...] = ()
