"""What this installation has of what a bundle names: data sets that ship, the core's metrics.

Names and parameters come from anywhere. Metrics and aggregators are made of the core's alone, data
sets of those that ship, and none with a parameter that leads to a file.
"""

from __future__ import annotations

import json
from typing import Any

from gxarena.capabilities import MADE
from gxarena.datasets.dataset import Dataset
from gxarena.errors import GxarenaError, MissingExtra, PluginError
from gxarena.registry import Registered, Registry
from gxarena.run.choices import under
from gxarena.run.data import chosen_dataset
from gxarena.run.suite import Suite
from gxarena.submissions.cells import Row
from gxarena.submissions.paths import paths_among

OWN = "gxarena"
"""The distribution whose data sets, models and metrics are the same for everybody."""
_BUNDLED = "gxarena.datasets.bundled:"
_CORE = ("gxarena.metrics.", "gxarena.aggregators.")


class Installed:
    """The components of this installation that cells may be held against."""

    def __init__(self, registry: Registry, suite: Suite) -> None:
        self.registry = registry
        self.suite = suite
        self._made: dict[tuple[str, str, str], Any] = {}
        self._datasets: dict[tuple[str, int], Dataset | None] = {}

    def dataset(self, label: str, n: int) -> Dataset | None:
        """The data set that the suite means by a label, where it ships with gxarena."""
        if (label, n) not in self._datasets:
            self._datasets[label, n] = self._dataset(label, n)
        return self._datasets[label, n]

    def _dataset(self, label: str, n: int) -> Dataset | None:
        alias = self.suite.aliases("datasets").get(label, {})
        name = str(alias.get("name", label)).partition(":")[0]
        found = self.registry.components.get(("datasets", name))
        if found is None or found.distribution != OWN or "path" in alias:
            return None
        component = found.component
        ships = MADE in component.provides or component.target.startswith(_BUNDLED)
        if not ships or next(paths_among(alias), None):
            return None
        try:
            return chosen_dataset(self.suite, self.registry, label, f"data set '{label}'", limit=n)
        except (MissingExtra, PluginError):
            return None  # it ships with a plugin whose extra is not installed here

    def found(self, kind: str, row: Row) -> Registered | None:
        """The core's component of that kind ("metric", "aggregator"); None if anybody else's."""
        found = self.registry.components.get((f"{kind}s", row[f"{kind}_component"]))
        return found if found and found.component.target.startswith(_CORE) else None

    def of_this_version(self, row: Row) -> bool:
        """Whether a cell's values were made with the version of its metric that is here."""
        found = self.found("metric", row)
        return found is not None and found.version == row["gxarena_version"]

    def made(self, kind: str, row: Row) -> Any | None:
        """It with the row's parameters; None where it is not the core's or does not take them."""
        found = self.found(kind, row)
        parameters = row[f"{kind}_parameters"] or "{}"
        if found is None or next(paths_among(json.loads(parameters)), None):
            return None
        key = (kind, found.component.name, parameters)
        if key not in self._made:
            try:
                made = self.registry.create(
                    f"{kind}s", found.component.name, json.loads(parameters)
                )
                made = under(made, self.suite.objective)
            except (GxarenaError, TypeError, ValueError):
                made = None
            self._made[key] = made
        return self._made[key]
