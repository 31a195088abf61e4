"""The one quantity whose estimates stand beside mean ranks, and how it is chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gxarena.results.patterns import matches
from gxarena.site import notes

Row = Mapping[str, Any]


class Shown(NamedTuple):
    """The one quantity whose estimates stand beside the ranks, with where it was measured."""

    metric: str
    aggregator: str
    datasets: tuple[str, ...]

    @property
    def what(self) -> str:
        """The number shown, in words."""
        strategy = "" if self.aggregator == "native" else f", {self.aggregator}"
        return f"{self.metric}{strategy} {self.where}"

    @property
    def where(self) -> str:
        """On the one data set, or over how many."""
        many = len(self.datasets)
        return f"on “{self.datasets[0]}”" if many == 1 else f"over {many} data sets"


def shown_quantity(rows: Sequence[Row], headline: Sequence[str]) -> Shown:
    """The quantity, aggregator and data sets whose estimates are shown.

    One that ranks; of these one that the suite shows first, that most methods and data sets have,
    of which more is better, that tells known damage best (`gxarena.site.notes.told`); and all data
    sets on which as many explainers have it as on any.
    """
    methods: dict[tuple[str, str], set[str]] = defaultdict(set)
    datasets: dict[tuple[str, str], set[str]] = defaultdict(set)
    directions: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row["estimate"] is None:
            continue
        quantity = row["metric"], row["aggregator"]
        if row["direction"] != "none" and not row["not_ranked"]:
            directions[quantity] = row["direction"]
        datasets[quantity].add(row["dataset"])
        found[*quantity, row["dataset"]].add(row["explainer"])
        if row["role"] == "method":
            methods[quantity].add(row["explainer"])

    def worth(quantity: tuple[str, str]) -> tuple[Any, ...]:
        metric, aggregator = quantity
        return (
            quantity not in directions,
            not (headline and matches(metric, headline)),
            -len(methods[quantity]),
            -len(datasets[quantity]),
            aggregator != "native",
            directions.get(quantity) != "higher",
            -notes.told(metric),
            metric,
        )

    best = min(methods, key=worth)
    most = max(len(found[*best, name]) for name in datasets[best])
    return Shown(*best, tuple(sorted(d for d in datasets[best] if len(found[*best, d]) == most)))
