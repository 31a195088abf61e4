"""`gxarena train`: from a recipe to a checkpoint with its model card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gxarena.cli.running import Changes


def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe.", metavar="RECIPE.toml")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The checkpoint's folder.")],
    replicates: Annotated[
        int | None,
        typer.Option("--replicates", metavar="R", help="Train so many, into DIR/0, DIR/1, …"),
    ] = None,
    changes: Changes = [],  # noqa: B006 (typer reads the default, nobody edits it)
) -> None:
    """Train a model from a recipe; the same command again resumes.

    The folder then holds the weights (safetensors), the configuration and a model card with the
    accuracy measured on the test split; use it with `checkpoint=DIR`. Replicates are trained from
    the recipe's seed and those after it; a suite takes them with `checkpoint` and `replicates`.
    """
    from gxarena.training.job import train as run_recipe
    from gxarena.training.replicates import train_replicates

    if replicates is None:
        run_recipe(recipe, out, changes)
    else:
        train_replicates(recipe, out, replicates, changes)
