"""The components of a plan: each made once, kept while it is used, and seen to be what was planned.

What keeps one from being made, or a stage from being computed, is remembered for the rest of the
run, so that the cells that depend on it fail at once instead of trying again.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Hashable, Iterable
from types import TracebackType
from typing import Any, TypeVar

from gxarena.api import Model
from gxarena.errors import InputError
from gxarena.identity import awaits_download
from gxarena.run.choices import check_unchanged, create, given_parameters, under
from gxarena.run.plan import Plan
from gxarena.run.recent import Recent
from gxarena.seeds import all_seeded, sample_seed

Result = TypeVar("Result")
Report = Callable[[str, int, int], None]
"""Told of progress: what is being done, how many samples are done, of how many."""

KEPT = {"models": 2, "explainers": 4, "aggregators": 16, "metrics": 64}
"""Components of each kind that stay in memory: those used last."""


class Components:
    """Makes what a plan names.

    Models are asked for by the name of their weights (`gxarena.run.cells.weights_name`).

    Parameters
    ----------
    plan : Plan
    report : callable, optional
        Called with (what, done, total) as something is begun or finished.
    """

    def __init__(self, plan: Plan, report: Report | None = None) -> None:
        self._plan = plan
        self.report: Report = report or (lambda _what, _done, _total: None)
        self._components: dict[str, Recent[Any]] = {k: Recent(n) for k, n in KEPT.items()}
        self._failures: dict[Hashable, tuple[Exception, TracebackType | None]] = {}

    def create(self, kind: str, label: str) -> Any:
        """A component, created once; the ones used last are kept."""
        return self._once((kind, label), self._components[kind], lambda: self._made(kind, label))

    def _made(self, kind: str, label: str) -> Any:
        choice = self._plan.choice(kind, label)
        awaited = awaits_download(given_parameters(choice))
        suite = self._plan.suite
        with all_seeded(sample_seed(suite.seed, f"make/{kind}", label)):
            made = under(create(self._plan.registry, choice), suite.objective)
        if not awaited:
            # What it read when it was made is what was planned: later the old file may be back.
            self.check_unchanged((kind, label))
        return made

    def model(self, label: str) -> Model:
        """A loaded model."""
        model: Model = self.create("models", label)
        return model

    def download(self, models: Iterable[str]) -> bool:
        """Load models that may have to be downloaded; whether one is now known by its commit.

        What keeps one from loading is kept for the cells that need it.
        """
        choices = {name: self._plan.choice("models", name) for name in models}
        awaiting = {n: c for n, c in choices.items() if awaits_download(given_parameters(c))}
        for name, choice in awaiting.items():
            self.report(f"download {choice.label}", 0, 1)
            with contextlib.suppress(Exception, SystemExit):
                self.model(name)
        return not all(awaits_download(given_parameters(one)) for one in awaiting.values())

    def loaded(self, label: str) -> Model | None:
        """The model where this run had to load it, else None."""
        return self._components["models"].peek(("models", label))

    def check_unchanged(self, *components: tuple[str, str]) -> None:
        """Raise InputError where a component, by kind and label, is not what was planned."""
        choices = [self._plan.choice(kind, label) for kind, label in components]
        try:
            check_unchanged(self._plan.registry, choices)
        except InputError:
            for kind, label in components:  # it holds what it has read meanwhile
                self._components[kind].forget((kind, label))
            raise

    def _once(self, key: Hashable, kept: Recent[Result], make: Callable[[], Result]) -> Result:
        """The remembered result, or failure; else make it."""
        if key in self._failures:
            error, trace = self._failures[key]
            # Raising adds to a traceback: without this it would grow with every cell.
            raise error.with_traceback(trace)
        try:
            return kept.get(key, make)
        except Exception as error:
            _forget_locals(error)
            self._failures[key] = error, error.__traceback__
            raise


def _forget_locals(error: BaseException | None) -> None:
    """Let go of what the failed frames worked on: it may be what filled the memory."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
