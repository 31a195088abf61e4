"""The paper's Table 1 and Figure 2 on the site: numbers are the run's samples', by hand."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from written_runs import write_run

from gxarena.site.content import Source, read_content
from gxarena.site.paper import METHOD, RANDOM, ridge_charts

ROOT = Path(__file__).parents[2]
LETTERS = {"sum": "(a)", "mean": "(b)", "passed_on": "(c)", "equally_distributed": "(d)"}


@pytest.fixture(scope="module")
def source() -> Source:
    (found,) = read_content([ROOT / "leaderboard" / "quickstart.zip"]).sources.values()
    return found


def by_sample(source: Source, metric: str, explainer: str) -> dict[str, np.ndarray]:
    """Each aggregator's values, of replicates the mean of each sequence."""
    cells = {
        row["cell_id"]: row["aggregator"]
        for row in source.last_rows()
        if (row["metric"], row["explainer"]) == (metric, explainer)
    }
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    ids = source.samples["cell_id"].cast(pa.string())
    for row in source.samples.filter(pc.is_in(ids, pa.array(list(cells)))).to_pylist():
        if row["value"] is not None and "." not in row["metric"]:
            found[cells[row["cell_id"]]][row["sample_id"]].append(row["value"])
    return {
        aggregator: np.array([np.mean(values) for values in held.values()])
        for aggregator, held in found.items()
    }


def test_table_1_is_of_the_samples(source: Source) -> None:
    rows = {(row.explanation, row.strategy): row for row in source.paper.table}
    for explanation, explainer in (("cnn/lrp", "lrp"), ("dnabert2-mini/attnlrp", "attnlrp")):
        for metric in ("gini", "entropy"):
            for strategy, values in by_sample(source, metric, explainer).items():
                entry = rows[explanation, strategy].entries[metric]
                assert entry.ours == pytest.approx((values.mean(), values.std(ddof=1)))
                assert entry.n == len(values) == 100


def test_ridges_are_the_similarities_of_each_strategy(source: Source) -> None:
    (chart,) = ridge_charts(source.paper, "quickstart")
    told = {(record["strategy"][:3], record["role"]): record for record in chart.records}
    for explainer, role in (("attnlrp", "method"), ("random", "floor")):
        for strategy, values in by_sample(source, "continuous_jaccard", explainer).items():
            record = told[LETTERS[strategy], role]
            assert record["mean"] == pytest.approx(values.mean())
            assert record["median"] == pytest.approx(np.median(values))
            assert record["sequences"] == len(values)
    drawn = chart.spec["data"]["values"]
    for who in (METHOD, RANDOM):
        for letter in LETTERS.values():
            curve = [
                (one["similarity"], one["density"])
                for one in drawn
                if one.get("who") == who and one["strategy"].startswith(letter)
            ]
            x, y = np.array(curve).T
            assert np.trapezoid(y, x) == pytest.approx(1, abs=0.1)


def test_a_run_of_other_metrics_has_neither(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"a": [1.0] * 24})
    (found,) = read_content([run]).sources.values()
    assert (found.paper.table, found.paper.panels) == ((), ())
    assert list(ridge_charts(found.paper, "run")) == []
