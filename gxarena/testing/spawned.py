"""An explainer in a fresh interpreter without a GPU: what it says there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.data import Floats
from gxarena.scratch import Scratch
from gxarena.testing.checks import Failed
from gxarena.testing.subjects import Subject

SECONDS = 300
_START = (
    "import json, sys; asked = json.loads(sys.argv[1]); sys.path[:] = asked['path']; "
    "from gxarena.testing.spawned import answer; answer(asked)"
)


def explained_elsewhere(subject: Subject) -> list[Floats]:
    """The scores of the subject's samples, by a process that was spawned for it.

    Raises
    ------
    Failed
        The process ends without an answer.
    """
    with Scratch() as scratch:
        answered = scratch.path / "scores.json"
        asked = {
            "path": sys.path,
            "name": subject.name,
            "parameters": dict(subject.parameters),
            "models": {name: dict(given) for name, given in subject.models.items()},
            "answer": str(answered),
        }
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-c", _START, json.dumps(asked)],
            env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if not answered.is_file():
            raise Failed(
                "an answer of a fresh process",
                f"exit status {done.returncode}: {done.stderr[-300:].strip()}",
                "Import what the explainer needs where it needs it.",
            )
        return [np.asarray(scores) for scores in json.loads(answered.read_text())]


def answer(asked: dict[str, Any]) -> None:
    """In the fresh process: explain, and write the scores down."""
    from gxarena.registry import Registry

    registry = Registry.load()
    found = registry.registered("explainers", asked["name"])
    subject = Subject(registry, found, asked["parameters"], asked["models"])
    scores = [one.scores.tolist() for one in subject.attributions]
    Path(asked["answer"]).write_text(json.dumps(scores), encoding="utf-8")
