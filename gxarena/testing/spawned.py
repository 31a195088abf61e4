"""A component in a fresh interpreter without a GPU: what it says there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gxarena.scratch import Scratch
from gxarena.testing.checks import Failed
from gxarena.testing.inputs import annotated_samples
from gxarena.testing.metric_answers import scored_by, told_of
from gxarena.testing.subjects import Subject

SECONDS = 300
_START = (
    "import json, sys; asked = json.loads(sys.argv[1]); sys.path[:] = asked['path']; "
    "from gxarena.testing.spawned import answer; answer(asked)"
)


def answers_of(subject: Subject) -> dict[str, Any]:
    """What the component says of what it is tried on, by name: numbers, or a digest."""
    if subject.kind == "explainers":
        return {
            sample.id: one.scores.tolist()
            for sample, one in zip(subject.samples, subject.attributions, strict=True)
        }
    if subject.kind == "models":
        sequences = [one.sequence for one in annotated_samples(5, subject.made.max_length)]
        return {"outputs": np.asarray(subject.made.predict(sequences)).tolist()}
    if subject.kind == "metrics":
        values = scored_by(subject, told_of(subject)).values
        return {key: np.asarray(one, dtype=float).tolist() for key, one in values.items()}
    return {"digest": subject.made.digest}


def answered_elsewhere(subject: Subject) -> dict[str, Any]:
    """The same by a process that was spawned for it.

    Raises
    ------
    Failed
        The process ends without an answer.
    """
    with Scratch() as scratch:
        answered = scratch.path / "answers.json"
        asked = {
            "path": sys.path,
            "kind": subject.kind,
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
                "Import what it needs where it needs it, and need no GPU.",
            )
        return dict(json.loads(answered.read_text()))


def answer(asked: dict[str, Any]) -> None:
    """In the fresh process: ask, and write down what is said."""
    from gxarena.registry import Registry

    registry = Registry.load()
    found = registry.registered(asked["kind"], asked["name"])
    subject = Subject(registry, found, asked["parameters"], asked["models"])
    Path(asked["answer"]).write_text(json.dumps(answers_of(subject)), encoding="utf-8")
