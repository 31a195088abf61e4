"""Before and after shared random orders: the script on a small run, and the published numbers."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

from gxarena.metrics import faithfulness
from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.suite import read_suite

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
explainers = ["random", "gc", "blur", "occlusion"]
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


Pair = tuple[int, int]


def _forwards(path: Path) -> dict[tuple[str, str], Pair]:
    """By model and explainer the forwards of `faithfulness`, before and after."""
    rows = pq.read_table(path).to_pylist()
    return {
        (row["model"], row["explainer"]): (row["forwards_before"], row["forwards_after"])
        for row in rows
    }


def test_both_ways_in_one_process(script: Any, tmp_path: Path) -> None:
    """MIF, LIF and a random order of four samples at one budget: twelve, of which four are once."""
    suite, out = tmp_path / "small.toml", tmp_path / "out.parquet"
    suite.write_text(SUITE)
    script.main([str(suite), "--out", str(out), "--explainers", "random", "gc", "occlusion"])
    found = _forwards(out)
    first, second, third, whole = found
    assert {explainer for _, explainer in (first, second, third)} == {"random", "gc", "occlusion"}
    assert [found[one] for one in (first, second, third)] == [(12, 12), (12, 8), (12, 8)]
    assert found[whole] == (36, 28)
    rows = {row["explainer"]: row for row in pq.read_table(out).to_pylist()}
    assert all(row["seconds_after"] > 0 for row in rows.values())
    assert rows["random"]["forwards_explaining"] == 0
    assert rows["occlusion"]["forwards_explaining"] > 4 * 24


def test_the_whole_is_timed_from_the_beginning_both_ways_in_turn(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, out = tmp_path / "small.toml", tmp_path / "out.parquet"
    suite.write_text(SUITE)
    real, sharing, ways = script.run, faithfulness.SharingProbe, []

    def watched(plan: Any, place: Path) -> Any:
        assert not place.exists()
        ways.append(faithfulness.SharingProbe is sharing)
        return real(plan, place)

    monkeypatch.setattr(script, "run", watched)
    script.main([str(suite), "--out", str(out), "--times", "2", "--explainers", "random", "gc"])
    once, each_time = True, False
    assert ways == [once, each_time, once, once, each_time]  # the first does not count
    first, second, medians = pq.read_table(out).to_pylist()
    assert [row["turn"] for row in (first, second, medians)] == ["1", "2", "median"]
    for clock in ("wall", "processor"):
        for row in (first, second):
            before, after = row[f"{clock}_before"], row[f"{clock}_after"]
            assert row[f"{clock}_ratio"] == pytest.approx(after / before)
            assert 0 < min(before, after) < 600
        for name in (f"{clock}_before", f"{clock}_after", f"{clock}_ratio"):
            assert medians[name] == pytest.approx((first[name] + second[name]) / 2)
    assert max(row["processor_before"] for row in (first, second)) > 0


def test_only_what_is_named_is_run(script: Any, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SUITE)
    suite = script.read_suite(str(tmp_path / "small.toml"))
    (block,) = script.restricted(suite, explainers=["gc"], metrics=["gini"], datasets=[]).matrix
    assert (block.explainers, block.metrics, block.datasets) == (["gc"], ["gini"], ["fly"])
    assert script.restricted(suite, datasets=["another"]).matrix == []


def test_of_all_explainers_a_third_of_faithfulness_s_forwards_is_gone_but_for_the_first() -> None:
    """docs/metrics.md, faithfulness: of all explainers that the suite asks of real promoters."""
    found = _forwards(ROOT / "leaderboard" / "shared-orders.parquet")
    before, after = found.pop(("", "all of them"))
    assert (before, after) == tuple(map(sum, zip(*found.values(), strict=True)))
    plan = make_plan(read_suite("explainers"), Registry.load(), limit=1)
    asked = {
        (cell.model, cell.explainer)
        for cell in plan.cells
        if cell.metric == "faithfulness-unknown" and cell.dataset == "fly" and not cell.unsupported
    }
    assert asked <= found.keys()
    for model in ("cnn", "dnabert2-mini"):
        mine = [pair for (of, _), pair in found.items() if of == model]
        firsts = [pair for pair in mine if pair[0] == pair[1]]
        assert len(firsts) == 1
        shares = [after / before for before, after in mine if before != after]
        assert min(shares) == pytest.approx(2 / 3, abs=0.01)
        assert max(shares) < 0.72


def test_in_time_a_part_of_that_is_gone_where_explaining_costs_little() -> None:
    """docs/metrics.md, faithfulness: in each turn, by either clock."""
    turns = _turns("shared-orders-time")
    for clock in ("wall", "processor"):
        assert all(row[f"{clock}_ratio"] < 1 for row in turns)
    page = " ".join((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").split())
    assert "What is spared is told where explaining costs little" in page


def test_in_time_nothing_is_told_of_the_whole_suite() -> None:
    """docs/metrics.md, faithfulness: in some turns the one way was quicker, in some the other."""
    turns = _turns("shared-orders-time-whole")
    for clock in ("wall", "processor"):
        ratios = [row[f"{clock}_ratio"] for row in turns]
        assert min(ratios) < 1 < max(ratios)
    page = " ".join((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").split())
    assert "it is not told from what turns differ by" in page


def _turns(board: str) -> list[dict[str, Any]]:
    *turns, medians = pq.read_table(ROOT / "leaderboard" / f"{board}.parquet").to_pylist()
    assert len(turns) == 5
    for name in (name for name in medians if name != "turn"):
        assert medians[name] == statistics.median(row[name] for row in turns)
    return turns
