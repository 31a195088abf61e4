"""What the tables say of a cell: what it is and what it was scored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gxarena import __version__
from gxarena.api import Motif, Quantity, Scored, SetScored
from gxarena.data import Explained, Sample
from gxarena.errors import PluginError
from gxarena.identity import digest, path_digest
from gxarena.registry import Registry
from gxarena.results.provenance import git_commit, package_versions
from gxarena.run.cells import Cell
from gxarena.run.choices import Choice, facts, resolved_parameters
from gxarena.run.failures import failure
from gxarena.run.plan import Plan

Row = dict[str, Any]
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
        self._made = made
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
        made = (self._made or {}).get(("metrics", cell.metric), {})
        # What was to be measured is said also of a cell whose explainer fails.
        return row | {"quantities": made.get("quantities")}

    def _component(self, kind: str, label: str) -> Row:
        if (kind, label) not in self._components:
            self._components[kind, label] = self._described(kind, label)
        return self._components[kind, label]

    def _described(self, kind: str, label: str) -> Row:
        choice = self._plan.choice(f"{kind}s", label)
        made = self._made
        parameters: Made = (
            made_of(choice, self._plan.registry)
            if made is None
            else made.get((f"{kind}s", label), {})
        )
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
    """A component's parameters as JSON, or what a row says of the reason why it has none."""
    try:
        return {"parameters": as_json(resolved_parameters(choice, registry))}
    except (Exception, SystemExit) as error:
        return failure(error)


def units_of(explained: Explained) -> str:
    """What scores are on: "nucleotide" where every unit is a single one, "token" otherwise."""
    single = all(one.spans.widths.max() == 1 for one in explained.attributions)
    return "nucleotide" if single else "token"


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
) -> dict[str, list[Row]]:
    """The rows of each other table that a cell's result comes to.

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
        _check_scored(Scored(values, reasons), quantities, 1, where)
        return {
            "samples": list(_sample_rows(cell, (Sample("", ""),), Scored(values, reasons))),
            "motifs": [_motif_row(cell, motif) for motif in scored.motifs],
            "seqlets": list(_seqlet_rows(cell, samples, scored.motifs)),
        }
    _check_scored(scored, quantities, len(samples), where)
    return {
        "samples": list(_sample_rows(cell, samples, scored)),
        "curves": list(_curve_rows(cell, samples, scored)),
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


def _sample_rows(cell: Cell, samples: tuple[Sample, ...], scored: Scored) -> Iterator[Row]:
    for key, values in scored.values.items():
        reasons = scored.reasons.get(key, {})
        name = f"{cell.metric_name}.{key}" if key else cell.metric_name
        for index, (sample, value) in enumerate(zip(samples, values, strict=True)):
            defined = bool(np.isfinite(value))
            yield {
                "cell_id": cell.id,
                "sample_id": sample.id,
                "metric": name,
                "value": float(value) if defined else None,
                "reason": None if defined else reasons.get(index, f"not finite: {value}"),
            }


def _curve_rows(cell: Cell, samples: tuple[Sample, ...], scored: Scored) -> Iterator[Row]:
    for curve in scored.curves:
        for x, y in zip(curve.x, curve.y, strict=True):
            yield {
                "cell_id": cell.id,
                "sample_id": samples[curve.sample].id,
                "curve": curve.key,
                "x": float(x),
                "y": float(y) if np.isfinite(y) else None,
            }


def as_json(document: Mapping[str, Any]) -> str:
    """A document as one line that does not depend on the order of its keys."""
    return json.dumps(document, sort_keys=True, default=str)
