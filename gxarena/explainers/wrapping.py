"""Controls that wrap another explainer: how it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from gxarena.api import Explainer
from gxarena.data import Attribution, Batch
from gxarena.errors import InputError
from gxarena.registry import Registry, signature


@runtime_checkable
class Rearranging(Protocol):
    """A control that only changes what another explainer says, whatever of a sequence that is."""

    wrapped: Explainer

    def rearranged(self, found: Sequence[Attribution], batch: Batch) -> list[Attribution]:
        """What it makes of the other's explanations of a batch."""
        ...


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
