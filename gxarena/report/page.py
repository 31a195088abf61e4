"""One page of everything: the claims as a checklist, Table 1, the figures, what was run.

Written as Markdown beside its pictures, and as one HTML file that holds everything itself. The
same runs give the same bytes.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from gxarena.errors import InputError, MissingExtra, StorageError
from gxarena.report.budgets import MARK, below_unit, budget_rows, budget_table, row_key
from gxarena.report.claims.findings import Finding, judge
from gxarena.report.evidence import Evidence
from gxarena.report.figures.catalogue import DRAWINGS, PAPERS
from gxarena.report.rendering import rendered
from gxarena.report.runs import ALL, NotHeld, Run
from gxarena.report.table1 import (
    HEADINGS,
    METRICS,
    TableRow,
    caption,
    counts,
    figures,
    latex,
    markdown,
    table_1,
)
from gxarena.report.verdicts import Comparison, Verdict
from gxarena.results.leaderboard import leaderboard_of

MARKS: dict[Verdict, str] = {"holds": "✓", "fails": "✗", "undecided": "?", "by construction": "="}
Told = Callable[[str], None]


@dataclass(frozen=True)
class Picture:
    """A figure of the page: where it lies, or why it does not.

    Attributes
    ----------
    title, caption : str
    file : Path or None
        The PNG, relative to the report; the SVG lies beside it.
    reason : str
        Why there is none.
    """

    title: str
    caption: str
    file: Path | None
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What a report found, and where it lies.

    Attributes
    ----------
    findings : list of Finding
    pictures : list of Picture
    rows : list of TableRow
        Table 1; empty where the runs do not hold it.
    folder : Path
    """

    findings: list[Finding]
    pictures: list[Picture]
    rows: list[TableRow]
    folder: Path


def write_report(evidence: Evidence, folder: Path, told: Told = lambda _what: None) -> Report:
    """Write report.md, report.html, claims.json, table-1.md, table-1.tex and figures/.

    Parameters
    ----------
    evidence : Evidence
    folder : Path
        Made where it is not there.
    told : callable
        Called with what is being done.

    Raises
    ------
    InputError
        No cell of the runs is done.
    StorageError
        The folder cannot be written to.
    """
    if not any(run.cells for run in evidence.runs):
        raise InputError(
            f"{evidence.where}: expected a run with finished cells, got none. See "
            "`gxarena failures DIR`."
        )
    told("claims")
    findings = judge(evidence)
    told("table 1")
    rows, no_table = _table(evidence)
    pictures = list(_pictures(evidence, folder, told))
    report = Report(findings, pictures, rows, folder)
    told("pages")
    context = _context(evidence, report, no_table)
    texts = {
        "report.md": rendered("report.md", context),
        "report.html": rendered("report.html", context),
        "claims.json": json.dumps([f.document() for f in findings], indent=1) + "\n",
    }
    if rows:
        texts |= {"table-1.md": markdown(rows), "table-1.tex": latex(rows)}
    for name, text in texts.items():
        _write(folder / name, text)
    return report


def _table(evidence: Evidence) -> tuple[list[TableRow], str]:
    """Table 1, or why there is none."""
    try:
        return table_1(evidence), ""
    except NotHeld as error:
        return [], str(error)


def _pictures(evidence: Evidence, folder: Path, told: Told) -> Iterator[Picture]:
    """Every figure as PNG and SVG; one that the runs do not hold is a reason."""
    for number, one in enumerate(DRAWINGS.values(), 1):
        told(f"figure {one.name}")
        title = f"Figure {number}: {one.title}" if number <= PAPERS else one.title
        file = Path("figures") / f"{one.name}.png"
        try:
            one.write(evidence, folder / file)
            one.write(evidence, (folder / file).with_suffix(".svg"))
        except (NotHeld, MissingExtra) as error:
            yield Picture(title, one.caption, None, str(error))
        else:
            said = f" Weights: {evidence.weights(one.weights)}."
            yield Picture(title, one.caption + said, file)


def _context(evidence: Evidence, report: Report, no_table: str) -> dict[str, Any]:
    """What the templates are given."""
    verdicts = Counter(finding.verdict for finding in report.findings)
    return {
        "runs": [_run(run) | {"accuracy": _accuracy(evidence, run)} for run in evidence.runs],
        "findings": report.findings,
        "tally": {verdict: verdicts[verdict] for verdict in MARKS},
        "marks": MARKS,
        "table": _table_cells(report.rows),
        "table_caption": caption(report.rows) if report.rows else "",
        "no_table": no_table,
        "budgets": budget_table(budget_rows(evidence)),
        "pictures": report.pictures,
        "embedded": {p.title: _embedded(report.folder / p.file) for p in report.pictures if p.file},
        "headline": [row for run in evidence.runs for row in _headline(run)],
        "statistic": _statistic,
        "number": _number,
        "interval": _interval,
    }


def _named(attempts: list[dict[str, Any]], kind: str) -> list[str]:
    """Labels, each with its component where that has another name."""
    components = {str(row[kind]): row.get(f"{kind}_component") for row in attempts}
    return [
        label if component in (None, label) else f"{label} ({component})"
        for label, component in components.items()
    ]


def _replicates(attempts: list[dict[str, Any]]) -> list[str]:
    """How many checkpoints each model with replicates stands for.

    Not by cells of pairs, whose position may be the other model's.
    """
    own = (row for row in attempts if not row["against"])
    positions = {(row["model"], row["model_replicate"]) for row in own}
    counts = Counter(model for model, position in positions if position is not None)
    return [f"{model} {n}" for model, n in sorted(counts.items())]


def _accuracy(evidence: Evidence, run: Run) -> list[str]:
    """How often each model is right on each data set, where the suite asks for it.

    Of a model with replicates, each of them.
    """
    found: dict[str, list[float]] = {}
    for cell in evidence.cells("accuracy", controls=True, classes=ALL):
        if cell.run is not run:
            continue
        columns = [one.column() for one in cell.apart()]
        shares = [float(c.defined.mean()) for c in columns if c is not None and c.defined.size]
        if shares:
            found[f"{cell.facts['model']} on {cell.dataset}"] = shares
    return [
        f"{where} {' / '.join(f'{share:.3f}' for share in shares)}"
        for where, shares in found.items()
    ]


def _run(run: Run) -> dict[str, Any]:
    """What a reader must know of a run."""
    attempts = run.attempts
    first = attempts[0]
    ok = [row for row in attempts if row["status"] == "ok"]
    failed = [row for row in attempts if row["status"] not in ("ok", "unsupported", "skipped")]
    datasets = {row["dataset"]: row for row in attempts}
    return {
        "suite": run.name,
        "summary": run.document.get("summary", ""),
        "digest": run.digest,
        "target": first["target"],
        "objective": first["objective"],
        "seed": first["seed"],
        "version": first["gxarena_version"],
        "commit": first.get("git_commit"),
        "devices": ", ".join(sorted({str(r["device"]) for r in ok if r.get("device")})) or "–",
        "seconds": sum(row["seconds"] for row in attempts),
        "datasets": [
            f"{name} ({row['n_samples']} sequences, {run.class_of(name)})"
            for name, row in datasets.items()
        ],
        "models": _named(attempts, "model"),
        "replicates": _replicates(attempts),
        "explainers": _named(attempts, "explainer"),
        "n_ok": len(ok),
        "n_cells": len(attempts),
        "n_impossible": sum(row["status"] == "unsupported" for row in attempts),
        "failed": [
            {
                "cell": "/".join(
                    str(row[k])
                    for k in ("dataset", "model", "explainer", "aggregator", "metric_name")
                )
                + (f", replicate {row['model_replicate']}" if row["model_replicate"] else ""),
                "status": row["status"],
                "message": row["error_message"] or "",
            }
            for row in failed
        ],
    }


def _table_cells(rows: list[TableRow]) -> dict[str, list[list[str]]]:
    """Table 1 as text."""
    head = ["data set", "explanation", "scores on"]
    for metric in METRICS:
        head += [HEADINGS[metric], "paper"]
    body = []
    for row in rows:
        numbers = [
            figures(pair)
            for metric in METRICS
            for pair in (row.entries[metric].ours, row.entries[metric].theirs)
        ]
        body.append([row.dataset, row.explanation, row.scores, *numbers, counts(row)])
    return {"head": [[*head, "n"]], "body": body}


def _headline(run: Run) -> list[dict[str, Any]]:
    """The rows of a run's leaderboard that its suite shows first."""
    results = run.results
    patterns = results.record.headline
    if not patterns:
        return []
    board = leaderboard_of(results)
    rows: list[dict[str, Any]] = board.to_pylist()
    below = below_unit(rows)
    return [
        row | {"mark": MARK if row_key(row) in below else ""}
        for row in rows
        if any(fnmatchcase(row["metric"], p) for p in patterns)
    ]


def _statistic(one: Comparison) -> str:
    """An estimate with its interval and unit."""
    if one.estimate != one.estimate:
        return "–"
    if one.low != one.low:
        return f"{_number(one.estimate)} {one.unit}".strip()
    interval = f"{_number(one.low)} to {_number(one.high)}"
    return f"{_number(one.estimate)} ({interval}) {one.unit}".strip()


def _interval(row: dict[str, Any]) -> str:
    """A leaderboard row's interval."""
    if row["ci_low"] is None:
        return "–"
    return f"{_number(row['ci_low'])} to {_number(row['ci_high'])}"


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.3g}".replace("-", "−")


def _embedded(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"--out {path.parent}: expected to write, got '{error.strerror}'."
        ) from error
