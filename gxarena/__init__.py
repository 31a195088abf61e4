"""gxarena: the arena in which explainers of genome models compete.

What authors of plugins and notebooks need; each name is imported when it is first asked for, so
that ``import gxarena`` takes no time and never needs torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "Attribution": "gxarena.data",
    "Batch": "gxarena.data",
    "Component": "gxarena.hookspecs",
    "Dataset": "gxarena.datasets.dataset",
    "Explained": "gxarena.data",
    "Facts": "gxarena.hookspecs",
    "Interval": "gxarena.data",
    "Plan": "gxarena.run.plan",
    "Quantity": "gxarena.api",
    "Registry": "gxarena.registry",
    "Sample": "gxarena.data",
    "Scored": "gxarena.api",
    "Spans": "gxarena.data",
    "Suite": "gxarena.run.suite",
    "declares": "gxarena.declared",
    "explain_samples": "gxarena.run.single",
    "hookimpl": "gxarena.hookspecs",
    "make_plan": "gxarena.run.plan",
    "open_dataset": "gxarena.datasets.opening",
    "read_dataset": "gxarena.datasets.reading",
    "read_leaderboard": "gxarena.report.boards.notebook",
    "read_suite": "gxarena.run.suite",
}
"""The module that each public name comes from."""

if TYPE_CHECKING:
    from gxarena.api import Quantity, Scored
    from gxarena.data import Attribution, Batch, Explained, Interval, Sample, Spans
    from gxarena.datasets.dataset import Dataset
    from gxarena.datasets.opening import open_dataset
    from gxarena.datasets.reading import read_dataset
    from gxarena.declared import declares
    from gxarena.hookspecs import Component, Facts, hookimpl
    from gxarena.notebook import run
    from gxarena.registry import Registry
    from gxarena.report.boards.notebook import read_leaderboard
    from gxarena.run.plan import Plan, make_plan
    from gxarena.run.single import explain_samples
    from gxarena.run.suite import Suite, read_suite

__all__ = [
    "Attribution",
    "Batch",
    "Component",
    "Dataset",
    "Explained",
    "Facts",
    "Interval",
    "Plan",
    "Quantity",
    "Registry",
    "Sample",
    "Scored",
    "Spans",
    "Suite",
    "__version__",
    "declares",
    "explain_samples",
    "hookimpl",
    "make_plan",
    "open_dataset",
    "read_dataset",
    "read_leaderboard",
    "read_suite",
    "run",
]


def __getattr__(name: str) -> Any:
    if name == "run":  # a package that can be called: see there
        return importlib.import_module("gxarena.run")
    if name not in _WHERE:
        raise AttributeError(f"module 'gxarena' has no attribute '{name}'")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
