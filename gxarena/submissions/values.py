"""Whether each cell has the values that it owes: one a sample and quantity, within bounds."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.data import Bools, Floats, Ints
from gxarena.errors import InputError
from gxarena.results.encoded import encoded
from gxarena.results.reading import RunResults
from gxarena.submissions.cells import Row, named
from gxarena.submissions.findings import Findings, quoted

CHECK = "values"
_SLACK = 1e-9
"""What is this near to a bound, relative to it, is on it: rounding is no cheating."""


@dataclass
class Values:
    """The values of a bundle's cells.

    Attributes
    ----------
    of : mapping of cell's id to mapping of quantity's key to float array, shape (N,)
        NaN where undefined; N is 1 for a whole set.
    ids : mapping of data set to tuple of N str
        The samples in their order.
    n : int
        How many values there are.
    """

    of: dict[str, dict[str, Floats]] = field(default_factory=dict)
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    n: int = 0


@dataclass(frozen=True)
class _Columns:
    """A `samples` table by the positions of its texts among the distinct ones."""

    cells: list[str]
    metrics: list[str]
    ids: list[str]
    starts: Ints
    """Where runs of rows of one cell and metric begin, and the table's end."""
    cell: Ints
    metric: Ints
    sample: Ints
    values: Floats
    undefined: Bools
    reasoned: Bools

    @classmethod
    def of(cls, table: pa.Table) -> _Columns:
        columns = {name: encoded(table[name]) for name in ("cell_id", "metric", "sample_id")}
        for name, column in columns.items():
            if column.null_count:
                raise InputError(f"samples.parquet, {name}: expected text in each row, got none.")
        cell, metric, sample = (column.indices.to_numpy() for column in columns.values())
        cells, ids, metrics = (
            columns[name].dictionary.to_pylist() for name in ("cell_id", "sample_id", "metric")
        )
        reason = encoded(table["reason"])
        return cls(
            cells=cells,
            metrics=metrics,
            ids=ids,
            starts=run_starts(cell, metric),
            cell=cell,
            metric=metric,
            sample=sample,
            values=table["value"].to_numpy(),
            undefined=table["value"].is_null().to_numpy(),
            reasoned=reason.is_valid().to_numpy(zero_copy_only=False),
        )


def run_starts(*columns: Ints) -> Ints:
    """Where each run of rows begins that are equal in all columns, and where the last one ends."""
    n = len(columns[0])
    changes = np.zeros(max(n - 1, 0), dtype=bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    inner = np.flatnonzero(changes) + 1
    return np.concatenate([[0] if n else [], inner, [n]]).astype(np.int64)


def checked_values(run: RunResults, cells: Sequence[Row], findings: Findings) -> Values:
    """The values of the ok cells, whatever is wrong with any of them among the findings."""
    columns = _Columns.of(run.table("samples", encode=True))
    ok = {row["cell_id"]: row for row in cells if row["status"] == "ok"}
    known = {row["cell_id"]: row for row in cells}
    runs: dict[str, dict[str, slice]] = defaultdict(dict)
    for start, stop in itertools.pairwise(columns.starts.tolist()):
        cell, metric = columns.cells[columns.cell[start]], columns.metrics[columns.metric[start]]
        if cell not in ok:
            where = named(known[cell]) if cell in known else f"samples.parquet, {quoted(cell)}"
            findings.add(CHECK, where, "values of cells that are ok alone", f"{stop - start} rows")
        elif metric in runs[cell]:
            where = f"{named(ok[cell])}, {quoted(metric)}"
            findings.add(CHECK, where, "one row a sample, all together", "rows in two places")
        else:
            runs[cell][metric] = slice(start, stop)
    values = Values(n=len(columns.values))
    order: dict[str, Ints] = {}
    for cell, row in ok.items():
        values.of[cell] = dict(_of_cell(row, runs[cell], columns, order, findings))
    values.ids = {
        dataset: tuple(columns.ids[code] for code in codes.tolist())
        for dataset, codes in order.items()
    }
    return values


def quantities_of(row: Row) -> dict[str, Any]:
    """A cell's quantities, as its row declares them."""
    found = json.loads(row["quantities"] or "null")
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise InputError(f"{named(row)}, quantities: expected a mapping of mappings, got another.")
    return found


def bounds_of(quantity: Mapping[str, Any]) -> tuple[float, float]:
    """A quantity's declared bounds; infinite where there is none."""
    low, high = quantity.get("bounds") or (None, None)
    return -np.inf if low is None else float(low), np.inf if high is None else float(high)


def column_name(row: Row, key: str) -> str:
    """What `samples` calls a quantity of a cell."""
    return f"{row['metric_name']}.{key}" if key else str(row["metric_name"])


def _of_cell(
    row: Row,
    runs: Mapping[str, slice],
    columns: _Columns,
    order: dict[str, Ints],
    findings: Findings,
) -> list[tuple[str, Floats]]:
    quantities = quantities_of(row)
    names = {column_name(row, key): key for key in quantities}
    for metric in sorted(runs.keys() - names.keys()):
        got = quoted(metric)
        findings.add(CHECK, named(row), "values of the quantities that it declares", got)
    whole = row["metric_scope"] == "set"
    found: list[tuple[str, Floats]] = []
    for name, key in names.items():
        where = f"{named(row)}, {quoted(name)}"
        if name not in runs:
            if not whole:  # of a set, a quantity may be left out
                findings.add(CHECK, where, f"{row['n_samples']} values", "none")
            continue
        rows = runs[name]
        if _are_samples(where, row, columns, rows, order, findings):
            _check_numbers(where, columns, rows, quantities[key], findings)
            found.append((key, columns.values[rows]))
    return found


def _are_samples(
    where: str,
    row: Row,
    columns: _Columns,
    rows: slice,
    order: dict[str, Ints],
    findings: Findings,
) -> bool:
    """Whether a quantity's rows are of the data set's samples, each once and in their order."""
    codes = columns.sample[rows]
    if row["metric_scope"] == "set":
        if len(codes) == 1 and columns.ids[codes[0]] == "":
            return True
        findings.add(CHECK, where, "one value, of the whole set", f"{len(codes)} of samples")
        return False
    known = order.get(row["dataset"])
    if known is None or not np.array_equal(codes, known):
        distinct, counts = np.unique(codes, return_counts=True)
        if len(distinct) < len(codes):
            twice = quoted(columns.ids[distinct[counts > 1][0]])
            findings.add(CHECK, where, "one value a sample", f"sample {twice} more than once")
            return False
        if len(codes) != row["n_samples"]:
            got = f"{len(codes)}"
            if known is not None and len(missing := np.setdiff1d(known, codes)):
                got += f", none of sample {quoted(columns.ids[missing[0]])}"
            findings.add(CHECK, where, f"{row['n_samples']} values", got)
            return False
        if known is not None:
            expected = "the samples of the data set's other cells, in their order"
            findings.add(CHECK, where, expected, "others")
            return False
        order[row["dataset"]] = codes
    return True


def _check_numbers(
    where: str, columns: _Columns, rows: slice, quantity: Mapping[str, Any], findings: Findings
) -> None:
    """Each value is a finite number within its bounds, or has a reason why there is none."""
    values, undefined = columns.values[rows], columns.undefined[rows]
    broken = ~undefined & ~np.isfinite(values)
    unsaid = undefined & ~columns.reasoned[rows]
    low, high = bounds_of(quantity)
    slack = _SLACK * max([1.0, *(abs(bound) for bound in (low, high) if np.isfinite(bound))])
    with np.errstate(invalid="ignore"):
        outside = ~undefined & ((values < low - slack) | (values > high + slack)) & ~broken
    bounds = f"a value from {low:g} to {high:g}"
    for wrong, expected in (
        (broken, "a finite number, or none with a reason"),
        (unsaid, "a reason why there is no value"),
        (outside, bounds),
    ):
        for index in np.flatnonzero(wrong)[:1].tolist():
            sample = quoted(columns.ids[columns.sample[rows][index]])
            got = "none" if undefined[index] else f"{values[index]:.9g}"
            more = f" (and so {wrong.sum() - 1} more)" if wrong.sum() > 1 else ""
            findings.add(CHECK, f"{where}, sample {sample}", expected, got + more)
