"""Replicates: several trained checkpoints of one recipe, which a suite names as one model.

    [models.cnn]
    checkpoint = "fly"
    replicates = 5                        # the first five that ship, or that were trained together

    [models.mine]
    name = "cnn"
    checkpoint = "runs/cnn"               # made by gxarena train RECIPE --replicates 3
    replicates = 3                        # runs/cnn/0, runs/cnn/1, runs/cnn/2

    [models.other]
    name = "cnn"
    replicates = ["runs/a", "runs/b"]     # each in place of the parameter checkpoint

    [models.foreign]
    replicates = [{weights = "a.pt"}, {weights = "b.pt"}]    # or of other parameters

Each is predicted and explained on its own. The first is what the model is without `replicates`,
number for number.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gxarena.errors import InputError
from gxarena.registry import Registered
from gxarena.run.choices import facts
from gxarena.run.suite import Parameters

REPLICATES = "replicates"
"""The key of a model's alias."""
CHECKPOINT = "checkpoint"
"""The parameter that a replicate gives by its name alone."""


@dataclass(frozen=True)
class Replicate:
    """One set of a model's weights.

    Attributes
    ----------
    checkpoint : str
        What a reader calls it.
    parameters : mapping
        The model's, with this checkpoint.
    """

    checkpoint: str
    parameters: Parameters


def replicates_of(
    found: Registered, parameters: Parameters, asked: object, where: str
) -> list[Replicate]:
    """The replicates that a suite's alias of a model asks for.

    Parameters
    ----------
    found : Registered
        The model.
    parameters : mapping
        The alias', without ``replicates``.
    asked : list of str or tables, or int
        Checkpoints (a table replaces several parameters), or how many of those that ship or that
        were trained together.
    where : str
        How an error begins.

    Raises
    ------
    InputError
        `asked` is neither, or more than there are.
    """
    if isinstance(asked, list) and asked and all(isinstance(one, str | dict) for one in asked):
        return [_replaced(parameters, one) for one in asked]
    if not isinstance(asked, int) or isinstance(asked, bool) or asked < 1:
        raise InputError(
            f"{where}: expected a list of checkpoints, or how many of those that are there, "
            f"got {asked!r}."
        )
    known = _trained(parameters) or _bundled(found, parameters)
    if asked > len(known):
        listed = ", ".join(one.checkpoint for one in known)
        raise InputError(
            f"{where}: expected at most {len(known)}, because so many are there ({listed}), got "
            f"{asked}. Train others with `gxarena train RECIPE.toml --replicates {asked} --out "
            'DIR` and say checkpoint = "DIR".'
        )
    return known[:asked]


def _replaced(parameters: Parameters, one: str | dict[str, Any]) -> Replicate:
    if isinstance(one, str):
        return Replicate(one, parameters | {CHECKPOINT: one})
    return Replicate(", ".join(map(str, one.values())), parameters | one)


def _trained(parameters: Parameters) -> list[Replicate]:
    """The checkpoints in the folder of a training with ``--replicates``; empty where it is none."""
    given = str(parameters.get(CHECKPOINT, ""))
    folders = (Path(given) / str(position) for position in itertools.count())
    found = itertools.takewhile(Path.is_dir, folders if given else ())
    return [_replaced(parameters, str(folder)) for folder in found]


def _bundled(found: Registered, parameters: Parameters) -> list[Replicate]:
    """What the model says of itself; the first is the model as it is."""
    named = facts(found, parameters).replicates
    first = named[0] if named else str(parameters.get(CHECKPOINT, "the model as it is"))
    return [
        Replicate(first, parameters),
        *(_replaced(parameters, name) for name in named[1:]),
    ]
