"""One plugin with something of each kind, by all the hooks there are."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from gxarena.data import Attribution, Sample, Spans
from gxarena.datasets.dataset import Dataset
from gxarena.engine import Engine
from gxarena.hookspecs import Component, hookimpl

ASKED: list[tuple[str, int | None]] = []
"""What the engine was opened with, each time."""


@hookimpl
def gxarena_models() -> Iterable[Component]:
    pairs = {"width": 2}
    yield Component("whole-model", "toys:Linear", "additive, units of two", defaults=pairs)


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield Component("whole-explainer", "toys:Exact", "the model's own weights")


@hookimpl
def gxarena_aggregators() -> Iterable[Component]:
    refine = frozenset({"refine"})
    yield Component(
        "whole-aggregator", "whole_plugin:Repeated", "a unit's for each", provides=refine
    )


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    scope = frozenset({"sample"})
    yield Component("whole-metric", "toys:Total", "sum of scores", provides=scope)


@hookimpl
def gxarena_datasets() -> Iterable[Component]:
    made = frozenset({"made"})
    yield Component("whole-data", "whole_plugin:letters", "a letter four times", provides=made)


@hookimpl
def gxarena_engines() -> Iterable[Component]:
    yield Component("whole-engine", "whole_plugin:threads", "threads, as many as asked for")


class Repeated:
    """Each nucleotide has the score of its unit."""

    conservative = False

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        return attribution.with_scores(attribution.scores[attribution.spans.owner], onto)


def letters() -> Dataset:
    """A sequence of each letter."""
    return Dataset("whole-data", tuple(Sample(letter, 4 * letter, 1) for letter in "ACGT"))


def threads(argument: str, workers: int | None) -> Engine:
    """An engine of this process's threads."""
    ASKED.append((argument, workers))
    return Engine(ThreadPoolExecutor(workers), workers or 1)
