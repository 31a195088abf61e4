"""What the tables say of a cell: what it is and what it was scored."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena import __version__
from gxarena.api import ControlledMetric, Motif, Quantity, Scored, SetScored
from gxarena.data import Explained, Sample
from gxarena.errors import PluginError
from gxarena.identity import digest, path_digest
from gxarena.registry import Registry
from gxarena.results.provenance import git_commit, package_versions
from gxarena.results.schemas import TABLES
from gxarena.run.cells import Cell
from gxarena.run.choices import Choice, create, facts, resolved_parameters
from gxarena.run.failures import failure
from gxarena.run.plan import Plan
from gxarena.sources.dependencies import CORE

Row = dict[str, Any]
Tables = dict[str, pa.Table]
"""A cell's rows of each table but `cells`."""
NUCLEOTIDE, TOKEN = "nucleotide", "token"
Made = Mapping[str, Any]
"""What a component came to where it was made: see `made_of`."""


class CellRows:
    """The `cells` rows of a plan, before its cells are run.

    Parameters
    ----------
    plan : Plan
    made : mapping, optional
        What each component, by kind and label, came to where it was made: its parameters as JSON,
        or why it has none. Without it they are looked up here, which imports the component.
    """

    def __init__(self, plan: Plan, made: Mapping[tuple[str, str], Made] | None = None) -> None:
        self._plan = plan
        self._told = made is not None
        self._made: dict[tuple[str, str], Made] = dict(made or {})
        self._components: dict[tuple[str, str], Row] = {}

    def of(self, cell: Cell) -> Row:
        """What a cell is: its components with versions, digests and resolved parameters."""
        suite, dataset = self._plan.suite, self._plan.datasets[cell.dataset]
        packages = package_versions()
        row: Row = {
            "cell_id": cell.id,
            "suite": suite.name,
            "suite_digest": self._plan.digest,
            "gxarena_version": __version__,
            "dataset": cell.dataset,
            "dataset_digest": dataset.digest,
            "dataset_kind": dataset.kind or None,
            "n_samples": len(dataset.samples),
            "model_replicate": cell.position,
            "metric_name": cell.metric_name,
            "metric_scope": self._plan.scope(cell.metric),
            "metric_question": self._plan.choice("metrics", cell.metric).found.component.question,
            "against": cell.compared or None,
            "target": str(suite.target),
            "objective": suite.objective,
            "seed": suite.seed,
            "packages": as_json(packages),
            "packages_digest": digest(packages),
            "git_commit": git_commit(),
        }
        row |= self._component("model", cell.weights)
        for kind in ("explainer", "aggregator", "metric"):
            row |= self._component(kind, getattr(cell, kind))
        # What was to be measured is said also of a cell whose explainer fails.
        return row | {"quantities": self._found("metrics", cell.metric).get("quantities")}

    def untold(self, cell: Cell) -> str:
        """Which component of a cell has not told what it comes to, as an error begins with it.

        No row can say with which parameters, or of which quantities, its values are.
        """
        for kind in ("model", "explainer", "aggregator", "metric"):
            key = f"{kind}s", cell.weights if kind == "model" else getattr(cell, kind)
            told = self._found(*key)
            if "parameters" not in told or ("quantities" not in told and kind == "metric"):
                return self._plan.choice(*key).where
        return ""

    def is_whole(self, metric: str) -> bool:
        """Whether a metric is given all samples at once; where nothing is known of it, it is.

        The core's own are known here, whatever became of the child that was asked: bits depend on
        what is scored together.
        """
        choice = self._plan.choice("metrics", metric)
        found = self._found("metrics", metric)
        if not found and choice.found.distribution == CORE:
            found = made_of(choice, self._plan.registry)
        return bool(found.get("whole", True)) or self._plan.scope(metric) == "set"

    def _found(self, kind: str, label: str) -> Made:
        """What a component came to; looked up here, once, where nobody else has."""
        if self._told:
            return self._made.get((kind, label), {})
        if (kind, label) not in self._made:
            self._made[kind, label] = made_of(self._plan.choice(kind, label), self._plan.registry)
        return self._made[kind, label]

    def _component(self, kind: str, label: str) -> Row:
        if (kind, label) not in self._components:
            self._components[kind, label] = self._described(kind, label)
        return self._components[kind, label]

    def _described(self, kind: str, label: str) -> Row:
        choice = self._plan.choice(f"{kind}s", label)
        parameters = self._found(f"{kind}s", label)
        row: Row = {
            kind: choice.label,
            f"{kind}_component": choice.found.component.name,
            f"{kind}_distribution": choice.found.distribution,
            f"{kind}_version": choice.found.version,
            f"{kind}_digest": choice.identity,
            f"{kind}_parameters": parameters.get("parameters", as_json(choice.parameters)),
        }
        if kind == "explainer":
            row["explainer_role"] = choice.found.component.role
        if kind == "model":
            files = facts(choice.found, choice.parameters).files
            weights = digest([path_digest(Path(file)) for file in files])
            row["model_weights_digest"] = weights if files else None
        return row


def quantities_of(metric: Any) -> str:
    """What a metric declares of its quantities, as JSON."""
    return as_json({key: asdict(quantity) for key, quantity in metric.quantities.items()})


def made_of(choice: Choice, registry: Registry) -> dict[str, Any]:
    """A component's parameters as JSON, or what a row says of the reason why it has none.

    With what it declares to measure, and whether it wants all samples at once, where it is a metric
    and can be made.
    """
    try:
        made: dict[str, Any] = {"parameters": as_json(resolved_parameters(choice, registry))}
    except (Exception, SystemExit) as error:
        return failure(error)
    if choice.kind == "metrics":
        with contextlib.suppress(Exception, SystemExit):  # said again where it is to score
            metric = create(registry, choice)
            made["whole"] = isinstance(metric, ControlledMetric)
            made["quantities"] = quantities_of(metric)
    return made


def units_of(explained: Explained) -> str:
    """What scores are on: "nucleotide" where every unit is a single one, "token" otherwise."""
    single = all(one.spans.length == len(one.spans) for one in explained.attributions)
    return NUCLEOTIDE if single else TOKEN


def of_all(units: Iterable[str]) -> str:
    """What scores are on, by what those of each part are."""
    return TOKEN if TOKEN in set(units) else NUCLEOTIDE


def mean_scored(scored: Sequence[Scored]) -> Scored:
    """What a pair metric gives for a sample, over all that it was compared with.

    A sample's value is the mean of those that are defined, and undefined where none is. Curves are
    of one comparison and are kept where there is no other.
    """
    first = scored[0]
    if len(scored) == 1:
        return first
    values, reasons = {}, {}
    for key in first.values:
        every = np.stack([one.values[key] for one in scored])
        defined = np.isfinite(every)
        counts = defined.sum(axis=0)
        total = np.where(defined, every, 0.0).sum(axis=0)
        values[key] = np.divide(total, counts, out=np.full(len(counts), np.nan), where=counts > 0)
        reasons[key] = {i: why for i, why in first.reasons.get(key, {}).items() if not counts[i]}
    return Scored(values, reasons)


def scored_rows(
    cell: Cell,
    samples: tuple[Sample, ...],
    scored: Scored | SetScored,
    quantities: Mapping[str, Quantity],
    where: str = "",
) -> Tables:
    """The rows of each other table that a metric's answer for these samples comes to.

    Errors begin with `where`, or with the metric's label.

    Raises
    ------
    PluginError
        The metric gave other quantities than it declares, not one value a sample, or one outside
        its declared bounds.
    """
    where = where or f"metric '{cell.metric}'"
    if isinstance(scored, SetScored):
        # A set is scored as if it were one sample without a name.
        values = {key: np.array([value]) for key, value in scored.values.items()}
        reasons = {key: {0: reason} for key, reason in scored.reasons.items()}
        whole = Scored(values, reasons)
        _check_scored(whole, quantities, 1, where)
        rows = {
            "motifs": [_motif_row(cell, motif) for motif in scored.motifs],
            "seqlets": list(_seqlet_rows(cell, samples, scored.motifs)),
        }
        tables = {name: pa.Table.from_pylist(those, TABLES[name]) for name, those in rows.items()}
        return {"samples": _sample_rows(cell, (Sample("", ""),), whole), **tables}
    _check_scored(scored, quantities, len(samples), where)
    return {
        "samples": _sample_rows(cell, samples, scored),
        "curves": _curve_rows(cell, samples, scored),
    }


def _motif_row(cell: Cell, motif: Motif) -> Row:
    row: Row = {
        "cell_id": cell.id,
        "motif": motif.name,
        "sign": motif.sign,
        "contributions": motif.contributions,
        "n_seqlets": len(motif.seqlets),
        "frequencies": motif.frequencies.tolist(),
        "scores": motif.scores.tolist(),
        "trimmed_start": motif.trimmed[0],
        "trimmed_end": motif.trimmed[1],
        "counts": motif.counts,
        "bits": motif.bits,
    }
    if motif.match is not None:
        match = asdict(motif.match) | {"frequencies": motif.match.frequencies.tolist()}
        row |= {f"match_{key}": value for key, value in match.items()}
    return row


def _seqlet_rows(
    cell: Cell, samples: tuple[Sample, ...], motifs: tuple[Motif, ...]
) -> Iterator[Row]:
    for motif in motifs:
        for index, seqlet in motif.seqlets:
            yield {
                "cell_id": cell.id,
                "motif": motif.name,
                "sample_id": samples[index].id,
                "start": seqlet.start,
                "end": seqlet.end,
                "strand": seqlet.strand,
            }


def _check_scored(
    scored: Scored, quantities: Mapping[str, Quantity], n_samples: int, where: str
) -> None:
    for key, values in scored.values.items():
        if key not in quantities:
            raise PluginError(f"{where}: expected keys among its quantities, got '{key}'.")
        if np.shape(values) != (n_samples,):
            raise PluginError(
                f"{where}, '{key}': expected {n_samples} values, "
                f"got an array of shape {np.shape(values)}."
            )
        outside = np.flatnonzero(quantities[key].outside(np.asarray(values)))
        if len(outside):
            low, high = quantities[key].bounds
            raise PluginError(
                f"{where}, '{key}': expected values within its declared bounds "
                f"({low}, {high}), got {values[outside[0]]:g} (and {len(outside) - 1} more). Mend "
                "the value, or the bounds in its quantities."
            )


def _sample_rows(cell: Cell, samples: tuple[Sample, ...], scored: Scored) -> pa.Table:
    schema, ids = TABLES["samples"], pa.array([sample.id for sample in samples], pa.string())
    tables = [schema.empty_table()]
    for key, given in scored.values.items():
        values = np.asarray(given, dtype=np.float64)
        undefined = ~np.isfinite(values)
        reasons = scored.reasons.get(key, {})
        why: list[str | None] = [None] * len(values)
        for index in np.flatnonzero(undefined).tolist():
            why[index] = reasons.get(index, f"not finite: {values[index]}")
        name = f"{cell.metric_name}.{key}" if key else cell.metric_name
        columns = [
            pa.repeat(cell.id, len(ids)),
            ids,
            pa.repeat(name, len(ids)),
            pa.array(values, mask=undefined),
            pa.array(why, pa.string()),
        ]
        tables.append(pa.table(columns, schema=schema))
    return pa.concat_tables(tables)


def _curve_rows(cell: Cell, samples: tuple[Sample, ...], scored: Scored) -> pa.Table:
    schema, curves = TABLES["curves"], scored.curves
    for curve in curves:
        if len(curve.x) != len(curve.y):
            raise PluginError(
                f"metric '{cell.metric}', curve '{curve.key}': expected as many x as y, "
                f"got {len(curve.x)} and {len(curve.y)}."
            )
    if not curves:
        return schema.empty_table()
    each = pa.array(np.repeat(np.arange(len(curves)), [len(curve.x) for curve in curves]))
    x, y = (
        np.concatenate([getattr(curve, axis) for curve in curves]).astype(np.float64)
        for axis in ("x", "y")
    )
    columns = [
        pa.repeat(cell.id, len(each)),
        pa.array([samples[curve.sample].id for curve in curves]).take(each),
        pa.array([curve.key for curve in curves]).take(each),
        pa.array(x),
        pa.array(y, mask=~np.isfinite(y)),
    ]
    return pa.table(columns, schema=schema)


def as_json(document: Mapping[str, Any]) -> str:
    """A document as one line that does not depend on the order of its keys."""
    return json.dumps(document, sort_keys=True, default=str)
