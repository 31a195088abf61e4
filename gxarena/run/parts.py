"""The parts that a cell is scored in, and what they come to together.

Samples are scored `SCORED_AT_ONCE` at a time, so that a large data set takes no more memory than a
small one and a large cell uses every worker; only numbers of whole sets, and of maps beside the
mean of all others, are made of all samples at once. Parts depend on the plan alone, and what they
come to does not depend on who scored them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from gxarena.errors import PluginError
from gxarena.results.encoded import encoded
from gxarena.run.cell_rows import Row, Tables, of_all
from gxarena.run.store import CHUNK

SCORED_AT_ONCE = 8 * CHUNK
"""Samples that a metric is given at a time: whole chunks, so that it asks the same questions
together whatever the number."""

Part = tuple[Row, Tables]
"""What came of some of a cell's samples: what its row says of them, with `OF_A_PART`; its rows."""
OF_A_PART = ("asked", "again", "cost")
"""Times that a metric asked the model and the explainer; what an explanation takes in passes."""


def parts_of(n_samples: int, *, whole: bool = False) -> list[range]:
    """A data set's samples, so many at a time, or all at once."""
    step = n_samples if whole else SCORED_AT_ONCE
    return [range(n_samples)[start : start + step] for start in range(0, n_samples, step)]


def together(parts: Sequence[Part], n_samples: int) -> tuple[Row, Tables]:
    """What a cell's row says, and its rows of other tables, once all its parts are scored.

    Where one failed: what that one says.

    Parameters
    ----------
    parts : sequence of (row, tables)
        In the order of samples.
    n_samples : int
        Of the data set.

    Raises
    ------
    PluginError
        A quantity is of some of them alone.
    """
    rows = [row for row, _ in parts]
    failed = next((row for row in rows if row["status"] != "ok"), None)
    first = failed or rows[0]
    row = {name: said for name, said in first.items() if name not in OF_A_PART}
    for name, of_several in (("seconds", sum), ("peak_memory", max)):
        if known := [one[name] for one in rows if one.get(name) is not None]:
            row[name] = of_several(known)
    if failed:
        return row, {}
    row |= {"units": of_all(one["units"] for one in rows)}
    row |= {"forwards": sum(one["asked"] for one in rows)}
    if (cost := rows[0].get("cost")) is not None:
        explained = n_samples + sum(one["again"] for one in rows)
        row["forwards"] += round(explained * cost[0])
        row["backwards"] = round(explained * cost[1])
    return row, _rows_of_parts([tables for _, tables in parts])


def _rows_of_parts(parts: Sequence[Tables]) -> Tables:
    """The rows of a cell that was scored in parts, in the order of one that was not.

    Values come a quantity after the other, and of each those of all samples.
    """
    if len(parts) == 1:
        return parts[0]
    of_each = [{*encoded(part["samples"]["metric"]).dictionary.to_pylist()} for part in parts]
    if lost := set.union(*of_each) - set.intersection(*of_each):
        raise PluginError(f"expected a value of '{min(lost)}' for each sample, got some alone.")
    tables = {name: pa.concat_tables(part[name] for part in parts) for name in parts[0]}
    samples = tables["samples"]
    order = np.argsort(encoded(samples["metric"]).indices.to_numpy(), kind="stable")
    return tables | {"samples": samples.take(pa.array(order))}
