"""Dossiers: everything known of one explainer on one model and data set, number by number."""

from __future__ import annotations

import functools
import itertools
import json
import re
import shlex
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena.results.boards import Board
from gxarena.results.encoded import encoded
from gxarena.results.terms import DATASET, MODEL
from gxarena.run.suite import shipped_suites
from gxarena.site.addresses import metric_of, slug
from gxarena.site.content import Content, Row, Source

MOST_SEQUENCES = 1000
"""Of which a dossier holds the values; the run's own table has all."""
_AGAINST = re.compile(r"\[vs (.+)\]")
KINDS = ("dataset", "model", "explainer", "aggregator", "metric")


@dataclass(frozen=True, eq=False)
class Dossier:
    """One explainer on one model and data set of one board.

    Attributes
    ----------
    board : int
    rows : list of mapping
        Of the board.
    parts : mapping of Source to list of mapping
        The cells that each run or bundle recorded; empty for a written board.
    others : mapping of Source to list of mapping
        Cells of further runs that hold the same values.
    """

    board: int
    rows: list[Row]
    parts: Mapping[Source, list[dict[str, Any]]]
    others: Mapping[Source, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, str, str]:
        """Data set, model and explainer."""
        row = self.rows[0]
        return row["dataset"], row["model"], row["explainer"]

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Of all sources."""
        return [cell for cells in self.parts.values() for cell in cells]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What the cells were made with; several values where they differ."""
        if not self.parts:
            return []
        too = [
            (f"the same values in {source.name}", _provenance(cells))
            for source, cells in self.others.items()
        ]
        return [*_facts(self.cells), *too]

    def command(self, source: Source) -> str:
        """What computes the cells of a source again."""
        cells = self.parts[source]
        against = [str(cell["against"]) for cell in cells if cell["against"]]
        return _command(
            source.record.suite, {kind: [str(c[kind]) for c in cells] for kind in KINDS}, against
        )

    def command_of_rows(self) -> str:
        """What computes a written board's rows again; empty where their suite does not ship."""
        suite = self.rows[0]["suite"]
        if suite not in shipped_suites():
            return ""
        rows = [{**row, "metric": metric_of(row["metric"])} for row in self.rows]
        against = [found[1] for row in self.rows if (found := _AGAINST.search(row["metric"]))]
        return _command(suite, {kind: [row[kind] for row in rows] for kind in KINDS}, against)

    def terms(self, board: Board) -> list[tuple[str, str]]:
        """What a board says of these rows: target and seed, its data set, weights and metrics."""
        row = self.rows[0]
        labels = {(DATASET, row["dataset"]), (MODEL, row["model"])}
        labels |= {("aggregator", row["aggregator"]) for row in self.rows}
        labels |= {("metric", metric_of(row["metric"])) for row in self.rows}
        return [
            (" ".join(key), text)
            for key, text in board.terms.items()
            if len(key) == 1 or key[:2] in labels
        ]


def dossiers_of(content: Content, board: Board, number: int) -> list[Dossier]:
    """The dossiers of a board, in the order of its rows."""
    by_labels: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in board.shown.to_pylist():
        by_labels[row["dataset"], row["model"], row["explainer"]].append(row)
    held = {
        source.name: (source, {row["cell_id"]: row for row in source.last_rows()})
        for source in content.sources_of(board)
    }

    def cells(of: Iterable[tuple[str, str]]) -> dict[Source, list[dict[str, Any]]]:
        found: dict[Source, list[dict[str, Any]]] = defaultdict(list)
        for name, cell in of:
            source, known = held[name]
            found[source].append(known[cell])
        return dict(found)

    dossiers = []
    for labels, rows in by_labels.items():
        origins = board.cells.get(labels, ())
        counted = cells(first for first, *_ in origins)
        dossiers.append(
            Dossier(number, rows, counted, cells(one for _, *rest in origins for one in rest))
        )
    return dossiers


def _facts(cells: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Name and distinct values of what is recorded, in the order of a reader's questions."""
    for kind in ("model", "explainer", "aggregator", "metric"):
        for what in ("component", "parameters", "distribution", "version", "digest"):
            values = _distinct(cells, f"{kind}_{what}", most=30 if what == "component" else 4)
            if values and values != "{}":
                yield f"{kind}, {what}", values
    names = {
        "model_weights_digest": "weights, digest",
        "dataset_digest": "data set, digest",
        "n_samples": "sequences",
        "target": "target",
        "objective": "objective",
        "seed": "seed",
        "suite": "suite",
        "suite_digest": "suite, digest",
        "gxarena_version": "gxarena",
        "git_commit": "commit",
        "device": "device",
        "dtype": "dtype",
        "packages_digest": "packages, digest",
        "attributions_key": "attributions, key",
    }
    for column, name in names.items():
        if values := _distinct(cells, column):
            yield name, values
    versions: dict[str, dict[str, None]] = defaultdict(dict)
    for cell in cells:
        for name, version in json.loads(cell["packages"] or "{}").items():
            versions[name][version] = None
    if versions:
        yield "versions", ", ".join(f"{name} {' or '.join(of)}" for name, of in versions.items())
    started = [cell["started"] for cell in cells]
    yield "computed", f"{min(started):%Y-%m-%d %H:%M} to {max(started):%Y-%m-%d %H:%M} UTC"


def _provenance(cells: Sequence[Row]) -> str:
    """How many cells, made when, on what and with which version."""
    started = min(cell["started"] for cell in cells)
    made = (_distinct(cells, name) for name in ("device", "gxarena_version", "git_commit"))
    device, version, commit = made
    return ", ".join(
        part
        for part in (
            f"{len(cells)} cell{'' if len(cells) == 1 else 's'}",
            f"from {started:%Y-%m-%d %H:%M} UTC on",
            device,
            version and f"gxarena {version}",
            commit and f"commit {commit}",
        )
        if part
    )


def _distinct(cells: Iterable[Row], column: str, most: int = 6) -> str:
    values = list(dict.fromkeys(str(cell[column]) for cell in cells if cell[column] is not None))
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(values[:most]) + more


def _command(suite: str, labels: Mapping[str, Sequence[str]], against: Sequence[str]) -> str:
    """`gxarena run` with these cells alone; the suite by name where it ships."""
    named = suite if suite in shipped_suites() else f"{suite}.toml"
    block = {f"{kind}s": list(dict.fromkeys(found)) for kind, found in labels.items()}
    if against:
        block["against"] = list(dict.fromkeys(against))
    inside = ", ".join(f"{name}={json.dumps(labels)}" for name, labels in block.items())
    return f"gxarena run {named} --out runs/again --set {shlex.quote(f'matrix=[{{{inside}}}]')}"


class Values:
    """The samples' values of sources, found by cell."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._indices = {source: _Index(source) for source in sources.values()}

    def of(self, dossier: Dossier) -> dict[str, Any]:
        """Sequences' ids and their values, of replicates the mean, by the row's anchor.

        Values of whole sets have no sequences and are left out.
        """
        stacks: dict[str, list[dict[str, float]]] = defaultdict(list)
        order: dict[str, None] = {}
        for source, cells in dossier.parts.items():
            for cell in cells:
                for metric, values in self._indices[source].of(cell["cell_id"]):
                    if values.keys() != {""}:
                        order |= dict.fromkeys(values)
                        stacks[slug(metric, cell["aggregator"])].append(values)
        ids = list(order)[:MOST_SEQUENCES]
        return {"ids": ids, "values": {at: _means(stack, ids) for at, stack in stacks.items()}}


class _Index:
    """Where the values of each cell lie in a source's table.

    Runs write cell after cell and metric after metric, so that their rows are a few stretches;
    nothing is sorted, and nothing copied but what is asked for.
    """

    def __init__(self, source: Source) -> None:
        self._table = source.samples

    @functools.cached_property
    def _places(self) -> dict[str, dict[str, list[tuple[int, int]]]]:
        """First row and length of each stretch, by cell and metric."""
        found: dict[str, dict[str, list[tuple[int, int]]]] = {}
        if not len(self._table):
            return found
        cells, metrics = (encoded(self._table[name]) for name in ("cell_id", "metric"))
        of, by = (np.asarray(one.indices) for one in (cells, metrics))
        edges = np.flatnonzero((np.diff(of) != 0) | (np.diff(by) != 0)) + 1
        for start, stop in itertools.pairwise([0, *edges.tolist(), len(of)]):
            cell, metric = (
                cells.dictionary[of[start]].as_py(),
                metrics.dictionary[by[start]].as_py(),
            )
            stretches = found.setdefault(cell, {}).setdefault(metric, [])
            stretches.append((start, stop - start))
        return found

    @functools.cached_property
    def _columns(self) -> tuple[pa.Array, pa.Array]:
        return encoded(self._table["sample_id"]), self._table["value"].combine_chunks()

    def of(self, cell: str) -> Iterator[tuple[str, dict[str, float]]]:
        """Each metric of a cell, with its first values by sequence; NaN where undefined."""
        ids, values = self._columns
        for metric, stretches in self._places.get(cell, {}).items():
            held: dict[str, float] = {}
            for start, many in stretches:
                part = slice(start, start + min(many, MOST_SEQUENCES - len(held)))
                numbers = values[part].to_numpy(zero_copy_only=False).astype(np.float64)
                held |= zip(ids[part].to_pylist(), numbers.tolist(), strict=True)
            yield metric, held


def _means(stack: Sequence[Mapping[str, float]], ids: Sequence[str]) -> list[float | None]:
    table = np.array([[one.get(name, np.nan) for name in ids] for one in stack])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where no replicate defines it
        means = np.nanmean(table, axis=0)
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in means]
