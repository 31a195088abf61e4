"""Whether metrics order real explainers as planted truth does: by hand and by closed forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats
from shipped_scripts import shipped_script
from typer.testing import CliRunner

from gxarena.cli.app import app
from gxarena.results.contestants import Contestant, Replicate

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def truth() -> Any:
    return shipped_script("benchmarks/validity/truth.py")


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
    assert (row["replicates"], row["explainers"]) == (2, 5)
    assert row["over"] == "explainers and 2 sets of weights"
    assert row["drawn_from"] == "each set of weights"
    (lower,) = truth.judged([groups[0], _group("q", {n: v[:1] for n, v in ORDER.items()}, "lower")])
    assert lower["rank_correlation"] == pytest.approx(-1.0)
    assert lower["over"] == "explainers, one set of weights"
    assert (lower["low"], lower["high"]) == pytest.approx((-1.0, -1.0))  # whichever are taken


def test_controls_twins_and_descriptions_do_not_count(truth: Any) -> None:
    twins = TRUTH | {"a2": [9.0, 9.0], "random": [0.0, 0.0]}
    best = _group("auprc", twins | {"random": [99.0, 99.0]}, question="localization")
    (row,) = truth.judged([best, _group("q", twins)])
    assert (row["rank_correlation"], row["explainers"]) == (pytest.approx(1.0), 5)
    assert list(truth.judged([best, _group("q", TRUTH, "none")])) == []
    assert list(truth.judged([best, _group("auroc", TRUTH, question="localization")])) == []
    few = dict(list(TRUTH.items())[:4])
    assert list(truth.judged([best, _group("q", few)])) == []


def test_maps_that_were_carried_over_and_metrics_over_replicates_do_not_count(truth: Any) -> None:
    """A map on other units would stand in the place of the model's own."""
    best = _group("auprc", TRUTH, question="localization")
    own, carried, worst = (_group(m, ORDER) for m in ("q", "q", "auprc"))
    for one in (*carried, *worst):
        one.labels["aggregator"] = "sum"
        for replicate in one.replicates.values():
            replicate.values[:] *= -1
    rows = list(truth.judged([best, own]))
    assert rows
    assert list(truth.judged([best, worst, own, carried])) == rows
    assert list(truth.judged([best, [replace(one, among_replicates=True) for one in own]])) == []


def _slow(sides: Any, draws: int) -> tuple[float, float, float]:
    """The definition, a correlation at a time: NaN where either side has none."""
    _, data_sets, replicates, n = sides.shape

    def mean_by_weights(which: Any, fewest: int, asked: Any = None) -> list[float]:
        found = []
        for r in range(replicates):
            of_data = []
            for d in range(data_sets):
                one, other = sides[0, d, r, which], sides[1, d, r, which]
                both = np.isfinite(one) & np.isfinite(other)
                if asked is not None and not asked[d][r]:
                    continue
                if both.sum() >= fewest and min(len(set(s[both])) for s in (one, other)) > 1:
                    of_data.append(stats.spearmanr(one[both], other[both]).statistic)
            found.append(of_data)
        return found

    own = mean_by_weights(np.arange(n), 5)
    parts = [np.mean(of) for of in own if of]
    asked = [
        [bool(mean_by_weights(np.arange(n), 5, [[x == d and y == r for y in range(replicates)]
                                                for x in range(data_sets)])[r])
         for r in range(replicates)]
        for d in range(data_sets)
    ]  # fmt: skip
    drawn = np.random.default_rng(0).integers(n, size=(draws, n))
    means = [np.mean([c for of in mean_by_weights(w, 2, asked) for c in of]) for w in drawn]
    mean = np.mean(parts)
    low, high = np.quantile(means, [0.025, 0.975])
    half = 0.0
    if len(parts) > 1:
        theirs = stats.ttest_1samp(parts, 0).confidence_interval()
        half = (theirs.high - theirs.low) / 2
    below, above = ((min(low - mean, 0) ** 2 + half**2) ** 0.5,
                    (max(high - mean, 0) ** 2 + half**2) ** 0.5)  # fmt: skip
    return mean, max(mean - below, -1), min(mean + above, 1)


@pytest.mark.parametrize(("data_sets", "replicates"), [(3, 4), (2, 1), (1, 1)])
def test_intervals_cross_explainers_and_weights(
    truth: Any, data_sets: int, replicates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=9)
    sides = common + rng.normal(size=(2, data_sets, replicates, 9))
    sides[:, 0, -1, :2] = np.nan  # two explainers that this one does not have
    sides[0, -1, 0, 3:5] = 0.5  # and a tie
    monkeypatch.setattr(truth, "DRAWS", 60)
    found = truth.summed(sides)
    expected = _slow(sides, 60)
    assert (found["rank_correlation"], found["low"], found["high"]) == pytest.approx(expected)
    assert found["low"] < found["rank_correlation"] < found["high"]


def test_few_explainers_leave_much_open_however_many_the_weights(truth: Any) -> None:
    """Trainings that agree say nothing of explainers that were not there."""
    rng = np.random.default_rng(2)
    one = rng.normal(size=(2, 1, 1, 12))
    same = one.repeat(5, axis=2)
    found = truth.summed(same)
    alone = truth.summed(one)
    assert found["high"] - found["low"] > 0.5
    assert (found["low"], found["high"]) == pytest.approx((alone["low"], alone["high"]))


def test_an_order_is_of_enough_explainers_that_differ(truth: Any) -> None:
    sides = np.random.default_rng(3).normal(size=(2, 1, 3, 6))
    sides[:, 0, 1, 1:] = np.nan
    sides[1, 0, 2] = 7.0
    first, few, same = truth.correlations(sides)[0]
    assert first == pytest.approx(stats.spearmanr(*sides[:, 0, 0]).statistic)
    assert np.isnan([few, same]).all()
    assert truth.summed(sides)["replicates"] == 1


SUITE = """
name = "small"
target = 1
[models.cnn-planted]
name = "cnn"
checkpoint = "planted"
replicates = 2
[explainers.lrp-plus]
name = "lrp"
composite = "epsilon_plus"
[explainers.lrp-gamma]
name = "lrp"
composite = "epsilon_gamma"
[datasets.planted-one]
name = "planted"
grammar = "one"
labels = [1]
n = 4
[datasets.planted-and]
name = "planted"
grammar = "and"
labels = [1]
n = 4
[[matrix]]
datasets = ["planted-one", "planted-and"]
models = ["cnn-planted"]
explainers = ["lrp", "lrp-plus", "lrp-gamma", "saliency", "smoothgrad", "random", "oracle"]
metrics = ["auprc", "relevance_mass", "comprehensiveness", "gini", "conservation_error"]
"""


@pytest.mark.slow
def test_from_a_run_to_the_table_and_its_figure(truth: Any, tmp_path: Path) -> None:
    """One command; the correlations are those of the board's own means."""
    suite, run = tmp_path / "small.toml", tmp_path / "run"
    suite.write_text(SUITE)
    result = CliRunner().invoke(app, ["run", str(suite), "--out", str(run)])
    assert result.exit_code == 0, result.output
    truth.main([str(tmp_path), str(tmp_path), str(run)])
    rows = pq.read_table(tmp_path / "metric-truth.parquet").to_pylist()
    assert (tmp_path / "metric-truth.png").read_bytes().startswith(b"\x89PNG")
    by_metric = {row["metric"]: row for row in rows}
    assert set(by_metric) == {"gini", "comprehensiveness.logit", "comprehensiveness.probability"}
    assert {row["explainers"] for row in rows} == {5}
    assert {(row["data_sets"], row["replicates"]) for row in rows} == {(2, 2)}
    samples = pq.read_table(run / "samples.parquet").to_pylist()
    cells = {row["cell_id"]: row for row in pq.read_table(run / "cells.parquet").to_pylist()}
    means: dict[tuple[Any, ...], list[float]] = {}
    for row in samples:
        cell = cells[row["cell_id"]]
        if cell["explainer_role"] == "method" and row["metric"] in ("auprc", "gini"):
            place = (cell["dataset"], cell["model_replicate"], row["metric"], cell["explainer"])
            means.setdefault(place, []).append(row["value"])
    found = []
    for data in ("planted-one", "planted-and"):
        for replicate in (0, 1):
            sides = [
                [np.mean(means[data, replicate, metric, one]) for one in
                 ("lrp", "lrp-plus", "lrp-gamma", "saliency", "smoothgrad")]
                for metric in ("auprc", "gini")
            ]  # fmt: skip
            found.append(stats.spearmanr(*sides).statistic)
    assert by_metric["gini"]["rank_correlation"] == pytest.approx(np.mean(found))


def test_the_figure_says_over_what(truth: Any) -> None:
    groups = [_group("auprc", {n: v[:1] for n, v in TRUTH.items()}, question="localization")]
    groups.append(_group("q", {n: v[:1] for n, v in ORDER.items()}))
    (row,) = truth.judged(groups)
    (panel,) = truth.drawn([row]).axes
    assert panel.get_xlim() == (-1, 1)
    assert panel.get_title() == "m, over explainers, one set of weights"


@pytest.mark.skipif(
    not (ROOT / "leaderboard" / "metric-truth.parquet").is_file(), reason="no such board yet"
)
def test_the_published_table_has_its_bounds() -> None:
    for row in pq.read_table(ROOT / "leaderboard" / "metric-truth.parquet").to_pylist():
        assert -1 <= row["rank_correlation"] <= 1
        # docs/metrics.md: of several trainings the explainers' part came of another source.
        means = "the means over the sets of weights"
        assert row["drawn_from"] == (means if row["replicates"] > 1 else "each set of weights")
        if not np.isnan(row["low"]):
            assert -1 <= row["low"] <= row["rank_correlation"] <= row["high"] <= 1, row
