"""SpliceAI, somebody else's package under docs/examples: made ready by its script, it competes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from entry_points import entry_point
from fresh import FreshEnvironment, typed

from gxarena.registry import Registry
from gxarena.run.suite import read_suite

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "spliceai"


def test_it_is_not_built_in_and_its_suite_names_what_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = list(metadata.entry_points(group="gxarena"))
    mine = {("models", "spliceai"), ("datasets", "splice-sites")}
    assert not mine & Registry.load(ours).components.keys()
    monkeypatch.syspath_prepend(str(EXAMPLE / "src"))
    registry = Registry.load([*ours, entry_point("example", "gxarena_spliceai.plugin")])
    assert not registry.broken
    assert all(registry.components[key].component.citation for key in mine)
    suite = read_suite(str(EXAMPLE / "suite.toml"))
    for kind in ("models", "explainers", "metrics", "datasets"):
        for block in suite.matrix:
            for label in getattr(block, kind):
                name = suite.aliases(kind).get(label, {}).get("name", label)
                assert (kind, name) in registry.components


def get(*command: str, cwd: Path) -> None:
    """Fetch something; skips where it cannot be had."""
    try:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"SpliceAI's weights, or windows of hg19, cannot be had here: {error}")


@pytest.mark.slow
def test_a_published_model_is_explained(tmp_path: Path) -> None:
    """What build.sh does, and then the README's lines."""
    get(sys.executable, "-m", "pip", "download", "--no-deps", "spliceai", cwd=tmp_path)
    get("apt-get", "download", "--print-uris", "augustus-doc", cwd=tmp_path)
    folder = tmp_path / "spliceai"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("windows", "runs"))
    fresh = FreshEnvironment(tmp_path / "venv")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    clean["PATH"] = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # What else it requires is here, and this environment cannot make another for a build: pip reads
    # the one as --no-deps, the other (sic) as --no-build-isolation.
    clean |= {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    made = subprocess.run(
        ["sh", "build.sh"], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    commands = list(typed((folder / "README.md").read_text()))
    verbs = ["pytest", "plugins", "plan", "run", "leaderboard"]
    assert [line[1] if line[0] == "gxarena" else line[0] for line in commands] == verbs
    fresh.follow(commands, folder)
    table = folder / "runs" / "spliceai" / "leaderboard.parquet"
    rows = pq.read_table(table).to_pylist()
    found = {r["explainer"]: r["estimate"] for r in rows if r["metric"] == "auprc-magnitude"}
    assert len(found) == len(set(read_suite(str(EXAMPLE / "suite.toml")).matrix[0].explainers))
    assert found["oracle"] == 1
    assert min(found["deeplift"], found["lrp"], found["ism"]) > 2 * found["random"]
