"""Data sets as a suite chose them: a component or a file, of some classes, at most so many."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field

from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.opening import opened
from gxarena.datasets.reading import COLUMNS, read_dataset
from gxarena.errors import InputError, named
from gxarena.files import beside
from gxarena.registry import Registry
from gxarena.results.sample_groups import groups_of
from gxarena.run.choices import in_this_process, located
from gxarena.run.suite import Parameters, Suite
from gxarena.validation import validated


class Asked(BaseModel):
    """What a data set's alias may say that is no parameter of its component or file."""

    model_config = ConfigDict(strict=True)

    name: str | None = None
    path: Annotated[str, Field(min_length=1)] | None = None
    n: int | None = None
    labels: list[int] | None = None
    kind: str | None = None
    groups: str | None = None


def chosen_dataset(
    suite: Suite,
    registry: Registry,
    label: str,
    where: str,
    folder: Path | None = None,
    limit: int | None = None,
) -> Dataset:
    """The data set that a suite means by a label, with as many samples as it asks for.

    Parameters
    ----------
    suite : Suite
    registry : Registry
    label : str
    where : str
        How an error begins.
    folder : Path, optional
        Where relative paths are looked up first.
    limit : int, optional
        At most so many samples.
    """
    alias = suite.aliases("datasets").get(label, {})
    asked = validated(Asked, alias, f"{suite.name}, datasets.{label}")
    parameters = {key: value for key, value in alias.items() if key not in Asked.model_fields}
    region = parameters.pop("region") if isinstance(parameters.get("region"), list) else None
    name = label if asked.name is None else asked.name
    if asked.path is not None:
        dataset = _read(asked, folder, parameters, where)
    else:
        parameters = located(registry, "datasets", name, parameters, folder)
        made_by = registry.components.get(("datasets", name.partition(":")[0]))
        with in_this_process(made_by) if made_by else nullcontext():
            dataset = opened(name, registry, None, parameters)
    if asked.kind is not None:
        dataset = replace(dataset, kind=asked.kind)
    if region is not None:
        dataset = _within(dataset, region, where)
    if asked.labels is not None:
        dataset = dataset.with_labels(asked.labels)
    for size in (asked.n, limit):
        if size is not None:
            dataset = dataset.subset(size, suite.seed)
    if asked.groups is not None:
        groups_of([sample.id for sample in dataset.samples], asked.groups, f"datasets.{label}")
    if suite.target == "label":
        _check_labels(dataset.samples, label)
    return dataset


def _within(dataset: Dataset, region: Sequence[object], where: str) -> Dataset:
    """The data set with one region for all of its samples; text names a file's column instead."""
    if len(region) != 2 or not all(type(place) is int for place in region):
        raise InputError(
            f"{where}, region: expected a start and an end, as [100, 300], got {list(region)}."
        )
    return dataset.within(*cast(tuple[int, int], region))


def _read(asked: Asked, folder: Path | None, parameters: Parameters, where: str) -> Dataset:
    if asked.name is not None:
        raise InputError(
            f"{where}: expected the name of a data set or the path of a file, got both, "
            f"'{asked.name}' and '{asked.path}'. Leave one out."
        )
    if unknown := sorted(set(parameters) - set(COLUMNS)):
        raise InputError(
            f"{where}: expected only path, kind, n, labels, groups, {', '.join(COLUMNS)} for a "
            f"dataset given by path, got {named(map(repr, unknown))}."
        )
    return read_dataset(beside(folder, asked.path or ""), **parameters)


def _check_labels(samples: tuple[Sample, ...], dataset: str) -> None:
    unlabelled = [sample.id for sample in samples if sample.label is None]
    if unlabelled:
        raise InputError(
            f"dataset '{dataset}': expected a label for every sample because target = \"label\", "
            f'got none for {named(unlabelled)}. Set target = "predicted".'
        )
