"""Results -> leaderboard rows: mean, bootstrap interval, counts, rank with its interval.

Explainers compete for one model: ranks are among the rows that share suite, data set, model,
aggregator and metric. A value that is undefined is counted and left out of the mean; a cell that
failed is a row without an estimate. Neither ever ranks.

Where a floor and a ceiling (explainers of that role: `random`, `oracle`) compete too, each row that
ranks comes twice: as it is, and as ``metric.normalised``, 0 at the floor and 1 at the ceiling,
which can be read across models and data.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from gxarena.api import Better
from gxarena.data import Floats
from gxarena.errors import InputError
from gxarena.results.reading import RunResults, last_attempts
from gxarena.results.schemas import LEADERBOARD
from gxarena.results.statistics import bootstrap_between, bootstrap_mean, rank_intervals
from gxarena.seeds import sample_seed

CI_METHOD = "percentile bootstrap over samples, 95%, 2000 resamples"
NO_CI = "none: one number for the whole set"
NORMALISED_CI = f"{CI_METHOD}, of (mean - random) / (oracle - random)"
VERIFICATION = "unverified"
_READ = [
    "cell_id", "attempt", "suite", "dataset", "model", "explainer", "explainer_role", "aggregator",
    "metric_name", "metric_scope", "quantities", "status", "n_samples", "explain_seconds",
]  # fmt: skip
_GROUP = ("suite", "dataset", "model", "aggregator", "metric")
_ORDER = ("suite", "dataset", "metric", "aggregator", "model", "explainer")


@dataclass
class _Row:
    """One leaderboard row in the making, with its samples' values, shape (N,).

    A number of a whole set is a single value without interval; its rank has none either.
    """

    labels: dict[str, Any]
    role: str
    direction: Better
    values: Floats
    n_failed: int = 0
    seconds_per_sequence: float | None = None
    whole: bool = False
    numbers: dict[str, Any] = field(default_factory=dict)
    between: dict[str, Any] = field(default_factory=dict)


def leaderboard(cells: pa.Table, samples: pa.Table, seed: int = 0) -> pa.Table:
    """Leaderboard rows of one run.

    Parameters
    ----------
    cells, samples : pyarrow.Table
        The run's tables (see `gxarena.results.reading`).
    seed : int
        Seeds the bootstrap; the rows are a function of the tables and this.

    Returns
    -------
    pyarrow.Table
        Sorted rows with the schema `LEADERBOARD`.
    """
    values = _values(samples)
    groups: dict[tuple[str, ...], list[_Row]] = defaultdict(list)
    for cell in last_attempts(cells.select(_READ)):
        for row in _rows(cell, values):
            groups[tuple(row.labels[name] for name in _GROUP)].append(row)
    for key, rows in groups.items():
        rows.sort(key=lambda row: str(row.labels["explainer"]))
        # One draw of resamples a data set: drawing takes far longer than using it.
        _estimate(rows, sample_seed(seed, "leaderboard", "/".join(key[:2])))
    made = [
        as_dict
        for rows in groups.values()
        for row in rows
        for as_dict in (_as_dict(row), *_normalised(row))
    ]
    made.sort(key=lambda row: tuple(str(row[name]) for name in _ORDER))
    return pa.Table.from_pylist(made, schema=LEADERBOARD)


def _values(samples: pa.Table) -> dict[tuple[str, str], Floats]:
    """Values by (cell, metric), in the samples' order; NaN where undefined."""
    if not len(samples):
        return {}
    cell_ids = np.asarray(samples["cell_id"].to_pylist(), dtype=object)
    metrics = np.asarray(samples["metric"].to_pylist(), dtype=object)
    numbers = samples["value"].to_numpy(zero_copy_only=False).astype(np.float64)
    changes = (cell_ids[1:] != cell_ids[:-1]) | (metrics[1:] != metrics[:-1])
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(numbers)]])
    # One cell's metric is one run of rows: parts are written so and joined whole.
    return {
        (cell_ids[start], metrics[start]): numbers[start:stop]
        for start, stop in itertools.pairwise(starts)
    }


def _rows(cell: dict[str, Any], values: dict[tuple[str, str], Floats]) -> Iterable[_Row]:
    """One row per quantity of a cell; unsupported combinations are no competitors."""
    if cell["status"] in ("unsupported", "skipped"):
        return
    # A metric that could not even be made has no quantities: one row says so.
    unknown = {"": {"better": "none"}}
    quantities: dict[str, Any] = json.loads(cell["quantities"] or "null") or unknown
    whole = cell["metric_scope"] == "set"
    n = 1 if whole else cell["n_samples"]
    seconds = cell["explain_seconds"]
    for key, quantity in quantities.items():
        name = f"{cell['metric_name']}.{key}" if key else cell["metric_name"]
        found = values.get((cell["cell_id"], name))
        if found is None and cell["status"] == "ok":
            continue
        labels = {k: cell[k] for k in ("suite", "dataset", "model", "explainer", "aggregator")}
        yield _Row(
            labels=labels | {"metric": name},
            role=cell["explainer_role"],
            direction=quantity["better"],
            values=np.full(n, np.nan) if found is None else found,
            n_failed=0 if cell["status"] == "ok" else n,
            seconds_per_sequence=None if seconds is None else seconds / cell["n_samples"],
            whole=whole,
        )


def _estimate(rows: list[_Row], seed: int) -> None:
    """Fill in the numbers of rows that compete; they share samples and resamples."""
    # A cell that ended before its metric was made does not know the direction; others do.
    known: list[Literal["higher", "lower"]] = [
        row.direction for row in rows if row.direction != "none"
    ]
    values = np.column_stack([row.values for row in rows])
    means, lows, highs = bootstrap_mean(values, seed)
    for row, mean, low, high in zip(rows, means, lows, highs, strict=True):
        row.numbers |= {"estimate": mean, "ci_low": low, "ci_high": high}
    if not known:
        return
    ranks = rank_intervals(values, known[0], seed)
    for row, rank, low, high in zip(rows, *ranks, strict=True):
        row.numbers |= {"rank": rank}
        if not row.whole:
            row.numbers |= {"rank_low": low, "rank_high": high}
    _place_between(rows, values, known[0], seed)


def _place_between(
    rows: list[_Row], values: Floats, direction: Literal["higher", "lower"], seed: int
) -> None:
    """Fill in where rows lie between floor and ceiling, if both compete and the ceiling is ahead.

    The order stays, and with it the ranks. Of several floors or ceilings the first by label counts.
    """
    at = {row.role: i for i, row in reversed(list(enumerate(rows)))}
    if rows[0].whole or not {"floor", "ceiling"} <= at.keys():
        return
    floor, ceiling = at["floor"], at["ceiling"]
    sign = {"higher": 1, "lower": -1}[direction]
    if not sign * (rows[ceiling].numbers["estimate"] - rows[floor].numbers["estimate"]) > 0:
        return
    found = bootstrap_between(values, values[:, floor], values[:, ceiling], seed)
    for row, share, low, high in zip(rows, *found, strict=True):
        if np.isfinite(share):
            row.between |= {"estimate": share, "ci_low": low, "ci_high": high}


def _normalised(row: _Row) -> Iterable[dict[str, Any]]:
    """The row once more, between floor and ceiling; nothing where it has no place there."""
    if not row.between:
        return
    numbers = {key: _null_if_nan(value) for key, value in row.between.items()}
    yield (
        _as_dict(row)
        | numbers
        | {
            "metric": f"{row.labels['metric']}.normalised",
            "direction": "higher",
            "ci_method": NORMALISED_CI,
        }
    )


def _as_dict(row: _Row) -> dict[str, Any]:
    undefined = int(np.isnan(row.values).sum()) - row.n_failed
    numbers = {key: _null_if_nan(value) for key, value in row.numbers.items()}
    return (
        row.labels
        | numbers
        | {
            "direction": row.direction,
            "ci_method": NO_CI if row.whole else CI_METHOD,
            "n": int(np.isfinite(row.values).sum()),
            "n_undefined": undefined,
            "n_failed": row.n_failed,
            "seconds_per_sequence": row.seconds_per_sequence,
            "verification": VERIFICATION,
        }
    )


def _null_if_nan(value: float) -> float | int | None:
    if value is None or np.ma.is_masked(value) or np.isnan(value):
        return None
    return int(value) if isinstance(value, int | np.integer) else float(value)


def leaderboard_of_runs(runs: Sequence[RunResults]) -> pa.Table:
    """One board of several runs; ranks stay within a run.

    Raises
    ------
    InputError
        Two runs hold rows with the same labels.
    """
    boards = [leaderboard(r.table("cells"), r.table("samples"), r.record.seed) for r in runs]
    labels: dict[tuple[Any, ...], Path] = {}
    for run, board in zip(runs, boards, strict=True):
        for row in board.select(list(_ORDER)).to_pylist():
            key = tuple(row.values())
            if key in labels:
                raise InputError(
                    f"{run.path}: expected rows that {labels[key]} does not have, got "
                    f"{'/'.join(key)} in both. Leave one out."
                )
            labels[key] = run.path
    return pa.concat_tables(boards).sort_by([(name, "ascending") for name in _ORDER])
