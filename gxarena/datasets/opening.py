"""Data sets by name, or by path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gxarena.capabilities import MADE
from gxarena.datasets.cache import kept
from gxarena.datasets.dataset import Dataset
from gxarena.datasets.reading import COLUMNS, read_dataset
from gxarena.errors import GxarenaError, InputError, PluginError, named, suggest
from gxarena.files import beside, exists
from gxarena.registry import Registry, signature


def open_dataset(
    reference: str, registry: Registry | None = None, base: Path | None = None, **parameters: Any
) -> Dataset:
    """A data set by name, ``name:split`` or ``name:task:split``, or by path.

    Parameters
    ----------
    reference : str
        The name of a component of kind "datasets", or a path. What follows the name stands for
        the component's parameters ``task``, where it has one, and ``split``.
    registry : Registry, optional
        Where names are looked up; every installed plugin by default.
    base : Path, optional
        Folder that relative paths are tried in before the working directory.
    **parameters
        Passed to the component, or to `read_dataset`.
    """
    return opened(reference, registry, base, parameters)


def opened(
    reference: str, registry: Registry | None, base: Path | None, parameters: Mapping[str, Any]
) -> Dataset:
    """The same for parameters that a document gives, which may be called anything."""
    name, _, rest = reference.partition(":")
    registry = registry or Registry.load()
    if ("datasets", name) in registry.components:
        return _made_by(registry, name, rest, parameters)
    path = beside(base, reference)
    if exists(path) or path.suffix or len(path.parts) > 1:
        if unknown := sorted(set(parameters) - set(COLUMNS)):
            raise InputError(
                f"{path}: expected no parameters but the columns' names, got "
                f"{named(map(repr, unknown))}. "
                f"{suggest(unknown[0], COLUMNS)}"
            )
        return read_dataset(path, **parameters)
    raise registry.unknown("datasets", name)


def _made_by(registry: Registry, name: str, rest: str, given: Mapping[str, Any]) -> Dataset:
    """What the component of that name makes, or has made before."""
    found = registry.registered("datasets", name)
    factory = registry.factory("datasets", name)
    parameters = _spelled_out(rest, factory) | dict(given)
    try:
        signature(factory).bind(**parameters)
    except TypeError as error:
        raise InputError(
            f"dataset '{name}': expected other parameters, got {parameters} ({error})."
        ) from error

    def make() -> Dataset:
        dataset = registry.create("datasets", name, parameters)
        if not isinstance(dataset, Dataset):
            raise PluginError(
                f"{found.distribution}: dataset '{name}': expected a Dataset, "
                f"got a {type(dataset).__name__}. Return gxarena.Dataset(name, samples)."
            )
        return dataset

    try:
        return kept(found, parameters, make) if MADE in found.component.provides else make()
    except GxarenaError:
        raise
    except SystemExit as error:
        raise PluginError(
            f"{found.distribution}: dataset '{name}': expected to be made with {parameters}, "
            f"got the end of the program ({error}). Raise an error instead of calling exit."
        ) from error
    except Exception as error:
        raise PluginError(
            f"{found.distribution}: dataset '{name}': expected to be made with {parameters}, "
            f"got {type(error).__name__}: {error}."
        ) from error


def _spelled_out(rest: str, factory: Callable[..., Any]) -> dict[str, str]:
    """What stands after a component's name, as its parameters."""
    if not rest:
        return {}
    if "task" not in inspect.signature(factory).parameters:
        return {"split": rest}
    task, _, split = rest.partition(":")
    return {"task": task, "split": split} if split else {"task": task}
