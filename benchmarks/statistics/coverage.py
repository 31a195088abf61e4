"""How often intervals and ranks cover: the simulation behind `gxarena.statistics`.

    python benchmarks/statistics/coverage.py leaderboard/coverage.parquet

Every row is a share of draws that cover, at nominal .95. Distributions are what samples differ by;
with replicates, a replicate's own effect and an interaction come on top. Unbounded values add the
two, normal; bounded ones push them through the distribution (a Gaussian copula), so that every cell
keeps it and its mean; likewise samples in groups, which are alike by a share of the variance. A
few minutes on one core.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from gxarena.data import Floats, Ints
from gxarena.statistics.intervals import Intervals, mean_intervals
from gxarena.statistics.ranks import rank_methods


class RareFailures:
    """Values just below 1, and now and then 0: the mean hangs on what few samples show."""

    share, width = 0.02, 0.01

    def ppf(self, q: Floats) -> Floats:
        usual = 1 - self.width * (1 - (q - self.share) / (1 - self.share))
        return np.where(q < self.share, 0.0, usual)

    def rvs(self, size: tuple[int, ...], random_state: np.random.Generator) -> Floats:
        return self.ppf(random_state.random(size))

    def mean(self) -> float:
        return (1 - self.share) * (1 - self.width / 2)


class MostlyZero:
    """Zero in nine of ten, else exponential: an effect that few sequences show."""

    share = 0.1

    def ppf(self, q: Floats) -> Floats:
        above = np.clip(1 - (1 - q) / self.share, 0, None)
        return np.where(q < 1 - self.share, 0.0, stats.expon.ppf(above))

    def rvs(self, size: tuple[int, ...], random_state: np.random.Generator) -> Floats:
        return self.ppf(random_state.random(size))

    def mean(self) -> float:
        return self.share

    def std(self) -> float:
        return float(np.sqrt(2 * self.share - self.share**2))


DISTRIBUTIONS: dict[str, tuple[Any, tuple[float | None, float | None]]] = {
    "normal": (stats.norm(), (None, None)),
    "exponential": (stats.expon(), (None, None)),
    "lognormal, sigma 1": (stats.lognorm(1), (None, None)),
    "lognormal, sigma 1.5": (stats.lognorm(1.5), (None, None)),
    "0 in .9, else exponential": (MostlyZero(), (None, None)),
    "beta(.5, .5)": (stats.beta(0.5, 0.5), (0.0, 1.0)),
    "beta(5, .5)": (stats.beta(5, 0.5), (0.0, 1.0)),
    "Bernoulli .95": (stats.bernoulli(0.95), (0.0, 1.0)),
    "Bernoulli .99": (stats.bernoulli(0.99), (0.0, 1.0)),
    "near 1, and 0 in .02": (RareFailures(), (0.0, 1.0)),
}
WITH_GROUPS = DISTRIBUTIONS | {"Bernoulli .7": (stats.bernoulli(0.7), (0.0, 1.0))}
SIZES = (20, 50, 200)
REPLICATES = 5
FEWER = 3
"""Sets of weights that dnabert2-mini has in the quickstart, and both models in fly-motifs."""
TWO_KINDS = "two fifths, of two kinds"
SHARES = {
    "a tenth": (0.5, 0.1, 0.4),
    "two fifths": (0.4, 0.4, 0.2),
    TWO_KINDS: (0.4, 0.4, 0.2),
}
"""Of the variance: samples, replicates, both together; of two kinds: trainings that end in either
of two states, as likely one as the other."""
METHODS = (5, 10, 30)
ONE_FAILS_RARELY = "ties, one fails rarely"
CASES = (
    "true ties", "small gaps", "one leader", "undefined values", "ties, opposite skew",
    ONE_FAILS_RARELY,
)  # fmt: skip
GAP, LEAD = 0.05, 0.8
REPLICATE_EFFECT, INTERACTION = 0.2, 0.5
UNDEFINED = 0.2


GROUPED = ("normal", "beta(.5, .5)", "Bernoulli .7", "Bernoulli .95")
GROUPS = (8, 20, 50)
SIZES_OF_GROUPS = ("equal", "unequal")
IN_GROUPS = 200
"""Samples."""
ALIKE = {"none": 0.0, "a fifth": 0.2, "all": 1.0}
"""Of the variance, between groups."""

LEAST = 0.93
TAIL = "the mean is made by a tail that few samples hold"
FIVE = "five weights cannot show that replicates' effects are skewed"
THREE = "three weights cannot show that replicates' effects are skewed"
ONE_STATE = "all three trainings end in one of two states in one set of four, and know of no other"
UNSEEN = "most sets of this size hold no failure, and their values say nothing of one"
EXCEPTIONS = {
    ("near 1, and 0 in .02", 20, "none"): UNSEEN,
    ("near 1, and 0 in .02", 50, "none"): UNSEEN,
    ("near 1, and 0 in .02", 20, "a tenth"): UNSEEN,
    ("near 1, and 0 in .02", 20, "two fifths"): UNSEEN,
    ("near 1, and 0 in .02", 50, "two fifths"): UNSEEN,
    ("near 1, and 0 in .02", 200, "two fifths"): FIVE,
    ("0 in .9, else exponential", 20, "none"): TAIL,
    ("lognormal, sigma 1.5", 20, "none"): TAIL,
    ("lognormal, sigma 1.5", 50, "none"): TAIL,
    ("beta(5, .5)", 50, "two fifths"): FIVE,
    ("beta(5, .5)", 200, "two fifths"): FIVE,
    ("Bernoulli .95", 200, "two fifths"): FIVE,
}
"""Distribution, n and replicates' share -> why its interval covers less than `LEAST`."""
EXCEPTIONS_OF_FEWER = {
    ("normal", 20, TWO_KINDS): ONE_STATE,
    ("normal", 50, TWO_KINDS): ONE_STATE,
    ("normal", 200, TWO_KINDS): ONE_STATE,
    ("near 1, and 0 in .02", 20, "a tenth"): UNSEEN,
    ("near 1, and 0 in .02", 50, "a tenth"): UNSEEN,
    ("near 1, and 0 in .02", 20, "two fifths"): UNSEEN,
    ("near 1, and 0 in .02", 50, "two fifths"): UNSEEN,
    ("near 1, and 0 in .02", 200, "two fifths"): THREE,
    ("beta(5, .5)", 20, "two fifths"): THREE,
    ("beta(5, .5)", 50, "two fifths"): THREE,
    ("beta(5, .5)", 200, "two fifths"): THREE,
    ("Bernoulli .95", 200, "two fifths"): THREE,
}
"""The same of `FEWER` replicates."""


GROUP_EXCEPTIONS: dict[tuple[str, int, str, str], str] = {}
"""Distribution, groups, their sizes and how alike -> why an interval over them covers less."""


RANK_EXCEPTIONS = {
    (ONE_FAILS_RARELY, 20, 1): UNSEEN,
    (ONE_FAILS_RARELY, 50, 1): UNSEEN,
    (ONE_FAILS_RARELY, 20, REPLICATES): UNSEEN,
}
"""Case, n and replicates -> why a rank is covered less than `LEAST`, or won alone by luck."""


COLUMNS = (
    "what", "case", "n", "replicates", "replicate_share", "groups", "sizes", "alike", "methods",
    "draws", "coverage", "coverage_of_all", "false_sole_winner", "sole_winner", "median_width",
    "exception",
)  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """One distribution, size and kind of replicates."""

    distribution: str
    n: int
    replicates: int
    replicate_share: str


def intervals_tried() -> Iterator[Tried]:
    """Every combination of the table."""
    for name in DISTRIBUTIONS:
        for n in SIZES:
            yield Tried(name, n, 1, "none")
            for share in SHARES:
                if share != TWO_KINDS or name == "normal":
                    yield Tried(name, n, REPLICATES, share)
    for name in DISTRIBUTIONS:
        for n in SIZES:
            for share in SHARES:
                if share != TWO_KINDS or name == "normal":
                    yield Tried(name, n, FEWER, share)


def drawn(tried: Tried, draws: int, rng: np.random.Generator) -> tuple[Floats, float]:
    """Values, shape (draws, R, N), and the mean over all samples and replicates there could be."""
    distribution, bounds = DISTRIBUTIONS[tried.distribution]
    shape = (draws, 1, tried.n)
    if tried.replicates == 1:
        return distribution.rvs(size=shape, random_state=rng).astype(float), distribution.mean()
    of_samples, of_replicates, of_both = np.sqrt(SHARES[tried.replicate_share])
    samples = rng.normal(size=shape)
    effects = rng.normal(size=(draws, tried.replicates, 1))
    rest = of_replicates * (np.sign(effects) if tried.replicate_share == TWO_KINDS else effects)
    rest = rest + of_both * rng.normal(size=(draws, tried.replicates, tried.n))
    if bounds[0] is None:
        scaled = (
            distribution.ppf(stats.norm.cdf(samples)) - distribution.mean()
        ) / distribution.std()
        return of_samples * scaled + rest, 0.0
    return distribution.ppf(stats.norm.cdf(of_samples * samples + rest)), distribution.mean()


def interval_row(tried: Tried, draws: int, seed: int = 0) -> dict[str, Any]:
    """How often the interval covers, and its median width."""
    values, truth = drawn(tried, draws, np.random.default_rng(seed))
    bounds = DISTRIBUTIONS[tried.distribution][1]
    exceptions = EXCEPTIONS_OF_FEWER if tried.replicates == FEWER else EXCEPTIONS
    return _interval(mean_intervals(values, bounds=bounds), truth) | {
        "case": tried.distribution, "n": tried.n, "replicates": tried.replicates,
        "replicate_share": tried.replicate_share, "draws": draws,
        "exception": exceptions.get((tried.distribution, tried.n, tried.replicate_share)),
    }  # fmt: skip


def _interval(found: Intervals, truth: float) -> dict[str, Any]:
    """How often intervals cover, and their median width: a row of the table in the making."""
    slack = 1e-12
    covers = (found.low <= truth + slack) & (truth - slack <= found.high)
    return dict.fromkeys(COLUMNS) | {
        "what": "interval of a mean", "coverage": float(covers.mean()),
        "median_width": float(np.median(found.high - found.low)),
    }  # fmt: skip


def grouped_row(
    case: str, groups: int, sizes: str, alike: str, draws: int, seed: int = 0
) -> dict[str, Any]:
    """How often an interval over groups covers: of one size, or such as chromosomes are."""
    rng = np.random.default_rng(seed)
    distribution, bounds = WITH_GROUPS[case]
    of = _groups(groups, sizes)
    between = np.sqrt(ALIKE[alike]) * rng.normal(size=(draws, groups))[:, of]
    within = np.sqrt(1 - ALIKE[alike]) * rng.normal(size=(draws, IN_GROUPS))
    values = distribution.ppf(stats.norm.cdf(between + within))
    found = mean_intervals(values[:, None, :], bounds=bounds, groups=of)
    return _interval(found, distribution.mean()) | {
        "what": "interval of a mean over groups", "case": case, "n": IN_GROUPS, "replicates": 1,
        "replicate_share": "none", "groups": groups, "sizes": sizes, "alike": alike,
        "draws": draws, "exception": GROUP_EXCEPTIONS.get((case, groups, sizes, alike)),
    }  # fmt: skip


def _groups(groups: int, sizes: str) -> Ints:
    """The group of each sample; of unequal ones the largest is twelve times the smallest."""
    if sizes == "equal":
        return np.arange(IN_GROUPS) % groups
    weights = np.exp(-np.linspace(0, 2.5, groups))
    edges = np.floor(np.cumsum(weights / weights.sum()) * IN_GROUPS)
    return np.searchsorted(edges, np.arange(IN_GROUPS), side="right").clip(max=groups - 1)


def rank_row(
    case: str, methods: int, n: int, replicates: int, draws: int, seed: int = 0
) -> dict[str, Any]:
    """How often rank intervals hold the true rank, and a tied or worse method wins alone."""
    rng = np.random.default_rng(seed)
    truth: Floats = np.zeros(methods)
    if case == "small gaps":
        truth -= GAP * np.arange(methods)
    elif case == "one leader":
        truth[0] = LEAD
    true_rank = np.array([1 + (truth > mean).sum() for mean in truth])
    best = np.flatnonzero(true_rank == 1)
    covered, false, sole = [], 0, 0
    for _ in range(draws):
        values = _contest(case, truth, n, replicates, rng)
        ranking = rank_methods(values, "higher")
        covered.append((ranking.low <= true_rank) & (true_rank <= ranking.high))
        first = np.flatnonzero(ranking.tier == 1)
        sole += len(first) == 1
        false += len(first) == 1 and not (len(best) == 1 and first[0] == best[0])
    table = np.array(covered)
    return dict.fromkeys(COLUMNS) | {
        "what": "rank interval", "case": case, "n": n, "replicates": replicates,
        "replicate_share": "none" if replicates == 1 else f"sd {REPLICATE_EFFECT}",
        "methods": methods, "draws": draws, "coverage": float(table.mean()),
        "coverage_of_all": float(table.all(axis=1).mean()),
        "false_sole_winner": false / draws, "sole_winner": sole / draws,
        "exception": RANK_EXCEPTIONS.get((case, n, replicates)),
    }  # fmt: skip


def _contest(case: str, truth: Floats, n: int, replicates: int, rng: np.random.Generator) -> Floats:
    """Values of methods that share how hard a sample is, shape (R, N, m)."""
    methods = len(truth)
    if case == ONE_FAILS_RARELY:
        return _one_that_fails_rarely(methods, n, replicates, rng)
    own = rng.normal(size=(1, n, methods))
    if case == "ties, opposite skew":
        own = rng.lognormal(size=(1, n, methods)) - np.exp(0.5)
        own[..., ::2] *= -1
    values = truth + rng.normal(size=(1, n, 1)) + own
    if replicates > 1:
        values = values + REPLICATE_EFFECT * rng.normal(size=(replicates, 1, methods))
        values = values + INTERACTION * rng.normal(size=(replicates, n, methods))
    if case == "undefined values":
        values[:, rng.random((n, methods)) < UNDEFINED] = np.nan
    return values


def _one_that_fails_rarely(
    methods: int, n: int, replicates: int, rng: np.random.Generator
) -> Floats:
    """Values of methods of one mean: the first is a little better, and now and then 0."""
    failing = RareFailures()
    values = failing.mean() + failing.width * (rng.random((replicates, n, methods)) - 0.5)
    values[..., 0] = failing.rvs((replicates, n), rng)
    return values


def table(interval_draws: int = 2000, rank_draws: int = 200) -> pa.Table:
    """The whole table."""
    rows = [interval_row(tried, interval_draws) for tried in intervals_tried()]
    for case, groups, sizes, alike in itertools.product(GROUPED, GROUPS, SIZES_OF_GROUPS, ALIKE):
        rows.append(grouped_row(case, groups, sizes, alike, interval_draws // 2))
    for case in CASES:
        for methods in METHODS:
            for n in SIZES:
                for replicates in (1, REPLICATES):
                    draws = rank_draws if methods < max(METHODS) else rank_draws // 2
                    rows.append(rank_row(case, methods, n, replicates, draws))
    return pa.Table.from_pylist(rows)


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "leaderboard/coverage.parquet")
    pq.write_table(table(), out)
