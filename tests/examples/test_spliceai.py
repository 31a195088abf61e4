"""SpliceAI, somebody else's package under docs/examples: made ready by its script, it competes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from entry_points import entry_point

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


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A virtual environment that has what this one has; skips where its script can get nothing."""
    ready = (
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "spliceai"],
        ["apt-get", "download", "--print-uris", "augustus-doc"],
    )
    for command in ready:
        try:
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"SpliceAI's weights, or windows of hg19, cannot be had here: {error}")
    venv.create(tmp_path / "venv", with_pip=False)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    paths = [path for path in sys.path if path and Path(path).is_dir()]
    (site / "parent.pth").write_text("\n".join(paths) + "\n")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    binaries = tmp_path / "venv" / "bin"
    return clean | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}


@pytest.mark.slow
def test_a_published_model_is_explained(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "spliceai"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("windows", "runs"))

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
        return done.stdout

    run("sh", "build.sh")
    assert " passed" in run("python", "-m", "pytest", "-q")
    few = (
        'matrix=[{datasets=["splice-sites"], models=["spliceai"], '
        'explainers=["deeplift", "lrp", "random", "oracle"], metrics=["auprc-magnitude"]}]'
    )
    run(
        *("python", "-m", "gxarena", "run", "suite.toml", "--out", "runs/few"),
        *("--limit", "6", "--set", few),
    )
    rows = pq.read_table(folder / "runs" / "few" / "leaderboard.parquet").to_pylist()
    found = {r["explainer"]: r["estimate"] for r in rows if r["metric"] == "auprc-magnitude"}
    assert found.keys() == {"deeplift", "lrp", "random", "oracle"}
    assert found["oracle"] == 1
    assert min(found["deeplift"], found["lrp"]) > 2 * found["random"]
