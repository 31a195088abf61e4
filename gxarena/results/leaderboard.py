"""Results -> leaderboard rows: estimate, interval, counts, rank with its interval, tier.

Explainers compete for one model: ranks are among the rows that share suite, data set, model,
aggregator and metric, over the model's replicates and the samples together. Methods compete;
controls stand beside them, unranked. Explainers whose maps are the same are one entry with several
names. A value that is undefined is counted and left out of the mean; a cell that failed is a row
without an estimate. Neither ever ranks.

Where a metric asks where the model looks, a floor and a ceiling (explainers of that role: `random`,
`oracle`) bound its scale; each row then comes twice: as it is, and as ``metric.normalised``, 0 at
the floor and 1 at the ceiling, which can be read across models and data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.data import Floats
from gxarena.errors import InputError
from gxarena.results.contestants import GROUP, Contestant, groups_of_contestants
from gxarena.results.reading import RunResults
from gxarena.results.same_maps import entries
from gxarena.results.schemas import LEADERBOARD
from gxarena.seeds import sample_seed
from gxarena.statistics.intervals import mean_interval
from gxarena.statistics.ranks import paired_ranks

VERIFICATION = "unverified"
NORMALISED = ".normalised"
BOUNDED = "localization"
"""The question whose answers a floor and a ceiling bound: the truth itself is the best answer."""

ORDER = ("suite", "dataset", "metric", "aggregator", "model", "explainer")
"""The columns that rows are sorted by, and told apart."""

Row = dict[str, Any]


def leaderboard(cells: pa.Table, samples: pa.Table, seed: int = 0) -> pa.Table:
    """Leaderboard rows of one run.

    Parameters
    ----------
    cells, samples : pyarrow.Table
        The run's tables (see `gxarena.results.reading`).
    seed : int
        Seeds what is resampled; the rows are a function of the tables and this.

    Returns
    -------
    pyarrow.Table
        Sorted rows with the schema `LEADERBOARD`.
    """
    made = [
        row
        for group in groups_of_contestants(cells, samples)
        for row in _rows_of_group(group, seed)
    ]
    made.sort(key=lambda row: tuple(str(row[name]) for name in ORDER))
    return pa.Table.from_pylist(made, schema=LEADERBOARD)


def _rows_of_group(group: Sequence[Contestant], seed: int) -> Iterator[Row]:
    """The rows of contestants that compete with each other."""
    seed = sample_seed(seed, "leaderboard", "/".join(group[0].labels[name] for name in GROUP[:3]))
    places = _places(group, seed)
    floor, ceiling = (_first_of(group, role) for role in ("floor", "ceiling"))
    for contestant, place in zip(group, places, strict=True):
        row = _described(contestant) | _interval(contestant.values, contestant, seed) | place
        yield row
        if contestant.question == BOUNDED and floor and ceiling and not contestant.whole:
            yield from _between(row, contestant, floor.values, ceiling.values, seed)


def _first_of(group: Sequence[Contestant], role: str) -> Contestant | None:
    """Of several floors or ceilings the first by label counts."""
    return next((one for one in group if one.role == role), None)


def _described(contestant: Contestant) -> Row:
    """What a row says of a contestant besides its numbers."""
    values = contestant.values
    defined = np.isfinite(values)
    return dict(contestant.labels) | {
        "role": contestant.role,
        "question": contestant.question,
        "direction": contestant.direction,
        "n": int(defined.sum()),
        "n_undefined": int((~defined).sum()) - contestant.n_failed,
        "n_failed": contestant.n_failed,
        "sequences": int(defined.any(axis=0).sum()),
        "replicates": int(defined.any(axis=1).sum()),
        "seconds_per_sequence": contestant.seconds,
        "verification": VERIFICATION,
    }


def _interval(values: Floats, contestant: Contestant, seed: int) -> Row:
    interval = mean_interval(values, bounds=contestant.bounds, whole=contestant.whole, seed=seed)
    return {
        "estimate": _null_if_nan(interval.mean),
        "ci_low": _null_if_nan(interval.low),
        "ci_high": _null_if_nan(interval.high),
        "ci_method": interval.method,
    }


def _places(group: Sequence[Contestant], seed: int) -> list[Row]:
    """Entry, rank and tier of each contestant; null for controls and where nothing is defined."""
    methods = [one for one in group if one.role == "method"]
    first = entries([one.fingerprints for one in methods])
    entry = {id(one): methods[i].labels["explainer"] for one, i in zip(methods, first, strict=True)}
    # A cell that ended before its metric was made does not know the direction; others do.
    directions = {one.direction for one in group} - {"none"}
    ranks: dict[str, Row] = {}
    if directions:
        competing = [one for i, one in enumerate(methods) if first[i] == i]
        values = _stacked(competing)
        found = paired_ranks(values, directions.pop(), whole=group[0].whole, seed=seed)
        ranks = {
            one.labels["explainer"]: {k: v[i] for k, v in found.items()}
            for i, one in enumerate(competing)
        }
    return [{"entry": entry.get(id(one))} | ranks.get(entry.get(id(one), ""), {}) for one in group]


def _stacked(contestants: Sequence[Contestant]) -> Floats:
    """Values of contestants side by side, shape (R, N, m); NaN where one has fewer replicates."""
    shape = [max(one.values.shape[axis] for one in contestants) for axis in (0, 1)]
    stacked = np.full((*shape, len(contestants)), np.nan)
    for column, one in enumerate(contestants):
        replicates, samples = one.values.shape
        stacked[:replicates, :samples, column] = one.values
    return stacked


def _between(
    row: Row, contestant: Contestant, floor: Floats, ceiling: Floats, seed: int
) -> Iterator[Row]:
    """The row once more, 0 at the floor and 1 at the ceiling; nothing where they are not apart.

    On the samples that all three have. The interval is that of the mean, linearised: floor and
    ceiling are as uncertain as the contestant.
    """
    values = contestant.values
    if not values.shape == floor.shape == ceiling.shape:
        return
    sign = {"higher": 1, "lower": -1, "none": 0}[contestant.direction]
    rooms = np.where(np.isfinite(values), sign * (ceiling - floor), np.nan)
    room = mean_interval(rooms, seed=seed)
    if not room.low > 0:
        return
    ahead = sign * (values - floor)
    share = np.nanmean(np.where(np.isfinite(rooms), ahead, np.nan)) / room.mean
    spread = mean_interval(ahead - share * rooms, seed=seed)
    yield row | {
        "metric": row["metric"] + NORMALISED,
        "direction": "higher",
        "estimate": float(share),
        "ci_low": _null_if_nan(share + (spread.low - spread.mean) / room.mean),
        "ci_high": _null_if_nan(share + (spread.high - spread.mean) / room.mean),
        "ci_method": f"{spread.method}, between floor and ceiling",
    }


def _null_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


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
        for row in board.select(list(ORDER)).to_pylist():
            key = tuple(row.values())
            if key in labels:
                raise InputError(
                    f"{run.path}: expected rows that {labels[key]} does not have, got "
                    f"{'/'.join(key)} in both. Leave one out."
                )
            labels[key] = run.path
    return pa.concat_tables(boards).sort_by([(name, "ascending") for name in ORDER])
