"""Which orders that one training shows hold with others: paired, as boards compare.

    gxarena submit runs/quickstart --out leaderboard/quickstart.zip
    python benchmarks/statistics/orders.py leaderboard/quickstart.zip \\
        leaderboard/quickstart-orders.parquet

Of each quantity with a direction, on each model's own units: the methods of all models with each
other, and each method with its own model's controls. A pair is compared twice on the sequences
that both have (`gxarena.statistics.differences`): once with the first training of either model,
all that a board of one set of weights knows, and once with all that both have, training by
training. Holm's adjustment is over the pairs of one such group. `difference` is left less right;
`ahead` is who is better by p <= .05; `agree` counts trainings whose own difference has the sign of
the first one's. The quickstart's table has a row for each of `SHOWN`: `p_together` is adjusted over
these rows of a pair too, and `kept` says whether the order is then. Seconds.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.data import Floats
from gxarena.errors import InputError
from gxarena.files import writing
from gxarena.results.bundle import opened
from gxarena.results.contestants import Contestant, groups_of_contestants
from gxarena.results.patterns import matches
from gxarena.results.schemas import VALUES
from gxarena.statistics.differences import Differences, pairwise_differences, told_apart
from gxarena.statistics.multiplicity import holm

OWN_UNITS = "native"
NEITHER = "neither"
LEVEL = 0.05
SHOWN = (
    "gini",
    "entropy",
    *(f"faithfulness-*.{drop}_logit@20" for drop in ("mif_drop", "lif_drop", "gain")),
)
"""Quantities whose rows are one table of docs/results.md."""
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("dataset", "metric", "direction", "left", "right")),
        ("right_role", pa.string()),
        *((name, pa.int64()) for name in ("replicates", "agree")),
        *((name, pa.float64()) for name in ("difference_one", "p_one", "difference", "p")),
        *((name, pa.string()) for name in ("ahead_one", "ahead", "outcome", "not_ranked")),
        ("p_together", pa.float64()),
        ("kept", pa.string()),
    ]
)
"""`p_together` and `kept` are null where a quantity is not in `SHOWN`.

`not_ranked`: by which of the two models' numbers boards rank nobody."""


def compared(contestants: Sequence[Contestant]) -> Iterator[dict[str, Any]]:
    """Rows of one quantity on one data set, of whoever meets there.

    Raises
    ------
    InputError
        Two have values of different samples.
    """
    ranking = [one for one in contestants if one.direction != "none"]
    yield from _pairs([one for one in ranking if one.role == "method"])
    for model in dict.fromkeys(one.labels["model"] for one in ranking):
        theirs = [one for one in ranking if one.labels["model"] == model]
        yield from (row for row in _pairs(theirs) if row["right_role"] != "method")


def _pairs(group: Sequence[Contestant]) -> Iterator[dict[str, Any]]:
    """Rows of each two of whom the first, at least, is a method."""
    if not any(one.role == "method" for one in group) or len(group) < 2:
        return
    group = sorted(group, key=lambda one: one.role != "method")
    values = _side_by_side(group)
    each = [pairwise_differences(values[r : r + 1]) for r in range(len(values))]
    several = pairwise_differences(values)
    for i, j in itertools.combinations(range(len(group)), 2):
        if group[i].role == "method":
            own = np.array([one.mean[i, j] for one in each])
            known = own[np.isfinite(own)]
            yield (
                _described(group[i], group[j])
                | {
                    "replicates": len(known),
                    "agree": int((np.sign(known) == np.sign(own[0])).sum()),
                    "difference_one": float(own[0]),
                    "p_one": float(each[0].p[i, j]),
                    "difference": float(several.mean[i, j]),
                    "p": float(several.p[i, j]),
                }
                | _order(group[i], group[j], each[0], several, (i, j))
            )


def _described(left: Contestant, right: Contestant) -> dict[str, Any]:
    barred = [one.labels["model"] for one in (left, right) if one.not_ranked]
    return {
        "dataset": left.labels["dataset"],
        "metric": left.labels["metric"],
        "direction": left.direction,
        "left": _name(left),
        "right": _name(right),
        "right_role": right.role,
        "not_ranked": ", ".join(dict.fromkeys(barred)),
    }


def _order(
    left: Contestant,
    right: Contestant,
    one: Differences,
    several: Differences,
    pair: tuple[int, int],
) -> dict[str, Any]:
    """Who is ahead with one training and with several, and what became of that."""
    sign = 1.0 if left.direction == "higher" else -1.0
    names = _name(left), _name(right)
    first, all_ = (
        names[int(sign * found.mean[pair] < 0)] if told_apart(found)[pair] else NEITHER
        for found in (one, several)
    )
    if NEITHER in (first, all_):
        kinds = {(True, True): "never told", (True, False): "told by several alone"}
        outcome = kinds.get((first == NEITHER, all_ == NEITHER), "left open")
    else:
        outcome = "kept" if first == all_ else "turned round"
    return {"ahead_one": first, "ahead": all_, "outcome": outcome}


def _name(one: Contestant) -> str:
    return f"{one.labels['model']} / {one.labels['explainer']}"


def _side_by_side(group: Sequence[Contestant]) -> Floats:
    """Values of shape (R, N, m); NaN where one lacks a replicate."""
    tables = [one.values for one in group]
    sizes = list(dict.fromkeys(table.shape[1] for table in tables))
    if len(sizes) > 1:
        raise InputError(
            f"{group[0].labels['metric']}: expected the same samples, got {sizes[0]} and "
            f"{sizes[1]}. Compare models on the same data sets."
        )
    together = np.full((max(map(len, tables)), sizes[0], len(tables)), np.nan)
    for i, table in enumerate(tables):
        together[: len(table), :, i] = table
    return together


def with_together(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, of which those of one table are corrected together, pair by pair."""
    found = [row | {"p_together": None, "kept": None} for row in rows]
    tables: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        if matches(row["metric"], SHOWN):
            tables[row["dataset"], row["left"], row["right"]].append(row)
    for table in tables.values():
        adjusted = holm(np.array([row["p"] for row in table]))
        for row, p in zip(table, adjusted.tolist(), strict=True):
            row["p_together"] = p
            row["kept"] = "yes" if row["outcome"] == "kept" and p <= LEVEL else "no"
    return found


def contestants_of(bundle: Path) -> Iterator[list[Contestant]]:
    """All of one quantity on one data set, whatever their models, on their own units."""
    found: dict[tuple[str, str], list[Contestant]] = defaultdict(list)
    with opened(bundle) as run:
        samples = run.table("samples", VALUES, encode=True)
        for group in groups_of_contestants(run.table("cells"), samples):
            labels = group[0].labels
            # One training has no others that it could agree with.
            if labels["aggregator"] == OWN_UNITS and not group[0].among_replicates:
                found[labels["dataset"], labels["metric"]] += group
    yield from (found[key] for key in sorted(found))


def main(arguments: Sequence[str]) -> None:
    """The table of a bundle."""
    bundle, out = map(Path, arguments)
    rows = with_together(
        [row for contestants in contestants_of(bundle) for row in compared(contestants)]
    )
    with writing(out) as file:
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), file)
    for outcome, n in sorted(Counter(row["outcome"] for row in rows).items()):
        print(f"{n:5} {outcome}")


if __name__ == "__main__":
    main(sys.argv[1:])
