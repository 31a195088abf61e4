"""The scales on which a drop of the target's score is measured."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Self

from gxarena.api import Quantity
from gxarena.objective import Objective, checked

UNITS: dict[str, Objective] = {"logit": "logit", "probability": "probability"}
"""Always measured: logits, and probabilities, which saturate."""


def bounds_of(unit: str, times: float = 1.0) -> tuple[float | None, float | None]:
    """Bounds of so many drops: none but for probabilities."""
    return (-times, times) if unit == "probability" else (None, None)


class Scaled:
    """A metric that measures drops on what is explained too (see `gxarena.api.ObjectiveMetric`)."""

    quantities: Mapping[str, Quantity]
    _scales: Mapping[str, Objective] = UNITS

    def under(self, objective: str) -> Self:
        """This metric where `objective` is explained: drops of that stand beside the others."""
        made = copy.copy(self)
        made._scales = UNITS | {objective: checked(objective)}
        made.quantities = made._named()
        return made

    def _named(self) -> Mapping[str, Quantity]:
        """The quantities on its scales."""
        raise NotImplementedError
