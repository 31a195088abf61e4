"""A fresh virtual environment in which a test types what a page tells its reader to type."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
import venv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path


class FreshEnvironment:
    """Has what this one has, and can take more, which this one never sees.

    Parameters
    ----------
    folder : Path
        Where it is made.

    Attributes
    ----------
    seconds : dict of str to float
        Wall time of each command so far, by the command.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        (site,) = folder.glob("lib/python*/site-packages")
        paths = [path for path in sys.path if path and Path(path).is_dir()]
        (site / "parent.pth").write_text("\n".join(paths) + "\n")
        python = str(folder / "bin" / "python")
        self._clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
        self._typed = {
            "gxarena": [python, "-m", "gxarena"],
            "pytest": [python, "-m", "pytest", "-q"],
            "python": [python],
            "pip": [python, "-m", "pip"],
        }
        self.seconds: dict[str, float] = {}

    def run(self, command: list[str], cwd: Path) -> str:
        """What a command says on standard output; it must succeed.

        What an installation requires is here already: no index is asked.
        """
        asked = list(command)
        if command[:2] == ["pip", "install"]:
            asked += ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
        began = time.monotonic()
        done = subprocess.run(
            [*self._typed[asked[0]], *asked[1:]],
            cwd=cwd, env=self._clean, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.seconds[shlex.join(command)] = time.monotonic() - began
        assert done.returncode == 0, f"{command}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
        return done.stdout

    def follow(
        self,
        commands: Iterable[list[str]],
        where: Path,
        also: Mapping[str, Sequence[str]] | None = None,
    ) -> Path:
        """Do what a page says, from top to bottom; returns the folder that it ends in.

        Parameters
        ----------
        also : mapping, optional
            Options besides for a command of gxarena, by its name: to be done sooner.
        """
        for command in commands:
            if command[0] == "cd":
                where = where / command[1]
            else:
                besides = (also or {}).get(command[1], ()) if command[0] == "gxarena" else ()
                self.run([*command, *besides], where)
        return where


def typed(text: str) -> Iterator[list[str]]:
    """The commands of a text's indented blocks, a line each, without what follows a #."""
    lines = text.replace("\\\n", " ")
    for line in re.findall(r"^ {4,}((?:gxarena|pip|pytest|python|cd)\b.*)$", lines, re.M):
        yield shlex.split(line, comments=True)
