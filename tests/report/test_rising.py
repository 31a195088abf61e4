"""Whether values rise with something: against scipy, resampled rows, and luck."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gxarena.report.columns import Column
from gxarena.report.rising import rising
from gxarena.report.verdicts import Comparison

RNG = np.random.default_rng(1)


def _column(values: list[float] | np.ndarray) -> Column:
    names = np.array([f"s{i}" for i in range(len(values))], dtype=object)
    return Column(names, np.asarray(values, dtype=np.float64))


@pytest.mark.parametrize("uneven", [False, True])
def test_pairs_of_one_sample_are_drawn_together_however_many_it_has(uneven: bool) -> None:
    """At true zero, of three nearly equal pairs a sample: by themselves they seem to say much."""
    rng = np.random.default_rng(3)
    decided = 0
    for _ in range(80):
        ids = np.repeat(np.arange(40), 3)
        x = np.repeat(rng.normal(size=40), 3) + np.tile([0, 0.01, 0.02], 40)
        y = np.repeat(rng.normal(size=40), 3) + 0.1 * rng.normal(size=120)
        kept = slice(1, None) if uneven else slice(None)
        found = rising("x", x[kept], Column(ids[kept].astype(object), y[kept]))
        decided += found.verdict != "undecided"
    assert decided <= 10  # binomial at .05: more in one of 300 times; .28 by single pairs


def test_rising_is_spearman() -> None:
    x = np.repeat([50.0, 100.0, 200.0], 20)
    noise = RNG.normal(size=60)
    found = rising("x", x, _column(x / 100 + 0.1 * noise))
    assert found.verdict == "holds"
    assert found.estimate == stats.spearmanr(x, x / 100 + 0.1 * noise).statistic
    assert found.low <= found.estimate <= found.high <= 1
    assert rising("x", x, _column(-x + noise)).verdict == "fails"
    flat = rising("x", x, _column(np.tile(noise[:20], 3)))
    assert flat.verdict == "undecided"
    assert rising("x", np.full(60, 250.0), _column(noise)).note == "no spread"
    few = rising("x", x[::4], _column(x[::4]))
    assert (few.verdict, few.note) == ("undecided", "fewer than 20 sequences")


def test_resampled_correlations_are_those_of_resampled_rows() -> None:
    """Of samples with one to four pairs, which scipy ranks once more in each resample."""
    ids = np.repeat(np.arange(30), 1 + np.arange(30) % 4)
    x, y = RNG.normal(size=len(ids)).round(1), RNG.normal(size=len(ids)).round(1)
    found = rising("x", x, Column(ids.astype(object), y))
    rng, slow = np.random.default_rng(0), []
    for _ in range(40):
        for times in rng.multinomial(30, np.full(30, 1 / 30), size=50):
            rows = np.repeat(np.arange(len(ids)), times[ids])
            slow.append(stats.spearmanr(x[rows], y[rows]).statistic)
    low, high = np.quantile(slow, [0.025, 0.975])
    # As if so many samples had equally many pairs: (sum of counts)^2 / sum of squared counts.
    counts = np.bincount(ids)
    effective = counts.sum() ** 2 / (counts**2).sum()
    t, z = stats.t.ppf(0.975, effective - 2), stats.norm.ppf(0.975)
    wider = t / z * np.sqrt(effective / (effective - 2))
    assert found.estimate - found.low == pytest.approx(wider * (found.estimate - low))
    assert found.high - found.estimate == pytest.approx(wider * (high - found.estimate))


def test_replicates_whose_correlations_differ_widen_the_interval() -> None:
    x = np.arange(60.0)
    up, noise = x + RNG.normal(size=60), RNG.normal(size=60)
    ids = np.arange(60).astype(object)
    same = rising("x", x, Column(ids, np.stack([up, up, up])))
    differ = rising("x", x, Column(ids, np.stack([up, -0.6 * up, noise])))
    assert (same.verdict, differ.verdict) == ("holds", "undecided")


def test_pairs_of_one_sample_are_drawn_together() -> None:
    """Repeating every pair adds no evidence: the interval stays, while apart it would shrink."""
    x, y = RNG.normal(size=40), RNG.normal(size=40)
    x, y = x, y + 0.3 * x

    def repeated(times: int, ids: np.ndarray) -> Comparison:
        return rising("x", np.tile(x, times), Column(ids.astype(object), np.tile(y, times)))

    once = repeated(1, np.arange(40))
    together, apart = repeated(4, np.tile(np.arange(40), 4)), repeated(4, np.arange(160))
    assert together.high - together.low == pytest.approx(once.high - once.low, rel=1e-9)
    assert apart.high - apart.low == pytest.approx((once.high - once.low) / 2, rel=0.2)


def test_unequally_many_pairs_are_no_more_evidence_either() -> None:
    x, y = RNG.normal(size=40), RNG.normal(size=40)
    once = rising("x", x, _column(y))
    ids = np.repeat(np.arange(40), 4)[1:]  # all but one have four
    uneven = rising("x", x[ids], Column(ids.astype(object), y[ids]))
    assert uneven.high - uneven.low == pytest.approx(once.high - once.low, rel=0.05)
    # Half of all pairs are one sample's: there are few that tell.
    ids = np.r_[np.arange(40), np.zeros(40, dtype=int)]
    one = rising("x", x[ids], Column(ids.astype(object), y[ids]))
    assert one.high - one.low > 1.5 * (once.high - once.low)


def test_luck_seldom_makes_unequal_pairs_rise() -> None:
    """At true zero: 5% false verdicts asked for, of which 60 draws seldom show more than 7."""
    rng, ids = np.random.default_rng(4), np.repeat(np.arange(30), 1 + np.arange(30) % 5)
    found = [
        rising("x", rng.normal(size=30)[ids], Column(ids.astype(object), rng.normal(size=30)[ids]))
        for _ in range(60)
    ]
    assert sum(one.verdict != "undecided" for one in found) <= 7


def test_a_slope_that_rests_on_few_sequences_decides_nothing() -> None:
    x = np.full(60, 100.0)
    x[:5] = 900.0
    values = np.linspace(0, 1, 60)[::-1]
    ids = np.array([f"s{i}" for i in range(60)], dtype=object)
    assert rising("x", x, Column(ids, values)).verdict == "undecided"
    x[:25] = 900.0
    assert rising("x", x, Column(ids, values)).verdict == "holds"
