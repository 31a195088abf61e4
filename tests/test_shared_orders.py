"""Before and after shared random orders: the script on a small run, and the published numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

ROOT = Path(__file__).parents[1]
SUITE = """
name = "small"
[datasets.fly]
name = "fly-promoters"
n = 4
[metrics.faithfulness]
fill = "complement"
budgets = [50]
[[matrix]]
datasets = ["fly"]
models = ["cnn"]
explainers = ["random", "gc", "blur"]
metrics = ["faithfulness", "gini"]
[[matrix]]
datasets = ["fly"]
models = ["cnn"]
explainers = ["gc"]
metrics = ["rank_correlation"]
against = ["cnn/blur"]
"""


@pytest.fixture(scope="module")
def script() -> Any:
    return shipped_script("benchmarks/speed/shared_orders.py")


def _forwards(path: Path) -> dict[str, tuple[int, int]]:
    rows = pq.read_table(path).to_pylist()
    return {row["explainer"]: (row["forwards_before"], row["forwards_after"]) for row in rows}


def test_both_ways_in_one_process(script: Any, tmp_path: Path) -> None:
    """MIF, LIF and a random order of four samples at one budget: twelve, of which four are once."""
    suite, out = tmp_path / "small.toml", tmp_path / "out.parquet"
    suite.write_text(SUITE)
    script.main([str(suite), "--out", str(out), "--explainers", "random", "gc"])
    found = _forwards(out)
    first, second, whole = found
    assert {first, second} == {"random", "gc"}
    assert (found[first], found[second]) == ((12, 12), (12, 8))
    assert found[whole] == (24, 20)
    assert all(row["seconds_after"] > 0 for row in pq.read_table(out).to_pylist())


def test_of_the_suite_a_third_of_faithfulness_s_forwards_is_gone_but_for_the_first() -> None:
    """docs/metrics.md, faithfulness."""
    found = _forwards(ROOT / "leaderboard" / "shared-orders.parquet")
    rest = dict(found)
    before, after = rest.pop("the whole suite")
    assert after < before
    shares = sorted(after / before for before, after in rest.values())
    assert shares[0] == pytest.approx(2 / 3, abs=0.01)
