"""A board's rows by what they rank: one metric on one data set is a block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

Row = Mapping[str, Any]
Components = Mapping[str, str]
"""Of labels of metrics, as far as a board tells (`gxarena.results.boards.Board.metrics`)."""
NONE_KNOWN: Components = MappingProxyType({})
Block = tuple[str, str, str]
"""Suite, data set, component of the metric."""
Quantity = tuple[str, str]
"""Metric with its quantity, aggregator: what one board ranks."""
Ranked = Mapping[Block, Mapping[Quantity, Mapping[str, Row]]]
"""Rows by what they rank and by explainer."""


def component_of(metric: str, components: Components) -> str:
    """The component that a quantity is of, with what it compares with.

    Labels of one component with other parameters (``auprc`` and ``auprc-magnitude``) ask alike; a
    label that is not known is a component's own name.

    Parameters
    ----------
    metric : str
        As a board names it: ``label.quantity`` or ``label[vs model/explainer].quantity``.
    components : mapping of label to str
    """
    compared = metric[: metric.rfind("]") + 1]
    label = (compared or metric).partition("[")[0].partition(".")[0]
    return components.get(label, label) + compared[len(label) :]


def blocks_of(rows: Iterable[Row], components: Components) -> Ranked:
    """What ranks anybody."""
    found: dict[Block, dict[Quantity, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        block = row["suite"], row["dataset"], component_of(row["metric"], components)
        found[block][row["metric"], row["aggregator"]][row["explainer"]] = row
    return {
        block: kept
        for block, by_quantity in found.items()
        if (kept := dict(_that_rank(by_quantity)))
    }


def _that_rank(
    by_quantity: Mapping[Quantity, Mapping[str, Row]],
) -> Iterator[tuple[Quantity, Mapping[str, Row]]]:
    for quantity, rows in by_quantity.items():
        if any(row["rank"] is not None for row in rows.values()):
            yield quantity, rows
