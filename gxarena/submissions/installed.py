"""The core's own metrics and aggregators as a bundle's cells name them, made with their parameters.

Parameters come from anywhere. The core's metrics and aggregators take numbers and words and read
no file, so that these are made, and no others.
"""

from __future__ import annotations

import json
from typing import Any

from gxarena.errors import GxarenaError
from gxarena.registry import Registered, Registry
from gxarena.submissions.cells import Row

_CORE = ("gxarena.metrics.", "gxarena.aggregators.")


class Installed:
    """The components of this installation that cells may be held against."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._made: dict[tuple[str, str, str], Any] = {}

    def found(self, kind: str, row: Row) -> Registered | None:
        """The core's component of that kind ("metric", "aggregator"); None if anybody else's."""
        found = self.registry.components.get((f"{kind}s", row[f"{kind}_component"]))
        return found if found and found.component.target.startswith(_CORE) else None

    def made(self, kind: str, row: Row) -> Any | None:
        """It with the row's parameters; None where it is not the core's or does not take them."""
        found = self.found(kind, row)
        if found is None:
            return None
        parameters = row[f"{kind}_parameters"] or "{}"
        key = (kind, found.component.name, parameters)
        if key not in self._made:
            try:
                made = self.registry.create(
                    f"{kind}s", found.component.name, json.loads(parameters)
                )
            except (GxarenaError, TypeError, ValueError):
                made = None
            self._made[key] = made
        return self._made[key]
