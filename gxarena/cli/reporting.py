"""`gxarena report` and `gxarena figure`: a run as the paper would print it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of runs; bundles (.zip).", metavar="DIR...")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the report goes.")],
) -> None:
    """The paper's claims, Table 1 and figures for one or more runs, as Markdown and HTML.

    Each claim gets a verdict on what was run: holds, fails, undecided, or by construction, with its
    statistics, and in how many variants of the question the verdict stays. A bundle holds no maps:
    what draws them says so.
    """
    from rich.markup import escape

    from gxarena.cli.console import err, print_table
    from gxarena.cli.console import out as console
    from gxarena.report.evidence import Evidence
    from gxarena.report.page import MARKS, write_report
    from gxarena.results.reading import check_outside_runs

    check_outside_runs(out)
    with Evidence.opened(folders) as evidence, err().status("report") as status:
        made = write_report(evidence, out, lambda what: status.update(escape(what)))
    print_table(
        "",
        ["claim", "verdict", "hold", "stays"],
        [
            (
                finding.claim.sentence,
                f"{MARKS[finding.verdict]} {finding.verdict}",
                f"{sum(c.verdict == 'holds' for c in finding.comparisons)} of "
                f"{len(finding.comparisons)}",
                f"{finding.stays} of {len(finding.variants)}" if finding.variants else "–",
            )
            for finding in made.findings
        ],
    )
    for picture in made.pictures:
        if picture.reason:
            err().print(
                f"Not drawn: {picture.reason}", highlight=False, markup=False, soft_wrap=True
            )
    console().print(f"Written: {out / 'report.html'}, report.md", highlight=False, markup=False)


def figure(
    name: Annotated[
        str,
        typer.Argument(
            help="attributions (1), similarity (2), faithfulness (3), motifs (4), complexity; of "
            "boards: estimates, ranks or cost.",
            metavar="NAME",
        ),
    ],
    folders: Annotated[
        list[Path],
        typer.Argument(help="Folders of runs; bundles and boards too.", metavar="DIR..."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".png, .svg or .pdf.")],
    metrics: Annotated[
        list[str],
        typer.Option("--metric", metavar="PATTERN", help="Of estimates, e.g. '*gain_logit@20'."),
    ] = [],  # noqa: B006 (typer reads the default, nobody edits it)
) -> None:
    """Draw one of the paper's figures from a run's tables, or a board.

    Of runs, bundles and boards: estimates with their intervals (`estimates`), mean ranks with who
    is not told apart (`ranks`, a critical-difference diagram), time against mean rank (`cost`).
    """
    from gxarena.cli.console import out as console
    from gxarena.report.evidence import Evidence
    from gxarena.report.figures.boards import BOARD_FIGURES, write_board_figure
    from gxarena.report.figures.catalogue import drawing, write_figure
    from gxarena.results.reading import check_outside_runs

    check_outside_runs(out)
    if name in BOARD_FIGURES:
        write_board_figure(name, folders, metrics, out)
    else:
        drawing(name)  # a misspelt name is told before a board is asked for a run's tables
        with Evidence.opened(folders) as evidence:
            write_figure(name, evidence, out)
    console().print(f"Drawn: {out}", highlight=False, markup=False)
