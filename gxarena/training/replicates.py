"""`gxarena train --replicates R`: a recipe trained R times, alike but for the seed.

    <out>/0 … <out>/R-1     each a checkpoint with its own model card

A suite names them by ``checkpoint = OUT`` and ``replicates = R``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gxarena.errors import InputError, check_at_least
from gxarena.registry import Registry
from gxarena.training.job import command_line, train_recipe, trainable
from gxarena.training.recipe import Recipe, read_recipe


def train_replicates(
    recipe_path: Path, out: Path, replicates: int, changes: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Train the recipe's model from seed, seed + 1, …; the same call again resumes, or is done.

    Parameters
    ----------
    recipe_path : Path
    out : Path
        A folder for the folders of the replicates. With a higher number the ones that are there
        stay.
    replicates : int
    changes : iterable of str
        Each ``key=value`` with a dotted key.

    Returns
    -------
    The R model cards; each names its own seed.

    Raises
    ------
    InputError
        As `gxarena.training.job.train`, and where `out` holds anything but replicates.
    """
    check_at_least("--replicates", replicates)
    changes = tuple(changes)
    recipe = read_recipe(recipe_path, changes)
    registry = Registry.load()
    _check_folder(out)
    command = command_line(recipe_path, out, changes, replicates)
    return [
        train_recipe(
            _further(recipe, position, recipe_path, out, registry),
            recipe_path,
            out / str(position),
            command,
            registry,
        )
        for position in range(replicates)
    ]


def _further(recipe: Recipe, position: int, path: Path, out: Path, registry: Registry) -> Recipe:
    """The recipe of the replicate at a position."""
    if not position:
        return recipe
    share = getattr(trainable(recipe, path, registry), "replicate_settings", None)
    settings = dict(share(recipe.settings, out / "0")) if share else recipe.settings
    return recipe.model_copy(update={"seed": recipe.seed + position, "settings": settings})


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: expected a folder, got a file.")
    others = [path.name for path in out.glob("*") if not path.name.isdigit()]
    if others:
        raise InputError(
            f"--out {out}: expected a new or empty folder, or one of replicates (0, 1, …), got one "
            f"that holds {min(others)}. Choose another folder."
        )
