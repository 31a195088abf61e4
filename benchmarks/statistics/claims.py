"""How often a claim gets a verdict by luck: the simulation behind `gxarena.report.inference`.

    python benchmarks/statistics/claims.py leaderboard/claims-null.parquet [DRAWS]

Every row is a share of draws in which a claim of so many comparisons holds, or fails, though its
effect is exactly none: a difference of 0, or one that lies just at the margin of equivalence. At
most .05 of each is asked for, within what so many draws can tell; docs/statistics.md names what
lies above. Surely above are differences as skewed as an exponential's, of 10 and 20 sequences with
one set of weights, where signs and t are no longer exact. With replicates, a replicate's own effect
and an interaction come on top. Comparisons of one claim share how hard a sequence is, as they do in
runs. A claim has one correlation, of samples that have one to five pairs. Twenty minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.data import Floats
from gxarena.report.columns import Column
from gxarena.report.inference import above, above_of_others, within
from gxarena.report.rising import rising
from gxarena.report.verdicts import Comparison, combined, corrected

COMPARISONS = (1, 4, 8, 16)
SIZES = (3, 5, 10, 20, 50, 200)
REPLICATES = 5
FEWEST_CROSSED = 20
"""Below, replicates change nothing that is tested here."""
MARGIN = 1.0
RISING = "no correlation, unequal pairs"
TWO_SETS = ("two sets of one mean", RISING)
SHARED = np.sqrt(0.3)
REPLICATE_EFFECT, INTERACTION = 0.3, 0.5
DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "differences of exponentials": lambda rng, shape: rng.laplace(size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1,
}
CASES: dict[str, Callable[[Floats], Comparison]] = {
    "a mean of 0 above 0": lambda values: above("", _column(values)),
    "a mean at the margin within it": lambda values: within("", _column(values + MARGIN), MARGIN),
    "two sets of one mean": lambda values: above_of_others(
        "", _column(values[:, ::2]), _column(values[:, 1::2])
    ),
    RISING: lambda values: _rising(values[0, ::2], values[:, 1::2]),
}


@dataclass(frozen=True)
class Tried:
    """One kind of comparison, distribution, number of samples and of replicates."""

    case: str
    distribution: str
    n: int
    replicates: int = 1

    @property
    def comparisons(self) -> tuple[int, ...]:
        """Of the claims that are tried."""
        return (1,) if self.case == RISING else COMPARISONS


def everything_tried() -> Iterator[Tried]:
    """Every combination of the table."""
    for case in CASES:
        for distribution in DISTRIBUTIONS:
            if case == RISING and distribution != "normal":  # ranks know no distribution
                continue
            for n in SIZES:
                yield Tried(case, distribution, n)
                if n >= FEWEST_CROSSED:
                    yield Tried(case, distribution, n, REPLICATES)


def rows(tried: Tried, draws: int, seed: int = 0) -> list[dict[str, Any]]:
    """False verdicts by the number of comparisons.

    A claim's first comparisons are those of the smaller claims too.
    """
    rng = np.random.default_rng(seed)
    verdicts: dict[int, list[str]] = {m: [] for m in tried.comparisons}
    for _ in range(draws):
        made = [CASES[tried.case](values) for values in _drawn(tried, rng)]
        for m, found in verdicts.items():
            found.append(combined(corrected(made[:m])))
    return [
        {
            "case": tried.case, "distribution": tried.distribution, "n": tried.n,
            "replicates": tried.replicates, "comparisons": m, "draws": draws,
            "fails": found.count("fails") / draws, "holds": found.count("holds") / draws,
        }
        for m, found in verdicts.items()
    ]  # fmt: skip


def _drawn(tried: Tried, rng: np.random.Generator) -> Floats:
    """Values of mean 0, shape (comparisons, R, N)."""
    most, draw = max(tried.comparisons), DISTRIBUTIONS[tried.distribution]
    # Two sets: each of n samples.
    n = 2 * tried.n if tried.case in TWO_SETS else tried.n
    own = np.sqrt(1 - SHARED**2) * draw(rng, (most, 1, n))
    values: Floats = own + SHARED * draw(rng, (1, 1, n))
    if tried.replicates > 1:
        values = values + REPLICATE_EFFECT * rng.normal(size=(most, tried.replicates, 1))
        values = values + INTERACTION * rng.normal(size=(most, tried.replicates, n))
    return values


def _column(values: Floats) -> Column:
    return Column(np.arange(values.shape[1]).astype(object), values)


def _rising(x: Floats, values: Floats) -> Comparison:
    """One to five pairs a sample, all of them alike."""
    owner = np.repeat(np.arange(len(x)), 1 + np.arange(len(x)) % 5)
    return rising("", x[owner], Column(owner.astype(object), values[:, owner]))


def table(draws: int = 300) -> pa.Table:
    """The whole table."""
    return pa.Table.from_pylist([row for one in everything_tried() for row in rows(one, draws)])


def _print(found: pa.Table) -> None:
    """The highest shares of each case and distribution, over sizes and numbers of comparisons."""
    grouped = found.group_by(["case", "distribution", "replicates"], use_threads=False)
    highest = grouped.aggregate([("fails", "max"), ("holds", "max")]).to_pylist()
    print(f"{'case':32} {'distribution':28} {'R':>2} {'fails':>6} {'holds':>6}")
    for row in highest:
        print(
            f"{row['case']:32} {row['distribution']:28} {row['replicates']:2} "
            f"{row['fails_max']:6.3f} {row['holds_max']:6.3f}"
        )


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "leaderboard/claims-null.parquet")
    made = table(*(int(draws) for draws in sys.argv[2:3]))
    _print(made)
    pq.write_table(made, out)
