"""From motifs beside their controls' to the published table."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from scipy import stats
from shipped_scripts import shipped_script
from written_runs import write_run

from gxarena.errors import InputError
from gxarena.results.excess import Excess, Found

BOARDS = Path(__file__).parents[1] / "leaderboard"


@pytest.fixture(scope="module")
def script() -> Any:
    return shipped_script("benchmarks/validity/motif_excess.py")


def one(
    found: tuple[int, int], controls: dict[str, tuple[int, int]], replicate: int, data: str = "d"
) -> Excess:
    """Of (patterns, matched)."""
    return Excess(
        data, "m", "native", "modisco", replicate, "observed", "nucleotide",
        Found("lrp", found[0], found[0], found[1]),
        tuple(Found(name, n, n, matched) for name, (n, matched) in controls.items()),
    )  # fmt: skip


def test_sets_of_weights_are_one_row(script: Any) -> None:
    given = [
        one((4, 3), {"gc": (5, 1), "random": (0, 0)}, 0),
        one((2, 2), {"gc": (5, 0), "random": (10, 1)}, 1),
        one((1, 0), {"gc": (1, 1)}, 0, data="other"),
    ]
    first, gc, random, second = script.pooled(given)
    assert (first["replicates"], first["patterns"], first["matched"]) == (2, 6, 5)
    assert (first["control_patterns"], first["control_matched"]) == (20, 2)
    assert first["controls"] == "gc, random"
    assert first["share"] == pytest.approx(5 / 6 - 2 / 20)
    ours, theirs = (
        stats.binomtest(k, n).proportion_ci(0.975, method="exact") for k, n in ((5, 6), (2, 20))
    )
    assert first["low"] == pytest.approx(ours.low - theirs.high)
    assert first["high"] == pytest.approx(ours.high - theirs.low)
    assert first["said"] == f"0.73 ({first['low']:.2f} to {first['high']:.2f})"
    assert (second["dataset"], second["share"]) == ("other", -1.0)
    # Beside each control alone: GC content finds what stands in the sequences, random scores none.
    assert [row["controls"] for row in (gc, random)] == ["gc", "random"]
    assert [row["beside"] for row in (first, gc, random)] == [
        "all controls", "GC content", "random scores",
    ]  # fmt: skip
    assert [row["of_controls"] for row in (first, gc, random)] == ["2 of 20", "1 of 10", "1 of 10"]
    assert (gc["control_patterns"], gc["control_matched"]) == (10, 1)
    assert (random["control_patterns"], random["control_matched"]) == (10, 1)
    assert {row["matched"] for row in (first, gc, random)} == {5}


def test_a_control_that_knows_no_model_counts_once(script: Any) -> None:
    """GC content says the same of every training: five copies are no more evidence than one."""
    controls = [{"gc": (9, 4), "random": (20 + i, 0)} for i in range(5)]
    row, gc, _ = script.pooled(one((4, 3), found, i) for i, found in enumerate(controls))
    assert (row["control_patterns"], row["control_matched"]) == (9 + 110, 4)
    assert (gc["control_patterns"], gc["control_matched"]) == (9, 4)


def test_without_patterns_there_is_no_excess(script: Any) -> None:
    for given in (one((0, 0), {"gc": (5, 1)}, 0), one((3, 1), {}, 0)):
        (row,) = script.pooled([given])
        assert (row["share"], row["low"], row["high"], row["said"]) == (None, None, None, "–")


def test_runs_without_motifs_are_refused(script: Any, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", {"lrp": [1.0, 2.0]})
    with pytest.raises(InputError, match="expected runs whose explanations were asked for motifs"):
        script.main([str(tmp_path), str(folder)])
    assert not list(tmp_path.glob("*.parquet"))


def test_the_published_controls_are_those_of_the_boards() -> None:
    """Apart they add up to all of them together, and have the patterns that boards say."""
    rows = pq.read_table(BOARDS / "motif-excess.parquet").to_pylist()
    boards = [
        row
        for name in ("ctcf-vs-pu1", "fly-motifs")
        for row in pq.read_table(BOARDS / f"{name}.parquet").to_pylist()
    ]
    like = ("dataset", "model", "explainer", "aggregator", "contributions")
    several: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        several[tuple(row[name] for name in like)].append(row)
    for all_of_them, *apart in several.values():
        assert all_of_them["beside"] == "all controls"
        assert ", ".join(row["controls"] for row in apart) == all_of_them["controls"]
        for count in ("control_patterns", "control_matched"):
            assert sum(row[count] for row in apart) == all_of_them[count]
        for row in apart:
            named = {row[k] for k in ("dataset", "model", "aggregator")} | {row["controls"]}
            found = [
                one
                for one in boards
                if {one[k] for k in ("dataset", "model", "aggregator", "explainer")} == named
                and f"{row['metric']}.{row['contributions']}.patterns_" in one["metric"]
            ]
            times = 1 if row["beside"] == "GC content" else row["replicates"]
            patterns = times * sum(one["estimate"] for one in found)
            assert len(found) == 2
            assert row["control_patterns"] == pytest.approx(patterns)
