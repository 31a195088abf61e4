"""Every hook: what a plugin offers by it takes part in a run, all kinds in one."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pyarrow.parquet as pq
import whole_plugin
from entry_points import entry_point
from toys import WEIGHTS

from gxarena.hookspecs import KINDS
from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.runner import Settings, run
from gxarena.run.suite import Suite


def test_what_each_hook_offers_works_together(tmp_path: Path) -> None:
    ours = metadata.entry_points(group="gxarena")
    registry = Registry.load([*ours, entry_point("whole", "whole_plugin")])
    assert not registry.broken
    offered = {key for key in registry.components if key[1].startswith("whole-")}
    assert sorted(kind for kind, _ in offered) == sorted(KINDS)

    block = {
        "datasets": ["whole-data"],
        "models": ["whole-model"],
        "explainers": ["whole-explainer"],
        "aggregators": ["whole-aggregator"],
        "metrics": ["whole-metric"],
    }
    suite = Suite.model_validate({"name": "whole", "target": 1, "matrix": [block]})
    plan = make_plan(suite, registry)
    assert run(plan, tmp_path / "run", Settings("whole-engine:there", 2)).complete
    assert whole_plugin.ASKED == [("there", 2)]
    rows = pq.read_table(tmp_path / "run" / "samples.parquet").to_pylist()
    totals = {row["sample_id"]: row["value"] for row in rows}
    assert totals == {letter: 2 * 4 * WEIGHTS[letter] for letter in "ACGT"}  # of units of two
