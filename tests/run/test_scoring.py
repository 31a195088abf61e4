"""Cells are scored in parts: no number depends on how many samples a part has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gxarena.data import Explained
from gxarena.metrics.complexity import Gini
from gxarena.run import parts as in_parts
from gxarena.run.plan import Plan
from gxarena.run.runner import Settings, run
from gxarena.run.store import CHUNK

OF_TIME = ["started", "seconds", "explain_seconds", "peak_memory"]
BLOCKS: list[dict[str, Any]] = [
    {"explainers": ["exact", "occlusion"], "metrics": ["gini", "faithfulness", "max_sensitivity"]},
    {"explainers": ["exact"], "metrics": ["rank_correlation"], "against": ["toy/random"]},
    {"explainers": ["exact"], "aggregators": ["sum"], "metrics": ["gini"]},
]


def test_in_parts_a_board_is_that_of_the_whole(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """70 samples at once, and 64 and 6: rows, curves, costs, fingerprints and units."""
    given: list[int] = []
    score = Gini.score

    def counted(self: Gini, explained: Explained, probe: Any) -> Any:
        given.append(len(explained))
        return score(self, explained, probe)

    monkeypatch.setattr(Gini, "score", counted)
    shared = {"datasets": ["mine"], "models": ["toy"]}
    made = plan(matrix=[shared | block for block in BLOCKS], partition="toy-tokens")
    assert run(made, tmp_path / "whole").complete
    assert given == [70] * 3
    given.clear()
    monkeypatch.setattr(in_parts, "SCORED_AT_ONCE", CHUNK)
    assert run(made, tmp_path / "parts").complete
    assert given == [64, 6] * 3
    for table in ("samples", "curves", "cells"):
        whole, parts = (
            pq.read_table(tmp_path / one / f"{table}.parquet") for one in ("whole", "parts")
        )
        if table == "cells":
            whole, parts = (one.drop_columns(OF_TIME) for one in (whole, parts))
        assert len(whole)
        assert whole.to_pylist() == parts.to_pylist()


def test_a_quantity_of_some_parts_alone_is_refused_by_every_engine(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a board would depend on the engine."""
    monkeypatch.setattr(in_parts, "SCORED_AT_ONCE", CHUNK)
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
    rows = {}
    for engine in ("inline", "local"):
        run(plan(matrix=[block | {"metrics": ["forgetful"]}]), tmp_path / engine, Settings(engine))
        (rows[engine],) = pq.read_table(tmp_path / engine / "cells.parquet").to_pylist()
        assert not len(pq.read_table(tmp_path / engine / "samples.parquet"))
    row = rows["inline"]
    message = "expected a value of 'forgetful' for each sample, got some alone."
    assert (row["status"], row["error_type"]) == ("error", "PluginError")
    assert row["error_message"].endswith(f": metric 'forgetful': {message}")
    unequal = {name for name in row if row[name] != rows["local"][name]}
    assert unequal <= {*OF_TIME, "error_traceback"}
