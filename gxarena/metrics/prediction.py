"""Is the model right? What an explanation explains is worth reading beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gxarena.api import Probe, Quantity, Scored
from gxarena.data import Explained


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
        return Scored({"": np.where(unknown, np.nan, right)}, {"": reasons})
