"""Recipes: what is trained on what, as TOML."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from gxarena.validation import apply_change, read_toml, validated

SPLITS = ("train", "valid", "test")


class Data(BaseModel):
    """A recipe's ``[data]``: each a dataset reference, ``name:split`` or a path.

    A path is relative to the recipe's folder or, failing that, to the working directory.
    `parameters` are those of the data sets' component, the same for all three.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    train: str
    valid: str
    test: str
    parameters: dict[str, Any] = {}

    @model_serializer(mode="wrap")
    def _as_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without parameters that there are none of: a recipe is what it was before there were."""
        document: dict[str, Any] = dump(self)
        return {key: value for key, value in document.items() if key in SPLITS or value}


class Recipe(BaseModel):
    """A recipe file, validated; unknown keys are errors, except in the model's own settings.

    Parameters
    ----------
    model : str
        Name of a model that provides ``trainable``.
    data : Data
    seed : int
    settings : table
        Passed on to the model.
    summary, licence, intended_use, limits : str
        Texts for the model card.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    data: Data
    # Replicates count on from it, and numpy's generator takes 32 bits.
    seed: int = Field(default=0, ge=0, lt=2**31)
    settings: dict[str, Any] = {}
    summary: str = ""
    licence: str = "MIT"
    intended_use: str = (
        "Benchmarking explanations of genome models. Not for clinical or diagnostic use."
    )
    limits: str = (
        "Trained on the data named here only; nothing is known of its accuracy on other species, "
        "assays or sequence lengths."
    )


def read_recipe(path: Path, changes: Iterable[str] = ()) -> Recipe:
    """Read a recipe and apply ``key=value`` changes; InputError where it is not a valid one."""
    document = read_toml(path)
    for change in changes:
        apply_change(document, change)
    return validated(Recipe, document, path.name)
