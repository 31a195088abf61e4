"""Where each contestant of a group stands: its entry, rank, interval of ranks and tier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gxarena.data import Bools, Floats, Ints
from gxarena.results.contestants import GROUP, Contestant
from gxarena.results.encoded import as_arrow
from gxarena.results.same_maps import entries
from gxarena.statistics.ranks import LEAST_COVERED, rank_methods

Row = dict[str, Any]
RANKS = (
    "rank", "rank_low", "rank_high", "tier", "behind_best", "behind_best_p", "rank_filled",
    "ranks_without",
)  # fmt: skip
"""The columns of a board that say how who competes stands."""


def places_of(
    group: Sequence[Contestant], values: Floats, whole: Floats | None, groups: Ints | None = None
) -> list[Row]:
    """Entry, rank and tier of each contestant; null for controls and where nothing is defined.

    Ranks are of the values that there are, and beside them of the whole ones, in which the floor
    answers for who does not (see `gxarena.results.abstention`); None where there is no floor.
    """
    at = [i for i, one in enumerate(group) if one.role == "method"]
    methods = [group[i] for i in at]
    names = [one.labels["explainer"] for one in methods]
    defined: Ints = np.isfinite(values[at]).sum(axis=(1, 2))
    first = _standing_for(entries([one.fingerprints for one in methods]), defined)
    entry = {name: names[i] for name, i in zip(names, first, strict=True)}
    # A cell that ended before its metric was made does not know the direction; others do.
    directions: set[Any] = {one.direction for one in group} - {"none"}
    ranked: dict[str, Row] = {}
    competing = sorted(set(first))
    if directions and competing and not group[0].not_ranked:
        theirs = np.moveaxis(values[[at[i] for i in competing]], 0, -1)
        better = directions.pop()
        asked = asked_of([methods[i] for i in competing], values.shape[1])
        ranks = _ranks(theirs, better, group[0], asked, groups)
        instead = None if whole is None else np.moveaxis(whole[[at[i] for i in competing]], 0, -1)
        _add_ranks_of_filled(ranks, theirs, instead, better, group[0], asked)
        ranked = {names[one]: row for one, row in zip(competing, ranks, strict=True)}
    labels = [one.labels["explainer"] for one in group]
    # Another name of the same maps may lack what a metric asks for: it stands nowhere then.
    undefined = {name for name, n in zip(names, defined, strict=True) if not n}
    return [
        {"entry": entry.get(name)}
        | ({} if name in undefined - set(entry.values()) else ranked.get(entry.get(name, ""), {}))
        for name in labels
    ]


def without_ranks_of_the_lone(board: pa.Table) -> pa.Table:
    """A board as people read it: who competed with nobody has a rank of 1 of 1, which says nothing.

    Nobody competed where no other entry has an estimate.
    """
    # Old boards do not say which explainers are one entry.
    names = pc.coalesce(board["entry"], board["explainer"]).to_pylist()
    groups = list(zip(*(board[name].to_pylist() for name in GROUP), strict=True))
    roles, estimates = (board[name].to_pylist() for name in ("role", "estimate"))
    competing: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    for group, name, role, estimate in zip(groups, names, roles, estimates, strict=True):
        if role == "method" and estimate is not None:
            competing[group].add(name)
    alone = as_arrow(np.array([len(competing[group]) < 2 for group in groups], dtype=np.bool_))
    for name in RANKS:
        field = board.schema.field(name)
        none = pa.nulls(1, field.type)[0]
        at = board.schema.get_field_index(name)
        board = board.set_column(at, field, pc.if_else(alone, none, board[name]))
    return board


def competed_with_nobody(row: Mapping[str, Any]) -> bool:
    """Whether a method of a board as it is shown lacks a rank since it is alone."""
    return (
        row["role"] == "method"
        and row["rank"] is None
        and row["estimate"] is not None
        and row["direction"] != "none"
        and not row["not_ranked"]
        and (row["coverage"] is None or row["coverage"] >= LEAST_COVERED)
    )


def asked_of(group: Sequence[Contestant], replicates: int) -> Bools:
    """Of which replicates each was asked, shape (m, R): others were never run."""
    return np.array([[r in one.replicates for r in range(replicates)] for one in group])


def _ranks(
    values: Floats,
    better: Literal["higher", "lower"],
    one: Contestant,
    asked: Bools,
    groups: Ints | None = None,
) -> list[Row]:
    """What ranks say of each method; values of shape (R, N, m), asked of shape (m, R)."""
    found = rank_methods(values, better, groups=groups, whole=one.whole, asked=asked.T)
    columns = {
        "rank": found.rank, "rank_low": found.low, "rank_high": found.high, "tier": found.tier,
    }  # fmt: skip
    # Pairs of replicates are no replicates: what is left without one, their rows do not tell.
    several = values.shape[0] > 1 and not one.among_replicates
    without = [
        rank_methods(
            np.delete(values, i, axis=0),
            better,
            whole=one.whole,
            asked=np.delete(asked.T, i, axis=0),
        ).rank
        for i in range(values.shape[0] if several else 0)
    ]
    rows: list[Row] = []
    best = int(found.rank.argmin())  # masked ones are never it
    for i in range(values.shape[2]):
        row: Row = {name: _null_if_masked(column[i]) for name, column in columns.items()}
        if row["rank"] is not None:
            behind = float(found.differences.mean[best, i])
            row["behind_best"] = null_if_nan((behind if better == "higher" else -behind) + 0.0)
            row["behind_best_p"] = null_if_nan(float(found.differences.p[best, i]))
        row["ranks_without"] = [_null_if_masked(ranks[i]) for ranks in without] or None
        rows.append(row)
    return rows


def _add_ranks_of_filled(
    rows: Sequence[Row],
    values: Floats,
    whole: Floats | None,
    better: Literal["higher", "lower"],
    one: Contestant,
    asked: Bools,
) -> None:
    """What rank each method had if the floor answered for it where it does not."""
    if np.isfinite(values).all():
        ranks = [row["rank"] for row in rows]
    elif whole is not None:
        found = rank_methods(whole, better, whole=one.whole, asked=asked.T)
        ranks = [_null_if_masked(rank) for rank in found.rank]
    else:
        return
    for row, rank in zip(rows, ranks, strict=True):
        row["rank_filled"] = rank


def _standing_for(first: Sequence[int], defined: Ints) -> list[int]:
    """Who stands for each entry: the first of its members that have most values."""
    chosen: dict[int, int] = {}
    for member, of in enumerate(first):
        if of not in chosen or defined[member] > defined[chosen[of]]:
            chosen[of] = member
    return [chosen[of] for of in first]


def null_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _null_if_masked(number: Any) -> int | None:
    return None if np.ma.is_masked(number) else int(number)
