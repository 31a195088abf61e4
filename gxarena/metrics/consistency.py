"""Whether the explanations of a set say the same in the same way: attribution consistency."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import rel_entr

from gxarena.api import Quantity, SetScored
from gxarena.data import Explained, Floats, Ints
from gxarena.errors import InputError, Unsupported, check_at_least
from gxarena.seeds import sample_seed

_SLACK = 1e-9
"""What is this near to a boundary is on it: rounding decides neither a box nor who is kept."""


class AttributionConsistency:
    """How sharply the strongest windows of a set's maps agree on a few directions.

    After Majdandzic, Rajesh, Tang, Toneyan, Labelson, Tripathy and Koo 2022, PMLR 200:131, in the
    form of the code that judges generated enhancers by it (repository d3_evaluation_pipeline, of
    Sarkar et al. 2024, D3, bioRxiv). With a_l the four hypothetical contributions at position l:

    1. what the letters have in common is taken away (Majdandzic, Rajesh and Koo 2023, Genome
       Biology 24:109): v_l = a_l - mean(a_l), a vector of three dimensions;
    2. every map gets the same weight: v_l / sum_l |v_l|;
    3. windows: s_l = v_l + ... + v_{l + window - 1};
    4. of all windows of the set the `share` with the largest r = |s_l| is kept;
    5. their directions, as angles phi around the C - A axis and theta from it, fill a histogram p
       of `bins` times `bins` boxes, each window with weight r^2;
    6. the divergence is sum_b p_b ln(p_b / q_b), where q is the local mean of p: over the boxes at
       most `reach` away.

    Windows with nothing in common fill boxes by chance, and the fewer they are the higher their
    divergence is: of ten random maps it is above that of ten with a motif. So it stands beside a
    null in which p equals its local mean but for chance: each map is moved by a random number of
    boxes of its own, up to `reach` along either angle and the same for all its windows. What a map
    has by itself stays (strengths, smoothness, repeats), and so does how crowded each region is;
    what maps have in common to the box is gone. ``excess`` is the divergence less the null's mean.

    Other than in that code, windows do not run over a sequence's end into its start; the axes are
    orthonormal (one term of theirs is missing); phi is a circle, and no box at an edge is left out;
    q reaches as far to either side (theirs three boxes back and two ahead) and is mirrored at the
    poles, so that it adds up to 1 and the divergence is never below 0; windows that tie with the
    last one kept are kept; nothing is rounded. The null is gxarena's.

    Parameters
    ----------
    window : int
        Nucleotides of a window.
    share : float
        Share of the windows that is kept.
    bins : int
        Boxes along either angle; 31 are theirs of 0.1 rad, where phi is halved to run from 0 to pi.
    reach : int
        How many boxes away a local mean reaches.
    nulls : int
        Copies of the set with moved maps that the null is the mean of.
    """

    def __init__(
        self,
        window: int = 6,
        share: float = 0.04,
        bins: int = 31,
        reach: int = 3,
        nulls: int = 20,
    ) -> None:
        check_at_least("attribution_consistency, window", window)
        check_at_least("attribution_consistency, reach", reach)
        check_at_least("attribution_consistency, bins", bins, 2 * reach + 1)
        check_at_least("attribution_consistency, nulls", nulls, 2)
        if not 0 < share <= 1:
            raise InputError(
                f"attribution_consistency, share: expected above 0 and at most 1, got {share}."
            )
        self._window, self._share = window, share
        self._bins, self._reach, self._nulls = bins, reach, nulls
        self._around, self._across = (_local_mean(onto, bins, reach) for onto in (_circle, _mirror))
        self._most = 2 * float(np.log(2 * reach + 1))
        self.quantities: Mapping[str, Quantity] = {
            "excess": Quantity(
                "higher", (-self._most, self._most), "nats", "divergence beyond that of the null"
            ),
            "divergence": Quantity(
                "none", (0.0, self._most), "nats", "of the directions from their local mean"
            ),
            "null": Quantity(
                "none", (0.0, self._most), "nats", "mean divergence of maps moved at random"
            ),
            "null_spread": Quantity(
                "none", (0.0, self._most), "nats", "standard deviation of that divergence"
            ),
        }

    def score_set(self, explained: Explained) -> SetScored:
        """The divergence, its null, and the one beyond the other; in nats.

        Raises
        ------
        Unsupported
            An explanation has no hypothetical contributions.
        """
        contributions, lengths = _contributions(explained)
        owner: Ints = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        finite = np.isfinite(contributions).all(axis=1)
        if not finite.all():
            n_broken = len(np.unique(owner[~finite]))
            return self._undefined(f"contributions of {n_broken} samples are not finite")
        sums, owner = _window_sums(_corrected(contributions, lengths), owner, self._window)
        radius = np.linalg.norm(sums, axis=1)
        kept = _largest(radius, self._share)
        maps, owner = np.unique(owner[kept], return_inverse=True)
        if len(maps) < 2:
            return self._undefined(
                f"fewer than two maps have one of the strongest windows of {self._window}"
            )
        boxes = _boxes(sums[kept], self._bins)
        weights = radius[kept] ** 2
        moves = self._moves([explained.samples[i].id for i in maps], explained.seed)
        found = self._divergence(boxes, weights)
        null = [self._divergence(boxes + move[owner], weights) for move in moves]
        mean = min(float(np.mean(null)), self._most)  # rounding carries a mean over its values
        return SetScored(
            {
                "excess": found - mean,
                "divergence": found,
                "null": mean,
                "null_spread": float(np.std(null, ddof=1)),
            }
        )

    def _moves(self, ids: list[str], seed: int) -> Ints:
        """Boxes that each map is moved by along phi and theta, shape (nulls, maps, 2).

        A map's own follow from its id alone.
        """
        seeds = (sample_seed(seed, "attribution_consistency/moves", sample) for sample in ids)
        size = (self._nulls, 2)
        drawn = [
            np.random.default_rng(one).integers(-self._reach, self._reach, size, endpoint=True)
            for one in seeds
        ]
        return np.stack(drawn, axis=1)

    def _divergence(self, boxes: Ints, weights: Floats) -> float:
        """Of the histogram of M windows in boxes (M, 2) from its local mean, in nats."""
        bins = self._bins
        flat = _circle(boxes[:, 0], bins) * bins + _mirror(boxes[:, 1], bins)
        shares = np.bincount(flat, weights / weights.sum(), bins**2).reshape(bins, bins)
        local = self._around @ shares @ self._across.T
        # Both add up to 1, and q holds a part of the box itself: within bounds but for rounding.
        return float(np.clip(rel_entr(shares, local).sum(), 0.0, self._most))

    def _undefined(self, reason: str) -> SetScored:
        return SetScored(
            dict.fromkeys(self.quantities, np.nan), dict.fromkeys(self.quantities, reason)
        )


def _contributions(explained: Explained) -> tuple[Floats, Ints]:
    """Hypothetical contributions of all samples one below the other, (P, 4); lengths, (N,)."""
    found = [a.hypothetical for a in explained.attributions if a.hypothetical is not None]
    if len(found) < len(explained):
        raise Unsupported(
            "attribution_consistency: expected hypothetical contributions of all four letters, got "
            f"{len(explained) - len(found)} of {len(explained)} explanations without. Use an "
            "explainer that has them on a model of nucleotides, with the aggregator native."
        )
    lengths = np.array([len(one) for one in found], dtype=np.int64)
    return np.concatenate([np.zeros((0, 4)), *found]), lengths


def _corrected(contributions: Floats, lengths: Ints) -> Floats:
    """In the plane of the simplex, on orthonormal axes, each map at total length 1; shape (P, 3).

    A map without any contrast stays 0. The axes are made of differences, so that letters with equal
    contributions are exactly so.
    """
    largest = _of_map(np.maximum, np.abs(contributions).max(axis=1), lengths)
    a, c, g, t = _divided(contributions, largest).T  # huge and subnormal ones stay exact
    contrasts = np.stack([c - a, (g - a) + (g - c), (t - a) + (t - c) + (t - g)], axis=1)
    contrasts /= np.sqrt([2.0, 6.0, 12.0])
    return _divided(contrasts, _of_map(np.add, np.linalg.norm(contrasts, axis=1), lengths))


def _of_map(fold: np.ufunc, values: Floats, lengths: Ints) -> Floats:
    """What a fold over each map's positions makes of them, at every position, shape (P,)."""
    starts = np.cumsum(lengths) - lengths
    return np.repeat(np.asarray(fold.reduceat(values, starts), dtype=np.float64), lengths)


def _divided(vectors: Floats, by: Floats) -> Floats:
    """Each vector over its number, 0 where that is 0."""
    return np.divide(vectors, by[:, None], out=np.zeros_like(vectors), where=by[:, None] > 0)


def _window_sums(vectors: Floats, owner: Ints, window: int) -> tuple[Floats, Ints]:
    """Sums over windows that lie in one map, shape (M, 3), and whose each is, shape (M,)."""
    n_windows = max(len(vectors) - window + 1, 0)
    sums = np.zeros((n_windows, 3))
    for offset in range(window):
        sums += vectors[offset : offset + n_windows]
    whole = owner[:n_windows] == owner[len(owner) - n_windows :]
    return sums[whole], owner[:n_windows][whole]


def _largest(radius: Floats, share: float) -> Ints:
    """Which windows are among the largest `share`, ties included; those of length 0 never are."""
    if not radius.any():
        return np.zeros(0, dtype=np.int64)
    rank = len(radius) - max(int(share * len(radius)), 1)
    cutoff = np.partition(radius, rank)[rank] * (1 - _SLACK)
    return np.flatnonzero((radius >= cutoff) & (radius > 0))


def _boxes(directions: Floats, bins: int) -> Ints:
    """The box of each vector (M, 3), shape (M, 2): phi around the first axis, theta from it.

    The box of phi = pi, the same as of -pi, is `bins`: a circle goes on there.
    """
    first, second, third = directions.T
    phi = (np.arctan2(third, second) + np.pi) / (2 * np.pi)
    theta = np.arctan2(np.hypot(second, third), first) / np.pi
    boxes = np.floor(np.stack([phi, theta], axis=1) * bins + _SLACK).astype(np.int64)
    boxes[:, 1] = np.minimum(boxes[:, 1], bins - 1)
    return boxes


def _circle(boxes: Ints, bins: int) -> Ints:
    """Boxes beyond an end of phi, which goes on at the other one."""
    within: Ints = np.mod(boxes, bins)
    return within


def _mirror(boxes: Ints, bins: int) -> Ints:
    """Boxes beyond an end of theta, which comes back as in a mirror."""
    above: Ints = np.maximum(boxes, -1 - boxes)
    inside: Ints = np.minimum(above, 2 * bins - 1 - above)
    return inside


def _local_mean(onto: Callable[[Ints, int], Ints], bins: int, reach: int) -> Floats:
    """The matrix that takes the mean over the boxes at most `reach` away along one angle.

    It is symmetric, so that columns add up to 1 as rows do: what is averaged keeps its sum.
    """
    row = np.repeat(np.arange(bins), 2 * reach + 1)
    column = onto(row + np.tile(np.arange(-reach, reach + 1), bins), bins)
    matrix = np.zeros((bins, bins))
    np.add.at(matrix, (row, column), 1 / (2 * reach + 1))
    return matrix
