"""`gxarena plan`, `run`, `status`, `failures`: the way of a suite."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gxarena.cli.inventory import Json

if TYPE_CHECKING:
    from gxarena.run.plan import Plan
    from gxarena.run.runner import Summary

FAILED_CELLS, INTERRUPTED = 3, 130
"""Exit statuses."""
ROWS = 200
"""How many rows of its board a run shows; `gxarena leaderboard` shows all."""
FEW = 3
"""Metrics that are named where many have failed alike."""

SuiteName = Annotated[str, typer.Argument(help="A suite file, or the name of one that ships.")]
RunDir = Annotated[Path, typer.Argument(help="The folder of a run.", metavar="DIR")]
Changes = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Change the suite, e.g. datasets.fly.n=50."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", help="At most N samples of each data set.")
]


def plan(
    suite: SuiteName,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Also show what is done there.")
    ] = None,
    changes: Changes = [],  # noqa: B006 (typer reads the default, nobody edits it)
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Show a suite's cells, which combinations work, and what is done; loads no model."""
    from gxarena.cli.console import out as stdout
    from gxarena.cli.console import print_json, print_table

    made = _plan(suite, changes, limit)
    _possible(made)
    statuses = _cell_statuses(made, out)
    if json:
        cells = [
            {
                "id": cell.id,
                "dataset": cell.dataset,
                "model": cell.model,
                "replicate": cell.replicate,
                "checkpoint": made.checkpoint(cell),
                "explainer": cell.explainer,
                "aggregator": cell.aggregator,
                "metric": cell.metric_name,
                "status": statuses[cell.id],
                "reason": cell.unsupported,
            }
            for cell in made.cells
        ]
        print_json({"suite": made.suite.name, "digest": made.digest, "cells": cells})
        return
    groups = Counter(
        (cell.dataset, cell.model, cell.explainer, statuses[cell.id], cell.unsupported)
        for cell in made.cells
    )
    print_table(
        f"{made.suite.name}: {len(made.cells)} cells",
        ["dataset", "model", "explainer", "cells", "status", "why"],
        [(d, m, e, n, status, why) for (d, m, e, status, why), n in sorted(groups.items())],
    )
    sizes = [f"{label} {len(data.samples)}" for label, data in made.datasets.items()]
    stdout().print(f"Samples: {', '.join(sizes)}.", markup=False)
    for label, checkpoints in made.replicates.items():
        listed = ", ".join(map(str, checkpoints))
        stdout().print(f"{label}: {len(checkpoints)} replicates ({listed}).", markup=False)


def run(
    suite: SuiteName,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where to; the same again is resume.")
    ],
    engine: Annotated[
        str,
        typer.Option(
            metavar="ENGINE",
            help="Where work runs: local, inline (in this process), dask:ADDRESS, parsl:FILE.py.",
        ),
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="How many tasks at a time; all cores if unsaid.")
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="How long a task may give no sign of life."),
    ] = 3600.0,
    memory: Annotated[
        float | None,
        typer.Option(
            metavar="GIB", help="What a task may take; four fifths of the machine's if unsaid."
        ),
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed/--keep-failed", help="Try cells again that failed before."),
    ] = True,
    limit: Limit = None,
    changes: Changes = [],  # noqa: B006 (typer reads the default, nobody edits it)
) -> None:
    """Run a suite and write its tables and leaderboard; the same command again resumes.

    SUITE is a file (its keys: `gxarena docs suites`) or one that ships
    (`gxarena suites list`). To begin with, in a minute and a half on two cores:
    `gxarena run quickstart --out runs/quickstart`. `--limit 4` is quicker, but
    fewer than 20 samples have no intervals. `gxarena plan SUITE` shows what would
    be done.

    A model of several trainings stands for all of them: each replicate is
    explained by itself, and intervals are over trainings and sequences.
    `--set models.cnn.replicates=1` takes one of a suite's model `cnn`.

    DIR then holds cells, samples, curves, motifs and the leaderboard as Parquet
    tables, run.json, and the explanations, which a later run into DIR uses again.

    Next: `gxarena leaderboard DIR` shows the whole board, `gxarena failures DIR`
    what went wrong; `gxarena report DIR` and `gxarena site DIR` make figures and
    pages, `gxarena submit DIR` a bundle for the board that others see.

    Exit status: 0 when every cell that was due is done, 3 when some failed (see
    `gxarena failures DIR`), 2 for a mistake in the input, 130 when interrupted.
    """
    from gxarena.cli.address_space import check_address_space
    from gxarena.cli.console import say
    from gxarena.errors import check_positive
    from gxarena.files import RUN_FILE
    from gxarena.run.forkserver import started_early

    check_address_space()
    check_positive("--timeout", timeout)
    if memory is not None:
        check_positive("--memory", memory)
    limit_of_each = None if memory is None else max(1, int(min(memory * 2**30, 2**62)))
    # Of a run that is there already nothing may be due.
    is_new = engine == "local" and not (out / RUN_FILE).exists()
    with started_early() if is_new else nullcontext():
        from gxarena.cli.progress import Progress
        from gxarena.run.runner import Settings
        from gxarena.run.runner import run as run_plan

        settings = Settings(engine, workers, timeout, limit_of_each, retry_failed)
        made = _plan(suite, changes, limit)
        hopeful = _possible(made)
        with Progress(made) as progress:
            summary = run_plan(
                made,
                out,
                settings,
                report=progress.stage,
                report_cell=progress.cell,
                report_done=progress.earlier,
            )
    _show(summary, hopeful, out)
    if summary.interrupted:
        say(f"Interrupted. Finished cells are kept in {out}; the same command resumes.")
        raise typer.Exit(INTERRUPTED)
    if not summary.complete:
        say(f"Some cells failed. See: gxarena failures {out}")
        raise typer.Exit(FAILED_CELLS)


def status(folder: RunDir, json: Json = False) -> None:
    """How far a run is: its cells by status, also while it is at work."""
    from dataclasses import asdict

    from gxarena.cli.console import print_json, print_table, say
    from gxarena.results.reading import RunResults, last_attempts
    from gxarena.run.at_work import works_of

    results = RunResults.of(folder)
    suite = results.record.suite
    counts = Counter(results.statuses(results.record.cells).values())
    works = works_of(folder)
    # Of tables that do not read nothing more is asked: the sentence below says what to do.
    impossible = _impossible(
        [] if results.warning else last_attempts(results.table("cells", _REASONS))
    )
    if json:
        at_work = [{**asdict(work), "rate": work.rate, "left": work.left} for work in works]
        told: dict[str, object] = {"suite": suite, "cells": dict(counts)}
        told |= {"unsupported": [dict(zip(_WHY, one, strict=True)) for one in impossible]}
        print_json(told | ({"at_work": at_work} if works else {}))
        return
    print_table(f"{suite} in {folder}", ["status", "cells"], counts.most_common())
    _show_impossible(impossible)
    if works:
        print_table(
            "At work",
            ["worker", "what", "done", "of", "a second", "seconds left"],
            [(w.worker, w.what, w.done, w.total or None, w.rate, w.left) for w in works],
        )
    if results.warning:
        say(results.warning)


def failures(
    folder: RunDir,
    json: Json = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="With what was raised where, and what was printed.")
    ] = False,
) -> None:
    """Cells whose last attempt failed, with the distribution to blame and its message.

    Then those that cannot work, with the reason.
    """
    from gxarena.cli.console import err, print_json, print_table
    from gxarena.errors import named
    from gxarena.results.reading import RunResults
    from gxarena.results.schemas import SETTLED

    rows = RunResults.of(folder).last_rows()
    failed = [row for row in rows if row["status"] not in SETTLED]
    if json:
        print_json(failed)
        return
    if not failed:
        err().print("No failures.")
        _show_impossible(_impossible(rows))
        return
    groups: dict[tuple[Any, ...], list[str]] = {}
    for row in failed:
        error = f"{row['error_type']}: {row['error_message']}"
        one = row["status"], row["model"], row["explainer"], _origins(row), error
        groups.setdefault(one, []).append(row["metric"])
    by_number = sorted(groups.items(), key=lambda group: -len(group[1]))
    print_table(
        f"{len(failed)} cells failed",
        ["cells", "status", "model", "explainer", "distributions", "error"],
        [
            (len(of), *one, f"{error} ({named(dict.fromkeys(of), FEW)})")
            for (*one, error), of in by_number
        ],
    )
    if traceback:
        _show_tracebacks(failed)
    _show_impossible(_impossible(rows))


_WHY = ("cells", "model", "explainer", "why")
_REASONS = ("cell_id", "attempt", "status", "model", "explainer", "error_message")
"""Columns of cells that say what cannot work: times would bring pandas, which takes a second."""


def _impossible(rows: list[dict[str, Any]]) -> list[tuple[int, str, str, str]]:
    """Cells that cannot work: how many of a model and an explainer, and why."""
    groups = Counter(
        (row["model"], row["explainer"], row["error_message"])
        for row in rows
        if row["status"] == "unsupported"
    )
    return [(n, *group) for group, n in sorted(groups.items())]


def _show_impossible(impossible: list[tuple[int, str, str, str]]) -> None:
    from gxarena.cli.console import print_table

    if impossible:
        cells = sum(n for n, *_ in impossible)
        print_table(f"{cells} cells cannot work (unsupported)", _WHY, impossible)


def _show_tracebacks(failed: list[dict[str, Any]]) -> None:
    """The end of each error's traceback, once, under the first cell that it was raised in."""
    from gxarena.cli.console import out, say

    first = {row["error_traceback"]: row for row in reversed(failed) if row["error_traceback"]}
    for text, row in first.items():
        cell = " / ".join(row[kind] for kind in ("dataset", "model", "explainer", "metric"))
        out().print(f"{cell}:\n{text}", markup=False, highlight=False, soft_wrap=True)
    if not first:
        say("No tracebacks: mistakes in the input have none.")


def _origins(row: dict[str, Any]) -> str:
    """Distributions of the cell's components, each once."""
    kinds = ("model", "explainer", "aggregator", "metric")
    return ", ".join(dict.fromkeys(str(row[f"{kind}_distribution"]) for kind in kinds))


def _plan(suite: str, changes: list[str], limit: int | None) -> Plan:
    from gxarena.registry import Registry
    from gxarena.run.plan import make_plan
    from gxarena.run.suite import find_suite, read_suite

    folder = find_suite(suite).parent
    return make_plan(read_suite(suite, changes), Registry.load(), folder=folder, limit=limit)


def _possible(made: Plan) -> list[str]:
    """The suite's headline, but for patterns that nothing can match, of which it says so."""
    from gxarena.cli.console import say
    from gxarena.results.patterns import hopeless, matching_nothing

    names = {cell.metric_name for cell in made.cells}
    lost = hopeless(made.suite.headline, names)
    for pattern in lost:
        say(matching_nothing(f"{made.suite.name}, headline", pattern, names))
    return [pattern for pattern in made.suite.headline if pattern not in lost]


def _cell_statuses(made: Plan, out: Path | None) -> dict[str, str]:
    """Status of each cell: unsupported, or that of its last attempt in a run folder, or due."""
    from gxarena.results.reading import RunResults
    from gxarena.results.schemas import DUE

    ids = [cell.id for cell in made.cells]
    known = RunResults.of(out).statuses(ids) if out else dict.fromkeys(ids, DUE)
    return {c.id: "unsupported" if c.unsupported else known[c.id] for c in made.cells}


def _show(summary: Summary, headline: list[str], out: Path) -> None:
    from gxarena.cli.boards import show, show_rows
    from gxarena.cli.console import say
    from gxarena.results.patterns import matching_nothing, unmatched
    from gxarena.results.places import without_ranks_of_the_lone
    from gxarena.results.reading import RunResults
    from gxarena.results.terms import METRIC, components_of, terms_of

    metrics = summary.leaderboard["metric"].unique().to_pylist()
    for pattern in unmatched(headline, metrics):
        say(matching_nothing("headline", pattern, metrics))
    board = without_ranks_of_the_lone(summary.leaderboard)
    rest = f"{out / 'leaderboard.parquet'} has them all"
    if summary.reused == sum(summary.statuses.values()) and len(board) > ROWS:
        # What is known already is not worth the statistics of a large board.
        show_rows(board, headline, rest, ROWS)
        say("Nothing was due; `gxarena leaderboard` shows the whole board, by question.")
    else:
        components = components_of(terms_of(RunResults.of(out)), METRIC)
        show(board, headline, rest, ROWS, components)
    counts = ", ".join(f"{n} {status}" for status, n in sorted(summary.statuses.items()))
    say(f"Cells: {counts}; {summary.reused} of them from an earlier run.")
