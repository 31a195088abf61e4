"""`gxarena train`: a recipe, a trainable model, data; out comes a checkpoint with its model card.

A recipe:

    model = "cnn"
    seed = 0

    [data]                          # name:split of a dataset, or a path
    train = "fly-promoters:train"
    valid = "fly-promoters:valid"
    test = "fly-promoters:test"

    [settings]                      # the model's own
    epochs = 20
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gxarena.api import Model
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.opening import opened
from gxarena.errors import InputError, named, suggest
from gxarena.files import beside, exists, write_text
from gxarena.registry import Registry
from gxarena.results.lock import LOCK_FILE, locked
from gxarena.results.provenance import package_versions
from gxarena.training.baselines import (
    check_reference_classifiers,
    classification_scores,
    reference_scores,
)
from gxarena.training.card import CARD_FILE, README_FILE, read_card, readme
from gxarena.training.recipe import SPLITS, Recipe, read_recipe
from gxarena.validation import read_json

RECIPE_FILE = "recipe.json"


@dataclass(frozen=True)
class TrainingJob:
    """What a trainable model is given.

    Parameters
    ----------
    train, valid : Dataset
        The model is fitted on `train` and chosen on `valid`; it never sees the test split.
    settings : mapping
        The recipe's ``[settings]``, passed on as they are.
    seed : int
    out : Path
        Existing folder the checkpoint goes to, and intermediate state for resuming.
    registry : Registry
        Where other components are looked up, e.g. data to pre-train on; empty by default.
    """

    train: Dataset
    valid: Dataset
    settings: Mapping[str, object]
    seed: int
    out: Path
    registry: Registry = field(default_factory=Registry)


class Trainable(Protocol):
    """A model factory with the capability ``trainable``.

    It may also have ``replicate_settings(settings, first)``: the recipe's settings of a further
    replicate, given the folder of the first one, where replicates share a stage of their training.
    """

    @staticmethod
    def train(job: TrainingJob) -> Mapping[str, object]:
        """Write a checkpoint to ``job.out`` that ``factory(checkpoint=job.out)`` loads.

        Returns facts for the model card (parameters, epochs, ...).
        """
        ...


def train(recipe_path: Path, out: Path, changes: Iterable[str] = ()) -> dict[str, Any]:
    """Train the recipe's model into the folder `out`; the same call again resumes, or is done.

    Parameters
    ----------
    recipe_path : Path
    out : Path
        A new or empty folder, or one that holds this very training, finished or not.
    changes : iterable of str
        Each ``key=value`` with a dotted key, e.g. ``settings.epochs=3``.

    Returns
    -------
    The model card, as written to ``card.json``.

    Raises
    ------
    InputError
        An invalid recipe, unknown data, a model that cannot be trained, or an `out` that holds
        something else, or that another training is at work in.
    MissingExtra
        What training, or what follows it, needs is not installed; said before it begins.
    """
    changes = tuple(changes)
    recipe = read_recipe(recipe_path, changes)
    command = command_line(recipe_path, out, changes)
    return train_recipe(recipe, recipe_path, out, command, Registry.load())


def train_recipe(
    recipe: Recipe, recipe_path: Path, out: Path, command: str, registry: Registry
) -> dict[str, Any]:
    """Train a recipe that was read before (see `train`).

    Parameters
    ----------
    recipe : Recipe
    recipe_path : Path
        Where it was read from: data is looked up beside it.
    out : Path
    command : str
        What the model card says was called.
    registry : Registry
    """
    factory = trainable(recipe, recipe_path, registry)
    check_reference_classifiers()
    datasets = _open_datasets(recipe, recipe_path, registry)
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: expected a folder, got a file.")
    with locked(out):
        if _claim(out, {**recipe.model_dump(mode="json"), "data_digests": _digests(datasets)}):
            return read_card(out)
        started = time.monotonic()
        job = TrainingJob(
            datasets["train"], datasets["valid"], recipe.settings, recipe.seed, out, registry
        )
        facts = dict(factory.train(job))
        seconds = time.monotonic() - started
        card = {
            "model": recipe.model,
            "summary": recipe.summary,
            "command": command,
            "recipe": recipe.model_dump(mode="json"),
            "data": _data_facts(recipe, datasets),
            "training": facts,
            "seconds": round(seconds, 1),
            "scores": _all_scores(factory(checkpoint=str(out)), datasets),
            "versions": _versions(),
        }
        write_text(out / README_FILE, readme(card))
        # Last: its presence says that the training is finished.
        write_text(out / CARD_FILE, json.dumps(card, indent=2) + "\n")
        return card


def trainable(recipe: Recipe, path: Path, registry: Registry) -> Any:
    """The factory of the recipe's model; InputError where it is none that can be trained."""
    component = registry.registered("models", recipe.model, f"{path.name}, model").component
    if "trainable" not in component.provides:
        known = [
            one.component.name
            for one in registry.of_kind("models")
            if "trainable" in one.component.provides
        ]
        raise InputError(
            f"{path.name}, model: expected a model that can be trained, got '{recipe.model}'. "
            f"{suggest(recipe.model, known)}"
        )
    return registry.factory("models", recipe.model)


def _open_datasets(recipe: Recipe, path: Path, registry: Registry) -> dict[str, Dataset]:
    _check_files(recipe, path, registry)
    datasets = {}
    for split in SPLITS:
        reference = getattr(recipe.data, split)
        dataset = opened(reference, registry, path.parent, recipe.data.parameters)
        datasets[split] = dataset.whole  # a region is what is explained: what is learned is all
        samples = datasets[split].samples
        where = f"{path.name}, data.{split}"
        unlabelled = next((sample.id for sample in samples if sample.label is None), None)
        if unlabelled is not None:
            raise InputError(
                f"{where}: expected a label for every sample, got none for '{unlabelled}'."
            )
    return datasets


def _check_files(recipe: Recipe, path: Path, registry: Registry) -> None:
    """Name all files that are not there; one alone is left to its reader, who says more."""
    asked = {f"data.{split}": getattr(recipe.data, split) for split in SPLITS}
    lost = [
        f"{key} '{reference}'"
        for key, reference in asked.items()
        if ("datasets", reference.partition(":")[0]) not in registry.components
        and not exists(beside(path.parent, reference))
    ]
    if len(lost) > 1:
        raise InputError(
            f"{path.name}: expected data sets or files that are there, got {named(lost)}."
        )


def _digests(datasets: Mapping[str, Dataset]) -> dict[str, str]:
    return {split: dataset.digest for split, dataset in datasets.items()}


def _claim(out: Path, identity: Mapping[str, object]) -> bool:
    """Take `out` for this training; whether it is finished already."""
    recorded = out / RECIPE_FILE
    held = _held(recorded)
    # A recipe alone is a training that failed before it began: nothing is lost.
    if any(path.name not in (RECIPE_FILE, LOCK_FILE) for path in out.iterdir()):
        if held is None:
            raise InputError(
                f"--out {out}: expected a new or empty folder, got one that holds other files. "
                "Choose another folder."
            )
        if held != identity:
            raise InputError(
                f"--out {out}: expected a folder of this training, got one of another "
                f"({_difference(held, identity)}). Choose another folder."
            )
    write_text(recorded, json.dumps(identity, indent=2) + "\n")
    return (out / CARD_FILE).is_file()


def _held(recorded: Path) -> dict[str, Any] | None:
    """The training a folder says it holds."""
    if not recorded.is_file():
        return None
    held = read_json(recorded, "Choose another folder.")
    if not isinstance(held, dict):
        raise InputError(f"{recorded}: expected a recipe, got another text. Choose another folder.")
    return held


def _difference(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The first key whose value differs, in words."""
    for key in sorted(held.keys() | wanted.keys()):
        if held.get(key) != wanted.get(key):
            return f"'{key}' was {held.get(key)!r}"
    return "no difference"


def _all_scores(model: Model, datasets: Mapping[str, Dataset]) -> dict[str, Any]:
    """Accuracy and AUC on valid and test: of the reloaded model, and of simple classifiers."""
    scores: dict[str, Any] = {"model": {}}
    for split in ("valid", "test"):
        samples = datasets[split].samples
        labels = np.array([sample.label for sample in samples], dtype=np.int64)
        outputs = model.predict([sample.sequence for sample in samples])
        scores["model"][split] = classification_scores(outputs, labels)
    return scores | reference_scores(*(datasets[split].samples for split in SPLITS))


def _data_facts(recipe: Recipe, datasets: Mapping[str, Dataset]) -> dict[str, Any]:
    return {
        split: {
            "reference": getattr(recipe.data, split),
            "samples": len(dataset.samples),
            "digest": dataset.digest,
        }
        for split, dataset in datasets.items()
    }


def _versions() -> dict[str, str]:
    return package_versions() | {"scikit-learn": metadata.version("scikit-learn")}


def command_line(recipe_path: Path, out: Path, changes: Iterable[str], replicates: int = 0) -> str:
    """The command that trains so."""
    extra = [word for change in changes for word in ("--set", change)]
    if replicates:
        extra = ["--replicates", str(replicates), *extra]
    return shlex.join(["gxarena", "train", str(recipe_path), "--out", str(out), *extra])
