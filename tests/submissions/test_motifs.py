"""Motifs and seqlets of a bundle."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from altered_bundles import SUITE, Rows, block, rewrite

from gxarena.registry import Registry
from gxarena.results.reading import RunResults
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite
from gxarena.submissions.making import make_bundle
from gxarena.submissions.verifying import verify

ALTERED: dict[str, tuple[str, Callable[[Rows], Rows], str]] = {
    "of another cell": (
        "motifs",
        lambda rows: [rows[0] | {"cell_id": "0" * 32}, *rows[1:]],
        r"motifs\.parquet, '0{32}': expected a cell of the plan that is ok, got another",
    ),
    "twice": ("motifs", lambda rows: [*rows, rows[0]], r"cell .*, motif '.*': expected one, got 2"),
    "a seqlet less": (
        "seqlets",
        lambda rows: rows[1:],
        r"cell .*, motif '.*': expected \d+ seqlets, got \d+",
    ),
    "a seqlet elsewhere": (
        "seqlets",
        lambda rows: [rows[0] | {"sample_id": "mine"}, *rows[1:]],
        r"seqlets\.parquet, data set 'fly': expected its samples, got others",
    ),
    "a seqlet backwards": (
        "seqlets",
        lambda rows: [rows[0] | {"start": 9, "end": 2}, *rows[1:]],
        r"seqlets\.parquet: expected stretches that end behind their start",
    ),
}


@pytest.fixture
def motifs(toys: Registry, tmp_path: Path) -> Path:
    """A bundle with motifs."""
    asked = block(models=["toy"], explainers=["exact"], metrics=["gini", "collection", "patterns"])
    suite = Suite.model_validate(SUITE | {"matrix": [asked]})
    assert run(make_plan(suite, toys), tmp_path / "run").complete
    make_bundle(RunResults.of(tmp_path / "run"), tmp_path / "b")
    assert verify(tmp_path / "b", registry=toys).holds
    return tmp_path / "b"


@pytest.mark.parametrize(("table", "change", "reason"), ALTERED.values(), ids=ALTERED)
def test_what_was_altered_is_found(
    table: str,
    change: Callable[[Rows], Rows],
    reason: str,
    motifs: Path,
    findings: Callable[..., list[str]],
) -> None:
    rewrite(motifs, table, change)
    found = findings(motifs)
    assert any(re.match(f"motifs: {reason}", one) for one in found), found
