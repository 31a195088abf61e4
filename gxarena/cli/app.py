"""The command line. Each command imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

import sys

import typer

from gxarena import __version__
from gxarena.cli import (
    authoring,
    boards,
    documentation,
    explaining,
    inventory,
    motifs,
    reporting,
    running,
    sites,
    submitting,
    training,
)
from gxarena.cli.console import err
from gxarena.errors import GxarenaError

app = typer.Typer(
    help="The arena in which explainers of genome models compete.\n\n"
    "Start with `gxarena run quickstart --out runs/quickstart`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plugins = typer.Typer(help="What is installed: models, explainers, aggregators, metrics, data.")
suites = typer.Typer(help="Suites that ship with gxarena.")
app.add_typer(plugins, name="plugins", no_args_is_help=True)
app.add_typer(suites, name="suites", no_args_is_help=True)

plugins.command("list")(inventory.list_plugins)
plugins.command("check")(authoring.check_plugin)
app.command()(authoring.new)
suites.command("list")(inventory.list_suites)
app.command()(running.plan)
app.command()(running.run)
app.command()(running.status)
app.command()(running.failures)
app.command()(explaining.explain)
app.command()(training.train)
app.command()(boards.leaderboard)
app.command()(submitting.submit)
app.command()(submitting.verify)
app.command()(reporting.report)
app.command()(reporting.figure)
app.command()(motifs.motifs)
app.command()(sites.site)
app.command()(documentation.docs)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gxarena {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version."
    ),
) -> None:
    del version


def main() -> None:
    """Entry point: a user's mistake is one sentence on stderr and exit status 2."""
    try:
        app()
    except GxarenaError as error:
        err().print(f"[bold red]error:[/] {_plain(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
