"""Walks a plan: one cell at a time, failures isolated, every finished cell on disk at once."""

from __future__ import annotations

import json
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gxarena import __version__
from gxarena.api import Motif, Quantity, Scored, SetScored
from gxarena.data import Explained, Sample
from gxarena.errors import (
    GxarenaError,
    InputError,
    MissingExtra,
    PluginError,
    StorageError,
    Unsupported,
)
from gxarena.identity import digest
from gxarena.metrics.similarity import renormalised
from gxarena.results.folder import RunFolder
from gxarena.results.leaderboard import leaderboard
from gxarena.results.parquet import write_table
from gxarena.results.provenance import git_commit, package_versions, peak_memory
from gxarena.results.schemas import SETTLED
from gxarena.run.choices import resolved_parameters
from gxarena.run.plan import Cell, Plan
from gxarena.run.probe import ModelProbe
from gxarena.run.stages import Report, Stages
from gxarena.run.store import Store

TRACEBACK_TAIL = 2000
"""Characters of a traceback that are kept."""

CellReport = Callable[[Cell, str, str], None]
"""Told of each settled cell: the cell, its status, its error message."""


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Attributes
    ----------
    statuses : mapping of status to number of cells of the plan, by their last attempt
    reused : int
        Cells that an earlier run had settled.
    leaderboard : pyarrow.Table
    interrupted : bool
    """

    statuses: Mapping[str, int]
    reused: int
    leaderboard: pa.Table
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every cell that was due is done."""
        return set(self.statuses) <= SETTLED


def run(
    plan: Plan,
    out: Path,
    *,
    report: Report | None = None,
    report_cell: CellReport | None = None,
) -> Summary:
    """Run a plan into a folder, or take up an earlier run of the same suite there.

    Raises
    ------
    InputError
        The folder is another suite's, or a component does not have a parameter it is given.
    StorageError
        The disk is full or read-only; what was finished is kept.
    """
    folder = RunFolder(out)
    folder.check(plan)
    with folder.locked():
        folder.claim(plan)
        _check_components(plan)
        statuses = folder.statuses(cell.id for cell in plan.cells)
        done = {cell for cell, status in statuses.items() if status in SETTLED}
        walk = _Walk(plan, folder, Stages(plan, Store(out / "store"), report))
        interrupted = False
        try:
            for cell in _in_order(plan, done):
                status, message = walk.attempt(cell)
                if report_cell:
                    report_cell(cell, status, message)
        except KeyboardInterrupt:
            interrupted = True
        return _finish(plan, folder, len(done), interrupted)


def _finish(plan: Plan, folder: RunFolder, reused: int, interrupted: bool) -> Summary:
    tables = folder.consolidate()
    board = leaderboard(tables["cells"], tables["samples"], seed=plan.suite.seed)
    write_table(folder.path / "leaderboard.parquet", board, folder.footer("leaderboard"))
    statuses = Counter(folder.statuses(cell.id for cell in plan.cells).values())
    return Summary(dict(statuses), reused, board, interrupted)


def _in_order(plan: Plan, done: set[str]) -> Iterator[Cell]:
    """Cells still due, those of one model and explainer together: each is loaded once."""
    due = [cell for cell in plan.cells if cell.id not in done]
    return iter(
        sorted(due, key=lambda cell: (cell.dataset, cell.model, cell.explainer, bool(cell.against)))
    )


def _check_components(plan: Plan) -> None:
    """Say before any work what the user can mend: a parameter that is not there, missing extras.

    A component that does not import fails its cells and the others run; where no cell can run
    for want of an extra, one sentence says so instead.
    """
    missing: dict[tuple[str, str], MissingExtra] = {}
    for key, choice in plan.choices.items():
        try:
            resolved_parameters(choice, plan.registry)
        except MissingExtra as error:
            missing[key] = error
        except (PluginError, ValueError):
            continue
    if missing and all(missing.keys() & _components(cell) for cell in plan.cells):
        raise next(iter(missing.values()))


def _components(cell: Cell) -> set[tuple[str, str]]:
    """The (kind, label) of everything a cell runs."""
    kinds = ("model", "explainer", "aggregator", "metric")
    return {(f"{kind}s", getattr(cell, kind)) for kind in kinds}


class _Walk:
    """One run's way through its cells."""

    def __init__(self, plan: Plan, folder: RunFolder, stages: Stages) -> None:
        self._plan = plan
        self._folder = folder
        self._stages = stages

    def attempt(self, cell: Cell) -> tuple[str, str]:
        """Score one cell and write what came of it; returns status and error message."""
        start, started = time.perf_counter(), datetime.now(UTC)
        probe = ModelProbe(
            lambda: self._stages.model(cell.model),
            explain=self._stages.explain_again(cell.explainer),
        )
        row = self._described(cell) | {"started": started, "status": "ok"}
        parts: dict[str, list[dict[str, Any]]] = {}
        try:
            if cell.unsupported:
                raise Unsupported(cell.unsupported)
            metric = self._stages.create("metrics", cell.metric)
            row["quantities"] = _as_json({k: asdict(q) for k, q in metric.quantities.items()})
            explained, scored = self._score(cell, metric, probe)
            parts = _parts(cell, explained.samples, scored, metric.quantities)
            row |= self._cost(cell, probe)
        except StorageError:
            raise
        except KeyboardInterrupt:
            self._folder.write_cell(row | {"status": "interrupted", "seconds": 0.0})
            raise
        # A plugin may raise anything, SystemExit included; its cell fails and the others run.
        except BaseException as error:
            row |= _failure(error)
        row["seconds"] = time.perf_counter() - start
        row["peak_memory"] = peak_memory()
        self._folder.write_cell(row, parts)
        return row["status"], row.get("error_message") or ""

    def _score(
        self, cell: Cell, metric: Any, probe: ModelProbe
    ) -> tuple[Explained, Scored | SetScored]:
        explained = self._stages.explained(cell.dataset, cell.model, cell.explainer)
        if cell.against is None:
            projected = self._stages.projected(explained, cell.dataset, cell.aggregator)
            if self._plan.scope(cell.metric) == "set":
                return projected, metric.score_set(projected)
            return projected, metric.score(projected, probe)
        other = self._stages.explained(cell.dataset, *cell.against)
        if metric.renormalise:
            explained, other = renormalised(explained), renormalised(other)
        left = self._stages.projected(explained, cell.dataset, cell.aggregator)
        right = self._stages.projected(other, cell.dataset, cell.aggregator)
        return left, metric.compare(left, right)

    def _cost(self, cell: Cell, probe: ModelProbe) -> dict[str, Any]:
        """What the cell cost: the explainer's share and the probe's.

        Explainers declare what a sequence costs, or, where that depends on the sequence, say it in
        ``diagnostics["forwards"]``; asked again by a metric, the mean of that.
        """
        row: dict[str, Any] = {
            "explain_seconds": self._stages.explain_seconds(
                cell.dataset, cell.model, cell.explainer
            ),
            "forwards": probe.forwards,
        }
        explainer = self._stages.create("explainers", cell.explainer)
        cost = getattr(explainer, "cost", None) or _counted(
            self._stages.explained(cell.dataset, cell.model, cell.explainer)
        )
        if cost is not None:
            explained = len(self._plan.datasets[cell.dataset].samples) + probe.explanations
            row |= {
                "forwards": probe.forwards + round(explained * cost[0]),
                "backwards": round(explained * cost[1]),
            }
        model = self._stages.loaded(cell.model)
        return row | {
            "device": str(getattr(model, "device", "cpu")) if model else None,
            "dtype": str(getattr(model, "dtype", "")).removeprefix("torch.") if model else None,
        }

    def _described(self, cell: Cell) -> dict[str, Any]:
        suite, dataset = self._plan.suite, self._plan.datasets[cell.dataset]
        packages = package_versions()
        row: dict[str, Any] = {
            "cell_id": cell.id,
            "suite": suite.name,
            "suite_digest": self._plan.digest,
            "gxarena_version": __version__,
            "dataset": cell.dataset,
            "dataset_digest": dataset.digest,
            "n_samples": len(dataset.samples),
            "metric_name": cell.metric_name,
            "metric_scope": self._plan.scope(cell.metric),
            "against": "/".join(cell.against) if cell.against else None,
            "target": str(suite.target),
            "objective": suite.objective,
            "seed": suite.seed,
            "packages": _as_json(packages),
            "packages_digest": digest(packages),
            "git_commit": git_commit(),
        }
        for kind in ("model", "explainer", "aggregator", "metric"):
            row |= self._described_component(kind, getattr(cell, kind))
        return row

    def _described_component(self, kind: str, label: str) -> dict[str, Any]:
        choice = self._plan.choice(f"{kind}s", label)
        try:
            parameters = resolved_parameters(choice, self._plan.registry)
        except (GxarenaError, ValueError):
            parameters = choice.parameters
        return {
            kind: label,
            f"{kind}_component": choice.found.component.name,
            f"{kind}_distribution": choice.found.distribution,
            f"{kind}_version": choice.found.version,
            f"{kind}_digest": choice.identity,
            f"{kind}_parameters": _as_json(parameters),
        }


def _counted(explained: Explained) -> tuple[float, float] | None:
    """Mean forwards and backwards a sequence, where the attributions say them."""
    counts = [a.diagnostics.get("forwards") for a in explained.attributions]
    known = [count for count in counts if count is not None]
    return (float(np.mean(known)), 0.0) if len(known) == len(counts) else None


def _failure(error: BaseException) -> dict[str, Any]:
    name = type(error).__name__
    status = "error"
    if isinstance(error, Unsupported):
        status = "unsupported"
    elif isinstance(error, MemoryError) or name == "OutOfMemoryError":
        status = "oom"
    elif not isinstance(error, Exception):
        status = "crashed"
    tail = _writable("".join(traceback.format_exception(error)))[-TRACEBACK_TAIL:]
    return {
        "status": status,
        "error_type": name,
        "error_message": _message(error) or name,
        "error_traceback": None if isinstance(error, Unsupported | InputError) else tail,
    }


def _message(error: BaseException) -> str:
    try:
        return _writable(str(error))
    except Exception:
        return ""  # an error that fails when asked what it is still has a name


def _writable(text: str) -> str:
    """Text as UTF-8 can hold it: file names may carry bytes that are none."""
    return text.encode("utf-8", "backslashreplace").decode()


def _parts(
    cell: Cell,
    samples: tuple[Sample, ...],
    scored: Scored | SetScored,
    quantities: Mapping[str, Quantity],
) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table that a cell's result comes to."""
    if isinstance(scored, SetScored):
        # A set is scored as if it were one sample without a name.
        values = {key: np.array([value]) for key, value in scored.values.items()}
        reasons = {key: {0: reason} for key, reason in scored.reasons.items()}
        _check_scored(Scored(values, reasons), quantities, 1, cell)
        return {
            "samples": list(_sample_rows(cell, (Sample("", ""),), Scored(values, reasons))),
            "motifs": [_motif_row(cell, motif) for motif in scored.motifs],
            "seqlets": list(_seqlet_rows(cell, samples, scored.motifs)),
        }
    _check_scored(scored, quantities, len(samples), cell)
    return {
        "samples": list(_sample_rows(cell, samples, scored)),
        "curves": list(_curve_rows(cell, samples, scored)),
    }


def _motif_row(cell: Cell, motif: Motif) -> dict[str, Any]:
    row: dict[str, Any] = {
        "cell_id": cell.id,
        "motif": motif.name,
        "sign": motif.sign,
        "contributions": motif.contributions,
        "n_seqlets": len(motif.seqlets),
        "frequencies": motif.frequencies.tolist(),
        "scores": motif.scores.tolist(),
        "trimmed_start": motif.trimmed[0],
        "trimmed_end": motif.trimmed[1],
    }
    if motif.match is not None:
        match = asdict(motif.match) | {"frequencies": motif.match.frequencies.tolist()}
        row |= {f"match_{key}": value for key, value in match.items()}
    return row


def _seqlet_rows(
    cell: Cell, samples: tuple[Sample, ...], motifs: tuple[Motif, ...]
) -> Iterator[dict[str, Any]]:
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
    scored: Scored, quantities: Mapping[str, Quantity], n_samples: int, cell: Cell
) -> None:
    for key, values in scored.values.items():
        if key not in quantities:
            raise PluginError(
                f"metric '{cell.metric}': expected keys among its quantities, got '{key}'."
            )
        if np.shape(values) != (n_samples,):
            raise PluginError(
                f"metric '{cell.metric}', '{key}': expected {n_samples} values, "
                f"got an array of shape {np.shape(values)}."
            )


def _sample_rows(
    cell: Cell, samples: tuple[Sample, ...], scored: Scored
) -> Iterator[dict[str, Any]]:
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


def _curve_rows(
    cell: Cell, samples: tuple[Sample, ...], scored: Scored
) -> Iterator[dict[str, Any]]:
    for curve in scored.curves:
        for x, y in zip(curve.x, curve.y, strict=True):
            yield {
                "cell_id": cell.id,
                "sample_id": samples[curve.sample].id,
                "curve": curve.key,
                "x": float(x),
                "y": float(y) if np.isfinite(y) else None,
            }


def _as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, default=str)
