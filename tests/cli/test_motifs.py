"""`gxarena motifs`: motifs, and what they are beyond the controls', as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gxarena.cli import console
from gxarena.cli.app import app
from gxarena.run.plan import Plan
from gxarena.run.runner import run


@pytest.fixture(autouse=True)
def _wide() -> Iterator[None]:
    """A console made anew, which asks how wide the terminal is."""
    console.out.cache_clear()
    yield
    console.out.cache_clear()


@pytest.fixture
def folder(plan: Callable[..., Plan], tmp_path: Path) -> Path:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact", "random"]}
    assert run(plan(matrix=[block | {"metrics": ["patterns"]}]), tmp_path / "run").complete
    return tmp_path / "run"


def test_as_json(folder: Path) -> None:
    result = CliRunner().invoke(app, ["motifs", str(folder), "--json"])
    told = json.loads(result.stdout)
    assert [(m["motif"], m["counts"], m["bits"]) for m in told["motifs"]] == [
        ("positive_0", True, None),
        ("negative_0", False, 1.5),
    ]
    assert told["motifs"][0]["match"]["p"] == 1e-9
    (one,) = told["excess"]
    assert (one["explainer"], one["patterns"], one["counting"], one["matched"]) == (
        "exact",
        2,
        1,
        1,
    )
    assert one["controls"] == [{"explainer": "random", "patterns": 0, "counting": 0, "matched": 0}]
    assert (one["excess"], one["share"], one["interval"]) == (1, None, None)


def test_as_text(folder: Path) -> None:
    result = CliRunner().invoke(app, ["motifs", str(folder)], env={"COLUMNS": "240"})
    for words in ("too little information", "Toy MA0000.1", "0 (random 0 of 0)", "excess"):
        assert words in result.stdout


def test_without_controls_it_says_so(plan: Callable[..., Plan], tmp_path: Path) -> None:
    block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
    assert run(plan(matrix=[block | {"metrics": ["patterns"]}]), tmp_path / "run").complete
    result = CliRunner().invoke(app, ["motifs", str(tmp_path / "run")], env={"COLUMNS": "240"})
    assert "no controls in the run" in result.stdout
