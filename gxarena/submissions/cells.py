"""Whether a bundle holds the cells that its suite asks for: none missing, none twice or besides.

Which cells there are is told three times: by the suite's matrix, by the ids in run.json and by the
table. Whoever leaves out a result that does not please has to leave it out of all three.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gxarena.capabilities import PAIR
from gxarena.errors import InputError
from gxarena.identity import digest
from gxarena.results.reading import RunResults, last_attempts
from gxarena.run.suite import Suite
from gxarena.submissions.findings import Findings, quoted

CHECK = "cells"
Row = Mapping[str, Any]
AXES = ("dataset", "model", "explainer", "aggregator", "metric")
MOST_REPLICATES = 10_000
_BLOCKS_MAY_OVERLAP = 100
Labels = tuple[str, ...]
"""Of a cell by `AXES`, and what it is compared with."""

_READ = [
    "cell_id", "attempt", "suite", "dataset", "dataset_digest", "n_samples", "model",
    "model_component", "model_distribution", "model_parameters", "model_digest",
    "model_weights_digest", "model_replicate", "explainer", "explainer_component",
    "explainer_distribution", "explainer_parameters", "explainer_digest", "explainer_role",
    "attributions_key", "attributions_fingerprint", "aggregator", "aggregator_component",
    "aggregator_parameters", "aggregator_digest", "metric", "metric_component",
    "metric_distribution", "metric_parameters", "metric_digest", "metric_name", "metric_scope",
    "metric_question", "against", "quantities", "target", "objective", "seed", "status",
    "gxarena_version", "explain_seconds", "dataset_kind",
]  # fmt: skip
"""Columns of `cells` that any check reads."""


def named(row: Row) -> str:
    """How a sentence calls a cell."""
    replicate = row["model_replicate"]
    labels = [
        row["dataset"],
        row["model"] if replicate is None else f"{row['model']} (replicate {replicate})",
        *(row[kind] for kind in ("explainer", "aggregator", "metric_name")),
    ]
    return f"cell {quoted(' / '.join(map(str, labels)))}"


def checked_cells(run: RunResults, suite: Suite, findings: Findings) -> Sequence[Row]:
    """The last attempt of each cell, the cells of the plan held against the suite."""
    table = run.table("cells").select(_READ)
    rows = table.to_pylist()
    record = run.record
    for (cell, attempt), count in Counter((r["cell_id"], r["attempt"]) for r in rows).items():
        if count > 1:
            where = f"cells.parquet, {quoted(cell)}"
            findings.add(CHECK, where, f"attempt {attempt} once", f"{count} rows of it")
    listed = Counter(record.cells)
    for cell, count in listed.items():
        if count > 1:
            findings.add(CHECK, f"run.json, {quoted(cell)}", "each cell once", f"it {count} times")
    last = last_attempts(table)
    held = {row["cell_id"]: row for row in last}
    for cell in sorted(listed.keys() - held.keys()):
        findings.add(CHECK, f"cells.parquet, {quoted(cell)}", "a row of it", "none")
    for cell in sorted(held.keys() - listed.keys()):
        findings.add(CHECK, named(held[cell]), "a cell of the plan in run.json", "another")
    if record.digest != digest([record.suite, list(record.cells)]):
        findings.add(CHECK, "run.json, digest", "that of its cells", quoted(record.digest))
    _check_labels(last, findings)
    _check_suite(last, record.suite, suite, findings)
    check_matrix(last, suite, findings)
    return last


def _check_labels(rows: Sequence[Row], findings: Findings) -> None:
    """One cell a contestant: two of the same labels would be one row of a board."""
    labels = (*AXES[:-1], "metric_name", "model_replicate")
    counts = Counter(tuple(row[label] for label in labels) for row in rows)
    for row in rows:
        key = tuple(row[label] for label in labels)
        if counts[key] > 1:
            findings.add(CHECK, named(row), "one cell of these labels", f"{counts[key]}")
            counts[key] = 1
        seconds = row["explain_seconds"]
        if seconds is not None and not 0 <= seconds < math.inf:
            where = f"{named(row)}, explain_seconds"
            findings.add(CHECK, where, "a number of seconds", f"{seconds:g}")


def _check_suite(rows: Sequence[Row], name: str, suite: Suite, findings: Findings) -> None:
    """What the cells say of the suite is what run.json says."""
    if suite.name != name:
        findings.add(CHECK, "run.json, suite", quoted(suite.name), quoted(name))
    said = {
        "suite": name,
        "target": str(suite.target),
        "objective": suite.objective,
        "seed": suite.seed,
    }
    for row in rows:
        for what, value in said.items():
            if row[what] != value:
                got = quoted(row[what])
                findings.add(CHECK, f"{named(row)}, {what}", f"{value} as in run.json", got)


def check_matrix(rows: Sequence[Row], suite: Suite, findings: Findings) -> None:
    """Every combination of the suite has its cells, on every replicate of its model."""
    found: dict[Labels, set[int | None]] = defaultdict(set)
    for row in rows:
        labels = (*(str(row[axis]) for axis in AXES), row["against"] or "")
        found[labels].add(row["model_replicate"])
    _check_size(suite, len(rows))
    asked = set(_combinations(suite, rows))
    for labels in sorted(asked - found.keys()):
        findings.add(CHECK, _called(labels), "one, since the suite asks for it", "none")
    for labels in sorted(found.keys() - asked):
        findings.add(CHECK, _called(labels), "a cell that the suite asks for", "one besides")
    for labels in sorted(asked & found.keys()):
        positions = _positions(labels, suite)
        for position in sorted(positions - found[labels], key=str):
            findings.add(CHECK, f"{_called(labels)}, replicate {position}", "a cell", "none")
        for position in sorted(found[labels] - positions, key=str):
            findings.add(CHECK, f"{_called(labels)}, replicate {position}", "none", "a cell")


def _positions(labels: Labels, suite: Suite) -> set[int | None]:
    """Of which replicates there are cells (see `gxarena.run.plan.Plan.counterparts`).

    A model's own; of two that have several those that both have; where it has none, those of what
    it is compared with. None stands for a model that has none.
    """
    own, other = (_replicates(model, suite) for model in (labels[1], labels[5].partition("/")[0]))
    if own is None:
        return {None} if other is None else set(range(other))
    return set(range(min(own, other) if other and min(own, other) > 1 else own))


def _replicates(model: str, suite: Suite) -> int | None:
    """How many a model has; None where it has none."""
    asked = suite.aliases("models").get(model, {}).get("replicates")
    if asked is None:
        return None
    return min(len(asked) if isinstance(asked, list) else int(asked), MOST_REPLICATES)


def _check_size(suite: Suite, n: int) -> None:
    """Raise where a suite asks for so many cells that naming them would take the memory."""
    asked = sum(
        math.prod(
            (len(b.datasets), len(b.models), len(b.explainers), len(b.aggregators), len(b.metrics))
        )
        * max(1, len(b.against))
        for b in suite.matrix
    )
    if asked > _BLOCKS_MAY_OVERLAP * (n + 1):
        raise InputError(f"run.json, matrix: expected {n} cells, as there are, got {asked}.")


def _combinations(suite: Suite, rows: Sequence[Row]) -> Iterator[Labels]:
    """What the suite's matrix asks for: the labels of each cell, and what it is compared with."""
    pairs = {row["metric"] for row in rows if row["metric_scope"] == PAIR}
    # These compare replicates of one model, where it has any; others never one with itself.
    own = {row["metric"] for row in rows if (row["against"] or _own(row)) == _own(row)} & pairs
    several = {row["model"] for row in rows if row["metric"] in own and row["against"]}
    for block in suite.matrix:
        axes = (block.datasets, block.models, block.explainers, block.aggregators, block.metrics)
        for dataset, model, explainer, aggregator, metric in itertools.product(*axes):
            labels = (dataset, model, explainer, aggregator, metric)
            name = f"{model}/{explainer}"
            if metric in own:
                yield (*labels, name if model in several else "")
            elif metric in pairs:
                yield from ((*labels, other) for other in block.against if other != name)
            else:
                yield (*labels, "")


def _own(row: Row) -> str:
    return f"{row['model']}/{row['explainer']}"


def _called(labels: Labels) -> str:
    versus = f" (vs {labels[5]})" if labels[5] else ""
    return f"cell {quoted(' / '.join(labels[:5]) + versus)}"
