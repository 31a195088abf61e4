"""Somebody else's packages under docs/examples: as `gxarena new` writes them, and they compete."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from entry_points import entry_point
from fresh import FreshEnvironment, typed

from gxarena.cli.scaffold import Scaffold
from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.suite import read_suite
from gxarena.statistics.intervals import FEWEST_SAMPLES, TOO_FEW

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """A package, as whoever wrote it scaffolded it."""

    kind: str
    name: str
    torch: bool = False

    @property
    def folder(self) -> Path:
        return EXAMPLES / self.name

    @property
    def package(self) -> str:
        return self.name.replace("-", "_")


TAYLOR = Example("explainer", "taylor-ism", torch=True)
FLIP = Example("metric", "decision-flip")
each = pytest.mark.parametrize("example", [TAYLOR, FLIP], ids=lambda example: example.name)


def test_each_example_has_a_test() -> None:
    tested = "".join(path.read_text() for path in HERE.rglob("test_*.py"))
    there = [path.parent.name for path in EXAMPLES.glob("*/pyproject.toml")]
    assert len(there) > 1
    assert [name for name in there if f'"{name}"' not in tested] == []


@each
def test_it_is_what_new_writes_filled_in(example: Example) -> None:
    scaffold = Scaffold(example.kind, "some-name", example.torch)
    written = [path.replace(scaffold.package, example.package) for path in scaffold.files]
    assert [path for path in written if not (example.folder / path).is_file()] == []
    project = tomllib.loads((example.folder / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["gxarena"] == {"main": f"{example.package}.plugin"}
    readme = (example.folder / "README.md").read_text()
    assert "**Trap.**" in readme
    for command in (
        ["check", "--isolated", "--select", "E,F,I,UP,B,W", "--line-length", "100"],
        ["format", "--isolated", "--check", "--line-length", "100"],
    ):
        ruff = [sys.executable, "-m", "ruff", *command, "."]
        subprocess.run(ruff, check=True, cwd=example.folder)


@each
def test_it_is_not_built_in_and_says_whom_to_cite(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (f"{example.kind}s", example.name)
    ours = list(metadata.entry_points(group="gxarena"))
    assert key not in Registry.load(ours).components
    monkeypatch.syspath_prepend(str(example.folder / "src"))
    registry = Registry.load([*ours, entry_point("example", f"{example.package}.plugin")])
    assert not registry.broken
    assert registry.components[key].component.citation
    suite = read_suite(str(example.folder / "suite.toml"))
    assert all(given["n"] >= FEWEST_SAMPLES for given in suite.datasets.values())
    plan = make_plan(suite, registry, folder=example.folder, limit=2)
    assert {cell.explainer for cell in plan.cells} & {"ism", "lrp", "random"}
    assert [cell.unsupported for cell in plan.cells if cell.unsupported] == []


def board_of(example: Example, tmp_path: Path) -> list[dict[str, Any]]:
    """Do what its README says in a fresh environment; the rows of the board."""
    folder = tmp_path / example.name
    shutil.copytree(example.folder, folder)
    fresh = FreshEnvironment(tmp_path / "venv")
    commands = list(typed((folder / "README.md").read_text()))
    verbs = ["pip", "plugins", "pytest", "plugins", "run", "leaderboard"]
    assert [line[1] if line[0] == "gxarena" else line[0] for line in commands] == verbs
    fresh.follow(commands, folder)
    assert example.name in (folder / "board.md").read_text()
    table = folder / "runs" / "first" / "leaderboard.parquet"
    rows: list[dict[str, Any]] = pq.read_table(table).to_pylist()
    assert [row["metric"] for row in rows if row["ci_method"] == TOO_FEW] == []
    return rows


@pytest.mark.slow
def test_a_published_explainer_competes(tmp_path: Path) -> None:
    rows = board_of(TAYLOR, tmp_path)
    explainers = {row["explainer"] for row in rows}
    assert explainers == {"taylor-ism", "ism", "input_x_gradient", "saliency", "random"}
    versus_ism = [row for row in rows if row["metric"] == "rank_correlation[vs cnn/ism]"]
    alike = {row["explainer"]: row["estimate"] for row in versus_ism}
    assert alike["taylor-ism"] > 0.5 > 3 * abs(alike["random"])


@pytest.mark.slow
def test_a_published_metric_judges(tmp_path: Path) -> None:
    rows = [row for row in board_of(FLIP, tmp_path) if row["metric"] == "decision-flip"]
    shares = {row["explainer"]: row["estimate"] for row in rows}
    assert shares.keys() == {"lrp", "input_x_gradient", "random"}
    assert 0 < shares["lrp"] < shares["random"] <= 1
    assert {row["direction"] for row in rows} == {"lower"}
