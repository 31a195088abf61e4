"""Is the model right? What an explanation explains is worth reading beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gxarena import objective
from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained
from gxarena.metrics.scales import ONE_OUTPUT, UNITS
from gxarena.metrics.similarity import DIFFERENT_TARGETS

NO_CLASSES = "one output: no classes; hand out [0, x]"


class Accuracy:
    """Whether the highest output is the sample's label, 1 or 0; the mean is the accuracy.

    A property of model and data set: no explainer changes it. On samples of one label it is that
    class's recall. A tie goes to the lowest class.
    """

    quantities: Mapping[str, Quantity] = {
        "": Quantity("none", (0.0, 1.0), "", "1 where the model is right")
    }

    def score(self, explained: Explained, probe: Probe) -> Scored:
        """Zeros and ones, NaN where a sample has no label."""
        del probe
        labels = np.array(
            [np.nan if sample.label is None else sample.label for sample in explained.samples]
        )
        unknown = np.isnan(labels)
        right = (explained.outputs.argmax(axis=1) == labels).astype(np.float64)
        reasons = {int(i): "no label" for i in np.flatnonzero(unknown)}
        if explained.outputs.shape[1] < 2:
            unknown[:], reasons = True, dict.fromkeys(range(len(labels)), NO_CLASSES)
        return Scored({"": np.where(unknown, np.nan, right)}, {"": reasons})


class OutputDifference:
    """How far the outputs of two models are apart, for the target that both explain.

    Of a model and the same one in bfloat16 it is what the lower precision costs: an alias of each,
    and this metric beside those of their explanations' similarity. A property of two models and the
    data set: no explainer changes it.
    """

    renormalise = False
    quantities: Mapping[str, Quantity] = {
        "logit": Quantity("none", (0.0, None), "logit", "size of the difference"),
        "probability": Quantity("none", (0.0, 1.0), "probability", "size of the difference"),
        "flipped": Quantity("none", (0.0, 1.0), "", "1 where the highest output is another"),
    }

    def compare(self, left: Explained, right: Explained) -> Scored:
        """Differences; NaN where the two explain different targets."""
        apart = left.targets != right.targets
        classes = min(left.outputs.shape[1], right.outputs.shape[1]) > 1
        values, reasons = {}, {}
        for unit, what in UNITS.items():
            if classes or what == "logit":
                of_left = objective.value(what, left.outputs, left.targets)
                of_right = objective.value(what, right.outputs, left.targets)
                values[unit] = np.where(apart, np.nan, np.abs(of_left - of_right))
                reasons[unit] = {int(i): DIFFERENT_TARGETS for i in np.flatnonzero(apart)}
        flipped = left.outputs.argmax(axis=1) != right.outputs.argmax(axis=1)
        values["flipped"] = flipped.astype(np.float64)
        if not classes:
            for key, reason in (("probability", ONE_OUTPUT), ("flipped", NO_CLASSES)):
                values[key] = np.full(len(left), np.nan)
                reasons[key] = dict.fromkeys(range(len(left)), reason)
        return Scored(values, reasons)
