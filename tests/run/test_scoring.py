"""Cells are scored in parts: no number depends on how many samples a part has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from gxarena.data import Explained
from gxarena.metrics.complexity import Gini
from gxarena.run import parts as in_parts
from gxarena.run.plan import Plan
from gxarena.run.runner import run
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


def test_a_quantity_of_some_parts_alone_is_refused_in_this_process_too(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a child as here: else a board would depend on the engine."""
    score = Gini.score

    def forgetful(self: Gini, explained: Explained, probe: Any) -> Any:
        scored = score(self, explained, probe)
        return scored if len(explained) == 64 else replace(scored, values={}, reasons={})

    monkeypatch.setattr(Gini, "score", forgetful)
    monkeypatch.setattr(in_parts, "SCORED_AT_ONCE", CHUNK)
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"], "metrics": ["gini"]}
    run(plan(matrix=[block]), tmp_path / "run")
    (row,) = pq.read_table(tmp_path / "run" / "cells.parquet").to_pylist()
    message = "expected a value of 'gini' for each sample, got some alone."
    assert (row["status"], row["error_message"]) == ("error", f"gxarena: metric 'gini': {message}")
    assert not len(pq.read_table(tmp_path / "run" / "samples.parquet"))
