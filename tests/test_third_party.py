"""Somebody else's package: installed, it competes; broken, it is named and harms nobody."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "0.1"
[project.entry-points.gxarena]
plugin = "{module}"
"""

README = (Path(__file__).parents[1] / "README.md").read_text()
RAISES = "raise RuntimeError('broken at import')\n"
THIEF = """
from gxarena.hookspecs import Component, hookimpl

@hookimpl
def gxarena_explainers():
    yield Component("lrp", "thief:Nothing", "takes a name that is taken")
"""
CRASHES = """
from gxarena.hookspecs import Component, hookimpl

@hookimpl
def gxarena_explainers():
    yield Component("crashes", "crashes:Crashes", "fails on every batch")

class Crashes:
    def explain(self, model, batch):
        raise ValueError("no explanation today")
"""
SMALL = 'matrix=[{{datasets=["fly-promoters"], models=["cnn"], explainers=[{}], metrics={}}}]'
METRICS = '["gini", "entropy", "faithfulness-complement", "conservation_error"]'


def _of_readme(file: str) -> str:
    """The README's example of a file, word for word."""
    (block,) = re.findall(rf"^```\w+\n(# {re.escape(file)}\n.*?)^```", README, re.S | re.M)
    return block  # type: ignore[no-any-return]


def _install(name: str, source: str, tmp_path: Path, pyproject: str = PYPROJECT) -> Path:
    """Build and install a package of one module, as pip does it, into a folder of its own."""
    module = name.replace("-", "_")
    project, site = tmp_path / f"{name}-source", tmp_path / f"{name}-site"
    project.mkdir()
    (project / "pyproject.toml").write_text(pyproject.format(name=name, module=module))
    (project / f"{module}.py").write_text(source)
    install = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *install, str(project)],
        check=True,
        capture_output=True,
    )
    return site


def _gxarena(*arguments: str, sites: list[Path]) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, sites))
    return subprocess.run(
        [sys.executable, "-m", "gxarena", *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def _board(out: Path) -> list[dict[str, Any]]:
    table = pq.read_table(out / "leaderboard.parquet").drop_columns(["seconds_per_sequence"])
    return table.to_pylist()  # type: ignore[no-any-return]


@pytest.mark.slow
def test_an_installed_package_competes_and_broken_ones_harm_nobody(tmp_path: Path) -> None:
    def quickstart(out: str, explainers: list[str], sites: list[Path]) -> int:
        quoted = ", ".join(f'"{name}"' for name in explainers)
        return _gxarena(
            "run", "quickstart", "--out", str(tmp_path / out), "--limit", "6",
            "--set", SMALL.format(quoted, METRICS), sites=sites,
        ).returncode  # fmt: skip

    good = _install(
        "my-explainer", _of_readme("my_explainer.py"), tmp_path, _of_readme("pyproject.toml")
    )
    listed = json.loads(_gxarena("plugins", "list", "--json", sites=[good]).stdout)
    (mine,) = [c for c in listed["components"] if c["name"] == "leave-one-out"]
    assert mine["distribution"] == "my-explainer"
    assert mine["status"] == "ready"

    assert quickstart("alone", ["lrp", "random", "leave-one-out"], [good]) == 0
    rows = [row for row in _board(tmp_path / "alone") if row["explainer"] == "leave-one-out"]
    drops = {row["metric"]: row["estimate"] for row in rows}
    assert drops["faithfulness-complement.gain_logit@20"] > 0
    assert len({row["metric"].partition(".")[0] for row in rows}) == 4

    bad = [
        _install(name, source, tmp_path)
        for name, source in (("raises", RAISES), ("thief", THIEF), ("crashes", CRASHES))
    ]
    broken = json.loads(
        _gxarena("plugins", "list", "--broken", "--json", sites=[good, *bad]).stdout
    )
    errors = {plugin["distribution"]: plugin["error"] for plugin in broken["broken"]}
    assert errors.keys() == {"raises", "thief"}
    assert errors["raises"] == "RuntimeError: broken at import"
    assert "'lrp' is offered by both gxarena and thief" in errors["thief"]

    explainers = ["crashes", "lrp", "random", "leave-one-out"]
    assert quickstart("together", explainers, [good, *bad]) == 3
    failed = json.loads(_gxarena("failures", str(tmp_path / "together"), "--json", sites=[]).stdout)
    assert {row["explainer_distribution"] for row in failed} == {"crashes"}
    assert {row["error_message"] for row in failed} == {"no explanation today"}
    others = [row for row in _board(tmp_path / "together") if row["explainer"] != "crashes"]
    assert others == _board(tmp_path / "alone")
