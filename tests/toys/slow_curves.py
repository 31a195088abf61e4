"""What follows from drops at budgets, in plain loops: gains, changes, areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

Drops = Mapping[str, Sequence[float]]
"""Of one order: the share replaced under "x", the drops under "logit" and "probability"; each from
nothing removed on, then budget by budget."""


def area(x: Sequence[float], y: Sequence[float]) -> float:
    """The mean height of a curve."""
    pieces = zip(pairwise(x), pairwise(y), strict=True)
    return sum((b - a) * (c + d) / 2 for (a, b), (c, d) in pieces) / x[-1]


def numbers(
    orders: Mapping[str, Drops], budgets: Sequence[float], widths: Sequence[int]
) -> dict[str, float]:
    """All that `faithfulness` says of one sample.

    Parameters
    ----------
    orders : mapping
        The drops in the orders mif, lif and random.
    budgets : sequence of percentages
    widths : sequence of int
        How many nucleotides each unit has.
    """
    mean_unit = sum(widths) / len(widths)
    found = {f"replaced@{k}": orders["mif"]["x"][i + 1] for i, k in enumerate(budgets)}
    found |= {f"below_unit@{k}": float(k / 100 * sum(widths) < mean_unit) for k in budgets}
    for unit in ("logit", "probability"):
        for order, curve in orders.items():
            drops = curve[unit]
            found |= {f"{order}_drop_{unit}@{k}": drops[i + 1] for i, k in enumerate(budgets)}
            found[f"{order}_{unit}_area"] = area(curve["x"], drops)
        for name in (f"drop_{unit}@{k}" for k in budgets):
            found[name.replace("drop", "gain")] = found[f"mif_{name}"] - found[f"random_{name}"]
        found[f"gain_{unit}_area"] = found[f"mif_{unit}_area"] - found[f"random_{unit}_area"]
        # A rise is a change too: what is unimportant changes nothing either way.
        changes = [abs(drop) for drop in orders["lif"][unit]]
        found |= {f"lif_change_{unit}@{k}": changes[i + 1] for i, k in enumerate(budgets)}
        found[f"lif_change_{unit}_area"] = area(orders["lif"]["x"], changes)
    return found
