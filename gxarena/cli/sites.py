"""`gxarena site`: boards, runs and bundles as pages that open offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def site(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Runs, bundles (.zip), boards (.parquet), or folders of these.", metavar="DIR..."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the site goes.")],
) -> None:
    """Make a static site of runs, bundles and boards: open DIR/index.html, no server needed.

    It answers which explainer to trust for which model and question, how sure that is and what it
    costs; every number leads to what it was made of. Runs that can be compared are one board, as
    in `gxarena leaderboard`. Written boards have no samples: their dossiers say less.

    For example: gxarena site runs/quickstart leaderboard --out runs/site
    """
    from rich.markup import escape

    from gxarena.cli.console import err, say
    from gxarena.cli.console import out as console
    from gxarena.registry import Registry
    from gxarena.results.reading import check_outside_runs
    from gxarena.site.content import read_content
    from gxarena.site.site import Site
    from gxarena.site.writing import write_site

    check_outside_runs(out)
    with err().status("boards") as status:
        content = read_content(sources)
        made = Site.of(content, Registry.load())
        pages = write_site(made, out, lambda what: status.update(escape(what)))
    for sentence in content.left_out:
        say(f"Left out: {sentence}")
    boards = len(content.boards)
    console().print(
        f"Written: {out / 'index.html'} ({pages} pages of {boards} board"
        f"{'' if boards == 1 else 's'}). Open it in a browser.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
