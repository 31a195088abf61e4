"""`gxarena docs`: the documentation of what is installed, in the terminal."""

from __future__ import annotations

import re
from typing import Annotated

import typer

COMMENT = re.compile(r"<!--.*?-->\n?", re.S)
"""How tables are made stands in comments, which no reader of a page sees."""


def docs(
    context: typer.Context,
    page: Annotated[
        str | None, typer.Argument(help="A page, or a component such as lrp; none lists them.")
    ] = None,
) -> None:
    """The documentation of what is installed: pages, commands, suites, and each component."""
    from rich.markdown import Markdown

    from gxarena.cli.console import out, print_table
    from gxarena.documentation.pages import pages, written_pages
    from gxarena.errors import unknown
    from gxarena.registry import Registry

    registry = Registry.load()
    known = pages(registry, context.find_root().command)
    if page is None:
        written = [("page", name) for name in [*written_pages(), "commands", "suites"]]
        print_table("gxarena docs PAGE", ["kind", "page"], [*written, *sorted(registry.components)])
        return
    if page not in known:
        raise unknown("gxarena docs", page, known, what="page")
    text = Markdown(COMMENT.sub("", known[page]()))
    if out().is_terminal:
        with out().pager(styles=True):
            out().print(text)
    else:
        out().print(text)
