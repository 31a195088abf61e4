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

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from gxarena.data import Floats, Ints
from gxarena.results.abstention import coverage, filled
from gxarena.results.contestants import GROUP, Contestant, groups_of_contestants
from gxarena.results.places import Row, asked_of, null_if_nan, places_of
from gxarena.results.reading import RunResults
from gxarena.results.sample_groups import groups_of_datasets
from gxarena.results.schemas import LEADERBOARD, VALUES
from gxarena.results.verification import Levels, weakest
from gxarena.seeds import sample_seed
from gxarena.statistics.intervals import Bounds, mean_intervals
from gxarena.statistics.replicate_pairs import FEWEST_REPLICATES, jackknifed

NORMALISED = ".normalised"
BOUNDED = "localization"
"""The question whose answers a floor and a ceiling bound: the truth itself is the best answer."""

OF_THE_OTHER = "replicates of the other model"
"""Said of an interval over replicates that a model is compared with."""

AGAINST_ONE = "against one set of weights of the other model"
"""Said where that model's other trainings are not in the interval."""

ONE_PAIR = "the only pair of weights"
"""Said of an interval of replicates that are compared with each other, where there are two: it is
over samples alone."""

ENDS = "none: an end of the scale"

ORDER = ("suite", "dataset", "metric", "aggregator", "model", "explainer")
"""The columns that rows are sorted by, and told apart."""


def leaderboard(
    cells: pa.Table,
    samples: pa.Table,
    seed: int = 0,
    groupings: Mapping[str, str] = MappingProxyType({}),
    levels: Levels = MappingProxyType({}),
) -> pa.Table:
    """Leaderboard rows of one run.

    Parameters
    ----------
    cells, samples : pyarrow.Table
        The run's tables (see `gxarena.results.reading`).
    seed : int
        Seeds what is resampled; the rows are a function of the tables, this and the groupings.
    groupings : mapping of str to str
        Data sets of which samples are no independent evidence, and which (see
        `gxarena.results.sample_groups.groups_of`).
    levels : mapping of cell's id to mapping of quantity to str
        How far somebody has checked it; nobody has where there is none (see
        `gxarena.results.verification`).

    Returns
    -------
    pyarrow.Table
        Sorted rows with the schema `LEADERBOARD`.
    """
    grouped = groups_of_datasets(cells, samples, groupings)
    made = [
        row
        for group in groups_of_contestants(cells, samples, levels)
        for row in _rows_of_group(group, seed, grouped.get(group[0].labels["dataset"]))
    ]
    made.sort(key=lambda row: tuple(str(row[name]) for name in ORDER))
    return pa.Table.from_pylist(made, schema=LEADERBOARD)


def _rows_of_group(
    group: Sequence[Contestant], seed: int, groups: Ints | None = None
) -> Iterator[Row]:
    """The rows of contestants that compete with each other, of samples that may be grouped."""
    groups = None if group[0].whole else groups
    seed = sample_seed(seed, "leaderboard", "/".join(group[0].labels[name] for name in GROUP[:3]))
    given = _side_by_side(group)
    values = _independent(group, given)
    answers, whole = _answers(group, given)
    intervals = _intervals(values, group, seed, groups)
    places = places_of(group, values, whole, groups)
    rows = [
        _described(contestant) | interval | place | answered
        for contestant, interval, place, answered in zip(
            group, intervals, places, answers, strict=True
        )
    ]
    yield from rows
    if group[0].question == BOUNDED and not group[0].whole:
        yield from _between(group, rows, values, seed, groups)


def _side_by_side(group: Sequence[Contestant]) -> Floats:
    """Values of contestants, shape (m, R, N); NaN where one lacks a replicate."""
    tables = [one.values for one in group]
    replicates, samples = (max(table.shape[axis] for table in tables) for axis in (0, 1))
    together = np.full((len(tables), replicates, samples), np.nan)
    for row, table in zip(together, tables, strict=True):
        row[: table.shape[0], : table.shape[1]] = table
    return together


def _independent(group: Sequence[Contestant], values: Floats) -> Floats:
    """Values whose replicates may be taken as independent, shape (m, R, N)."""
    return jackknifed(values) if group[0].among_replicates else values


def _bounds(group: Sequence[Contestant]) -> Bounds:
    """Of the group's quantity; a cell that ended before its metric was made knows none."""
    return next((one.bounds for one in group if one.direction != "none"), group[0].bounds)


def _described(contestant: Contestant) -> Row:
    """What a row says of a contestant besides its numbers."""
    defined = np.isfinite(contestant.values)
    return dict(contestant.labels) | {
        "role": contestant.role,
        "question": contestant.question,
        "direction": contestant.direction,
        "not_ranked": contestant.not_ranked or None,
        "n": int(defined.sum()),
        "n_undefined": int((~defined).sum()) - contestant.n_failed,
        "n_failed": contestant.n_failed,
        "sequences": int(defined.any(axis=0).sum()),
        "replicates": int(defined.any(axis=1).sum()),
        "seconds_per_sequence": contestant.seconds,
        "verification": contestant.level,
    }


def _intervals(
    values: Floats, group: Sequence[Contestant], seed: int, groups: Ints | None
) -> list[Row]:
    found = mean_intervals(
        values, bounds=_bounds(group), groups=groups, whole=group[0].whole, seed=seed
    )
    numbers = zip(group, found.mean, found.low, found.high, found.method, strict=True)
    return [
        {
            "estimate": null_if_nan(mean),
            "ci_low": null_if_nan(low),
            "ci_high": null_if_nan(high),
            "ci_method": method if method.startswith("none") else _over_whose(method, one),
        }
        for one, mean, low, high, method in numbers
    ]


def _over_whose(method: str, one: Contestant) -> str:
    """How an interval is made, with whose weights it is over where they are not simply its own."""
    replicates = int(np.isfinite(one.values).any(axis=1).sum())
    if one.among_replicates:
        if replicates < FEWEST_REPLICATES:
            return method.replace("one set of weights", ONE_PAIR)
        return f"{method}, jackknifed over their pairs"
    if one.other_weights:
        return method.replace("replicates", OF_THE_OTHER)
    return f"{method}, {AGAINST_ONE}" if one.against_one and replicates > 1 else method


def _answers(group: Sequence[Contestant], given: Floats) -> tuple[list[Row], Floats | None]:
    """How much each contestant answers; all with the floor's values where they do not.

    Who failed everywhere is no guess, and has none.
    """
    asked = asked_of(group, given.shape[1])
    rows: list[Row] = [{"coverage": float(share)} for share in coverage(given, asked)]
    whole = filled(given, [one.role for one in group], asked)
    if whole is None:
        return rows, None
    failed = np.isnan(given).all(axis=(1, 2), keepdims=True)
    whole = np.where(failed, np.nan, whole)
    for row, mean in zip(rows, _means(whole), strict=True):
        row["estimate_filled"] = null_if_nan(mean)
    return rows, whole


def _between(
    group: Sequence[Contestant],
    rows: Sequence[Row],
    values: Floats,
    seed: int,
    groups: Ints | None = None,
) -> Iterator[Row]:
    """The rows once more, 0 at the floor and 1 at the ceiling; nothing where they are not apart.

    Each on the samples that it shares with both. The intervals are those of the means, linearised:
    floor and ceiling are as uncertain as the contestant. Of several the first by label counts.
    """
    at = {one.role: i for i, one in reversed(list(enumerate(group)))}
    if not {"floor", "ceiling"} <= at.keys():
        return
    direction = next((one.direction for one in group if one.direction != "none"), "none")
    sign = {"higher": 1, "lower": -1, "none": 0}[direction]
    room = sign * (values[at["ceiling"]] - values[at["floor"]])
    rooms = np.where(np.isfinite(values), room, np.nan)
    ahead = sign * (values - values[at["floor"]]) + 0 * rooms
    low, high = _bounds(group)
    bounds = (None, None) if low is None or high is None else (low - high, high - low)
    whole_room = mean_intervals(rooms, bounds=bounds, groups=groups, seed=seed)
    with np.errstate(invalid="ignore", divide="ignore"):  # where they are not apart
        shares = _means(ahead) / _means(rooms)
    spread = mean_intervals(ahead - shares[:, None, None] * rooms, groups=groups, seed=seed)
    ends = at["floor"], at["ceiling"]
    for i, row in enumerate(rows):
        if whole_room.low[i] > 0:
            low, high = (
                shares[i] + (limit[i] - spread.mean[i]) / whole_room.mean[i]
                for limit in (spread.low, spread.high)
            )
            yield row | {
                "metric": row["metric"] + NORMALISED,
                "direction": "higher",
                "estimate": float(shares[i]),
                "ci_low": null_if_nan(low),
                "ci_high": null_if_nan(high),
                "ci_method": ENDS
                if i in ends
                else f"{spread.method[i]}, between floor and ceiling",
                "verification": weakest(rows[one]["verification"] for one in (i, *ends)),
                # In the unit of the scale, which this one is not.
                "behind_best": None,
                "estimate_filled": None,
            }


def _means(values: Floats) -> Floats:
    """Over all defined cells of each contestant, shape (m,); NaN where none is."""
    defined = np.isfinite(values)
    counts = defined.sum(axis=(1, 2))
    sums = np.where(defined, values, 0).sum(axis=(1, 2))
    return np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)  # type: ignore[no-any-return]


def leaderboard_of(run: RunResults) -> pa.Table:
    """The board of one run."""
    samples, record = run.table("samples", VALUES, encode=True), run.record
    return leaderboard(run.table("cells"), samples, record.seed, record.groupings)
