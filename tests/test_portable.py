"""The core does without what only Unix has: it imports, and runs inline."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import importlib, pkgutil, sys
import filelock, psutil  # which ask the system themselves what it has
for absent in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[absent] = None

import gxarena
names = [m.name for m in pkgutil.walk_packages(gxarena.__path__, "gxarena.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)

from importlib import metadata
from pathlib import Path
from entry_points import entry_point
from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.runner import run
from gxarena.run.suite import Suite

points = [*metadata.entry_points(group="gxarena"), entry_point("toys", "toy_plugin")]
suite = Suite.model_validate({
    "name": "small", "datasets": {"fly-promoters": {"n": 5}},
    "matrix": [{"datasets": ["fly-promoters"], "models": ["toy"], "explainers": ["exact", "random"],
                "metrics": ["gini"]}],
})
for _ in range(2):
    summary = run(make_plan(suite, Registry.load(points)), Path(sys.argv[1]))
print(len(names), dict(summary.statuses), summary.reused)
"""


def test_without_the_modules_of_unix(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "toys")}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "run")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=1)[1] == "{'ok': 2} 2\n"
