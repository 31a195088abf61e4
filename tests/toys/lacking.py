"""Components that lack what their kind must have, or answer with something else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gxarena import Attribution, Batch, Component, Quantity, Scored, Spans, hookimpl


class TooShort:
    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        return [Attribution(np.ones(len(s) - 1), s) for s in model.spans(batch.sequences)]


class Gaps:
    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        return [Attribution(np.ones(1), Spans(np.array([3, 9]))) for _ in batch.sequences]


class Empty:
    quantities = {"": Quantity("higher")}  # noqa: RUF012


class Leaves:
    def explain(self, model: Any, batch: Batch) -> list[Attribution]:
        sys.exit(1)


class LeavesWhenMade:
    def __init__(self) -> None:
        sys.exit("no licence")


class Number(Empty):
    def score(self, explained: Any, probe: Any) -> Any:
        return 0.5


class Bare(Empty):
    def score(self, explained: Any, probe: Any) -> Scored:
        return Scored(0.5)  # type: ignore[arg-type]


class One(Empty):
    def score(self, explained: Any, probe: Any) -> Scored:
        return Scored({"": 0.5})  # type: ignore[dict-item]


class Pair(Empty):
    def compare(self, left: Any, right: Any) -> Scored:
        return Scored({"": np.zeros(len(left))})


class PairOfNumbers(Empty):
    renormalise = False

    def compare(self, left: Any, right: Any) -> Any:
        return 1.0


class Whole(Empty):
    def score_set(self, explained: Any) -> Any:
        return 1.0


class Asks(Empty):
    def score(self, explained: Any, probe: Any) -> Scored:
        return Scored({"": probe.predict(explained.sequences)[:, 0]})


class Stubborn:
    """Leaves scores where they are."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        return attribution


class Scoring:
    def score(self, explained: Any, probe: Any) -> Scored:
        return Scored({"": np.zeros(len(explained))})


class Outputs:
    n_outputs, max_length = 2, None

    def predict(self, sequences: Sequence[str]) -> Any:
        sys.exit(1)


class LeavingModel(Outputs):
    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        return [Spans.nucleotides(len(one)) for one in sequences]


def listed() -> list[str]:
    return ["ACGT"]


def leaving() -> None:
    sys.exit(1)


def _components(names: dict[str, str], *provides: str) -> list[Component]:
    return [
        Component(name, f"lacking:{target}", "", provides=frozenset(provides))
        for name, target in names.items()
    ]


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    return _components(
        {
            "too-short": "TooShort",
            "gaps": "Gaps",
            "empty": "Empty",
            "leaves": "Leaves",
            "leaves-when-made": "LeavesWhenMade",
        }
    )


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    of_samples = {
        "number": "Number", "bare": "Bare", "one": "One", "no-score": "Empty",
        "no-quantities": "Scoring", "asks": "Asks",
    }  # fmt: skip
    pairs = {"no-renormalise": "Pair", "pair-of-numbers": "PairOfNumbers"}
    return [
        *_components(of_samples, "sample"),
        *_components(pairs, "pair"),
        *_components({"whole": "Whole"}, "set"),
    ]


@hookimpl
def gxarena_aggregators() -> Iterable[Component]:
    return _components({"no-project": "Empty", "stubborn": "Stubborn"}, "refine")


@hookimpl
def gxarena_models() -> Iterable[Component]:
    return _components({"no-spans": "Outputs", "nothing": "Empty", "leaving-model": "LeavingModel"})


@hookimpl
def gxarena_datasets() -> Iterable[Component]:
    return _components({"listed": "listed", "leaving": "leaving"})
