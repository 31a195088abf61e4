"""Controls that wrap another explainer: how it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gxarena.api import Explainer
from gxarena.errors import InputError
from gxarena.registry import Registry, signature


def wrapped(
    registry: Registry, control: str, explainer: str, parameters: Mapping[str, Any]
) -> Explainer:
    """The explainer that a control wraps, with its presets where nothing else is given.

    Raises
    ------
    InputError
        There is none of that name, or it does not take these parameters.
    """
    takes = signature(registry.factory("explainers", explainer))
    presets = registry.components["explainers", explainer].component.defaults
    given = {**presets, **parameters}
    try:
        takes.bind(**given)
    except TypeError as error:
        raise InputError(
            f"{control}: expected parameters of {explainer}{takes}, got {given} ({error})."
        ) from error
    found: Explainer = registry.create("explainers", explainer, given)
    return found
