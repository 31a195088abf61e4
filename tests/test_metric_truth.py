"""Whether metrics order real explainers as planted truth does: by hand and by closed forms."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from gxarena.results.contestants import Contestant, Replicate

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def truth() -> Any:
    spec = importlib.util.spec_from_file_location(
        "metric_truth", ROOT / "benchmarks" / "validity" / "truth.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _group(
    metric: str,
    values: dict[str, list[float]],
    direction: Any = "higher",
    data: str = "d",
    question: str = "faithfulness",
) -> list[Contestant]:
    """Explainers of one quantity: a number for each set of weights, the mean of three samples."""
    made = []
    for name, means in values.items():
        labels = {"dataset": data, "model": "m", "metric": metric, "explainer": name}
        labels |= {"aggregator": "native"}
        role = "floor" if name == "random" else "method"
        one = Contestant(labels, role, question, direction, (None, None), False, False)
        for i, mean in enumerate(means):
            fingerprint = np.array([float(ord(c)) for c in name[:1] * 3])
            one.replicates[i] = Replicate(
                np.array([mean - 1, mean, mean + 1]), False, None, fingerprint
            )
        made.append(one)
    return made


ORDER = {"a": [1.0, 5.0], "b": [2.0, 4.0], "c": [3.0, 3.0], "d": [4.0, 2.0], "e": [5.0, 1.0]}
TRUTH = {name: [float(i), float(i)] for i, name in enumerate("abcde")}


def test_orders_are_compared_with_each_set_of_weights(truth: Any) -> None:
    groups = [_group("auprc", TRUTH, question="localization"), _group("q", ORDER)]
    (row,) = truth.judged(groups)
    # The same order with the first weights, turned round with the second: t of +1 and -1.
    assert row["rank_correlation"] == pytest.approx(0.0)
    assert (row["low"], row["high"]) == (-1.0, 1.0)
    assert (row["replicates"], row["explainers"], row["over"]) == (2, 5, "sets of weights")
    (lower,) = truth.judged([groups[0], _group("q", {n: v[:1] for n, v in ORDER.items()}, "lower")])
    assert lower["rank_correlation"] == pytest.approx(-1.0)
    assert lower["over"] == "data sets, one set of weights"
    assert np.isnan(lower["low"])  # of one data set


def test_controls_twins_and_descriptions_do_not_count(truth: Any) -> None:
    best = _group("auprc", TRUTH | {"random": [99.0, 99.0]}, question="localization")
    twins = TRUTH | {"a2": [9.0, 9.0], "random": [0.0, 0.0]}
    (row,) = truth.judged([best, _group("q", twins)])
    assert (row["rank_correlation"], row["explainers"]) == (pytest.approx(1.0), 5)
    assert list(truth.judged([best, _group("q", TRUTH, "none")])) == []
    assert list(truth.judged([best, _group("auroc", TRUTH, question="localization")])) == []
    few = dict(list(TRUTH.items())[:4])
    assert list(truth.judged([best, _group("q", few)])) == []


def test_means_and_intervals_are_students(truth: Any) -> None:
    table = np.random.default_rng(0).uniform(-0.5, 0.5, size=(6, 5))
    found = truth.summed(table)
    theirs = stats.ttest_1samp(table.mean(axis=0), 0).confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx((theirs.low, theirs.high))
    alone = truth.summed(table[:, :1])
    theirs = stats.ttest_1samp(table[:, 0], 0).confidence_interval()
    assert (alone["low"], alone["high"]) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.skipif(
    not (ROOT / "leaderboard" / "metric-truth.parquet").is_file(), reason="no such board yet"
)
def test_the_published_table_has_its_bounds() -> None:
    for row in pq.read_table(ROOT / "leaderboard" / "metric-truth.parquet").to_pylist():
        assert -1 <= row["low"] <= row["rank_correlation"] <= row["high"] <= 1, row
