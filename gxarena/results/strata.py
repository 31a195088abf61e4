"""Strata: a board on the samples that a model gets right, gets wrong, or that are of one class.

A model is right where its highest output is the sample's label, as the metric `accuracy` says of
the very samples. Of several sets of weights all must be right, or all wrong: where they differ a
sample is in neither stratum. A metric that compares two models counts what both get right, or both
wrong. Everything on the board is then computed on these samples alone, and each row's data set
says so. Numbers of whole sets cannot be divided, and are left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gxarena.errors import InputError
from gxarena.results.encoded import positions
from gxarena.results.leaderboard import ORDER, leaderboard
from gxarena.results.reading import last_attempts
from gxarena.results.schemas import REPLICATE
from gxarena.results.terms import DATASET, Terms
from gxarena.results.verification import Levels

ACCURACY = "accuracy"
"""The metric's component; its label in a suite may differ."""
NO_ACCURACY = "as the run does not hold the metric accuracy"
NO_SAMPLE = "as no sequence is in the stratum"
OF_SETS = "as their numbers are of whole sets"
_NO_ROWS = ("unsupported", "skipped")
_JUDGED = MappingProxyType({"correct": 1.0, "wrong": 0.0})
_STATED = re.compile(r", (only (correct|wrong|label \d+))$")
"""What a data set ends with on such a board: no label of one holds a comma."""

Row = dict[str, Any]
Ids = frozenset[str]
Pair = tuple[str, str]
"""Data set, model."""
Part = tuple[str, frozenset[str]]
"""Data set, and the models whose answers decide: the row's own, and whom it is compared with."""
Classes = Mapping[str, Mapping[str, int | None]]
"""Of data sets, by their digest: the label of each sample, by its id."""


@dataclass(frozen=True)
class Stratum:
    """Which samples count: those that the model gets right, or wrong, or those of one class.

    Attributes
    ----------
    judged : float or None
        What `accuracy` says of them.
    label : int or None
    """

    judged: float | None = None
    label: int | None = None

    @classmethod
    def of(cls, text: str) -> Stratum:
        """As a user writes it: ``correct``, ``wrong`` or ``label=1``.

        Raises
        ------
        InputError
            It is something else.
        """
        if text in _JUDGED:
            return cls(judged=_JUDGED[text])
        found = re.fullmatch(r"label=([0-9]{1,18})", text)
        if found is None:
            raise InputError(f"--only: expected correct, wrong or label=1, got '{text}'.")
        return cls(label=int(found[1]))

    def __str__(self) -> str:
        name = {value: name for name, value in _JUDGED.items()}
        return f"label {self.label}" if self.judged is None else name[self.judged]


def leaderboard_of_stratum(
    stratum: Stratum,
    cells: pa.Table,
    samples: pa.Table,
    seed: int = 0,
    groupings: Mapping[str, str] = MappingProxyType({}),
    classes: Classes = MappingProxyType({}),
    levels: Levels = MappingProxyType({}),
) -> tuple[pa.Table, list[str]]:
    """The board of the samples that are in a stratum, and sentences on what is left out.

    Parameters
    ----------
    stratum : Stratum
    cells, samples, seed, groupings, levels
        As for `gxarena.results.leaderboard.leaderboard`.
    classes : mapping
        Of each data set, where the stratum is a class.

    Raises
    ------
    InputError
        Nothing is left.
    """
    attempts = [row for row in last_attempts(cells) if row["status"] not in _NO_ROWS]
    rows = [row for row in attempts if row["metric_scope"] != "set"]
    of_sets = [row for row in attempts if row["metric_scope"] == "set"]
    parts: dict[Part, list[Row]] = defaultdict(list)
    for row in rows:
        parts[_part_of(row)].append(row)
    if stratum.label is None:
        members = _judged(stratum, rows, samples)
    else:
        members = _of_class(stratum.label, rows, classes)
    boards: list[pa.Table] = []
    left_out: dict[str, list[str]] = {NO_ACCURACY: [], NO_SAMPLE: [], OF_SETS: []}
    for (dataset, models), mine in parts.items():
        known = [members[dataset, model] for model in models if (dataset, model) in members]
        kept = frozenset.intersection(*known) if known else frozenset()
        if kept and len(known) == len(models):
            own_cells = _cells_of(mine, rows, len(kept), cells.schema)
            own_samples = _samples_of(mine, kept, samples)
            boards.append(leaderboard(own_cells, own_samples, seed, groupings, levels))
        else:
            why = NO_SAMPLE if len(known) == len(models) else NO_ACCURACY
            left_out[why].append(f"{' with '.join(sorted(models))} on {dataset}")
    left_out[OF_SETS] += dict.fromkeys(row["metric_name"] for row in of_sets)
    said = [f"Left out, {why}: {', '.join(names)}." for why, names in left_out.items() if names]
    if not boards:
        raise InputError(
            f"--only {stratum}: expected sequences to make a board of, got none. {' '.join(said)}"
        )
    return _stating(stratum, pa.concat_tables(boards)), said


def terms_of_stratum(stratum: Stratum, terms: Terms) -> Terms:
    """A run's terms where only these of its samples count: other data sets than the whole ones."""
    return {
        key: f"{value}, only {stratum}" if key[0] == DATASET else value
        for key, value in terms.items()
    }


def stratum_of(board: pa.Table) -> str:
    """On which samples a board is, as its data sets say; empty where on all of them."""
    found = {_STATED.search(name) for name in board["dataset"].unique().to_pylist()}
    said = {"" if one is None else one[1] for one in found}
    return said.pop() if len(said) == 1 else ""


def _stating(stratum: Stratum, board: pa.Table) -> pa.Table:
    """The board, sorted, with the stratum behind each name of a data set."""
    at = board.schema.get_field_index("dataset")
    names = [f"{name}, only {stratum}" for name in board[at].to_pylist()]
    board = board.set_column(at, board.schema.field(at), pa.array(names, pa.string()))
    return board.sort_by([(name, "ascending") for name in ORDER])


def _part_of(row: Row) -> Part:
    """What decides which samples of a cell count."""
    other = (row["against"] or "").partition("/")[0]
    return row["dataset"], frozenset({row["model"], other} - {""})


def _of_class(wanted: int, rows: Sequence[Row], classes: Classes) -> dict[Pair, Ids]:
    """Samples of a class, the same for every model."""
    return {
        (row["dataset"], model): frozenset(
            name for name, label in classes[row["dataset_digest"]].items() if label == wanted
        )
        for row in rows
        for model in _part_of(row)[1]
    }


def _judged(stratum: Stratum, rows: Sequence[Row], samples: pa.Table) -> dict[Pair, Ids]:
    """Samples that every set of weights of a model gets right, or wrong; where the run tells."""
    weights: dict[Pair, set[int | None]] = defaultdict(set)
    cells: dict[Pair, dict[int | None, str]] = defaultdict(dict)
    for row in rows:
        pair = row["dataset"], row["model"]
        if row["status"] == "ok" and not row["against"]:
            weights[pair].add(row[REPLICATE])
            if row["metric_component"] == ACCURACY:
                # All explainers of a model have the same.
                cells[pair].setdefault(row[REPLICATE], row["cell_id"])
    named = [cell for found in cells.values() for cell in found.values()]
    found: dict[str, set[str]] = defaultdict(set)
    for row in samples.filter(_held(samples["cell_id"], named)).to_pylist():
        if row["value"] == stratum.judged:
            found[row["cell_id"]].add(row["sample_id"])
    return {
        pair: frozenset(set.intersection(*(found[cell] for cell in mine.values())))
        for pair, mine in cells.items()
        if mine.keys() == weights[pair]
    }


def _cells_of(mine: Sequence[Row], rows: Sequence[Row], n: int, schema: pa.Schema) -> pa.Table:
    """A part's cells as if of n samples, among others that say whose weights are how many."""
    own = {row["cell_id"] for row in mine}
    others = [row for row in rows if row["status"] == "ok" and row["cell_id"] not in own]
    scaled = [row | {"n_samples": n, "explain_seconds": _seconds_of(row, n)} for row in mine]
    return pa.Table.from_pylist([*scaled, *others], schema=schema)


def _seconds_of(row: Row, n: int) -> float | None:
    seconds = row["explain_seconds"]
    return None if seconds is None else seconds / row["n_samples"] * n


def _samples_of(mine: Sequence[Row], kept: Ids, samples: pa.Table) -> pa.Table:
    """Rows of these cells and samples, in their order."""
    in_cells = _held(samples["cell_id"], [row["cell_id"] for row in mine])
    return samples.filter(pc.and_(in_cells, _held(samples["sample_id"], kept)))


def _held(column: pa.ChunkedArray, wanted: Collection[str]) -> pa.Array:
    """Whether each value of a column is one of those wanted."""
    return pc.is_valid(positions(column, wanted))
