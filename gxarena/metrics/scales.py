"""The scales on which a drop of the target's score is measured."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Self

from gxarena.api import Quantity
from gxarena.data import Floats
from gxarena.objective import Objective, checked

UNITS: dict[str, Objective] = {"logit": "logit", "probability": "probability"}
"""Always measured: logits, and probabilities, which saturate."""

ONE_OUTPUT = "one output: no probability; hand out [0, x]"
"""Why a model of one output x has no value: over one class every probability is 1."""


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

    def _told_by(self, outputs: Floats) -> dict[str, Objective]:
        """Those of its scales that outputs (B, C) have: of one output the logit alone."""
        several = outputs.shape[1] > 1
        return {unit: what for unit, what in self._scales.items() if several or what == "logit"}

    def _reasons(self, outputs: Floats, reasons: Mapping[int, str]) -> dict[str, Mapping[int, str]]:
        """Of each quantity why samples have no value: as given, or as their outputs (N, C) say."""
        silent = {unit.replace("_", "-") for unit in self._scales.keys() - self._told_by(outputs)}
        for_all = dict.fromkeys(range(len(outputs)), ONE_OUTPUT)
        return {
            key: for_all if one.unit in silent else reasons for key, one in self.quantities.items()
        }

    def _named(self) -> Mapping[str, Quantity]:
        """The quantities on its scales."""
        raise NotImplementedError
