"""What tutorials tell a reader to type, typed: in an environment and a folder of its own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
BLOCK = re.compile(r"```(?P<kind>\w+)\n(?P<text>.*?)```|^ {4}(?P<command>\S[^\n]*)$", re.S | re.M)

Run = Callable[..., None]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command in an environment that has what this one has, and can take more."""
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/python*/site-packages")
    paths = [path for path in sys.path if path and Path(path).is_dir()]
    (site / "parent.pth").write_text("\n".join(paths) + "\n")
    python = str(environment / "bin" / "python")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    names = {
        "gxarena": [python, "-m", "gxarena"],
        "pytest": [python, "-m", "pytest", "-q"],
        "python": [python],
        "pip": [python, "-m", "pip"],
    }

    def run(command: list[str], cwd: Path) -> None:
        if command[:2] == [
            "pip",
            "install",
        ]:  # what it requires is here; nothing is asked elsewhere
            command = [*command, "--quiet", "--no-deps", "--no-build-isolation"]
        typed = [*names[command[0]], *command[1:]]
        done = subprocess.run(
            typed, cwd=cwd, env=clean, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]} {done.stderr[-2000:]}"

    return run


def follow(tutorial: str, run: Run, folder: Path) -> None:
    """Do what a tutorial says, from top to bottom."""
    text = (TUTORIALS / f"{tutorial}.md").read_text()
    where = folder
    for found in BLOCK.finditer(text):
        if found["kind"] == "python":
            (where / "cell.py").write_text(found["text"])
            run(["python", "cell.py"], where)
        elif found["kind"] == "toml":
            name = re.match(r"# (\S+\.toml)\n", found["text"])
            assert name
            (where / name[1]).write_text(found["text"])
        elif found["command"]:
            command = shlex.split(found["command"])
            if command[0] == "cd":
                where = where / command[1]
            else:
                run(command, where)


@pytest.mark.slow
def test_bench_my_explainer(run: Run, tmp_path: Path) -> None:
    follow("explainer", run, tmp_path)
    assert (tmp_path / "masked-pairs" / "masked-pairs.zip").is_file()
    assert "masked-pairs" in (tmp_path / "masked-pairs" / "board.md").read_text()


@pytest.mark.slow
def test_bench_my_model(run: Run, tmp_path: Path) -> None:
    follow("model", run, tmp_path)
    assert "my-model" in (tmp_path / "my-model" / "board.md").read_text()


@pytest.mark.slow
def test_bring_my_data(run: Run, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "benchmarks" / "recipes", tmp_path / "benchmarks" / "recipes")
    letters = np.random.default_rng(0).choice(list("ACGT"), size=(120, 80))
    for split in ("train", "valid", "test"):
        rows = []
        for number, drawn in enumerate(letters):
            label = number % 2
            sequence = "".join(drawn[:36]) + ("TATAAAAG" if label else "".join(drawn[36:44]))
            rows.append(f"{sequence + ''.join(drawn[44:])},{label}")
        (tmp_path / f"{split}.csv").write_text("sequence,label\n" + "\n".join(rows) + "\n")
    follow("data", run, tmp_path)
    assert (tmp_path / "my-site" / "index.html").is_file()
    assert "lrp" in (tmp_path / "mine.md").read_text()
