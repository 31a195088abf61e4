"""The command line. Each command imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import NoReturn, TextIO

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
from gxarena.cli.running import INTERRUPTED
from gxarena.errors import NO_THREAD, GxarenaError

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


NOT_MAPPED = "failed to map segment"
"""What the system says of a library for which there is no memory left."""


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
    """Entry point: a user's mistake, or this machine's, is one sentence on stderr and status 2."""
    for stream in (sys.stdout, sys.stderr):
        # A path may hold bytes that are no text, and a terminal may know ASCII alone.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for argument in sys.argv[1:]:
        if not _is_text(argument):
            _fail(f"expected arguments that are text in UTF-8, got {argument!r}. Rename the file.")
    try:
        app()
    except SystemExit as left:
        _end(left)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except GxarenaError as error:
        _fail(str(error))
    except (OSError, MemoryError) as error:
        _fail(_of_this_machine(error))
    except ImportError as error:
        if NOT_MAPPED not in str(error):  # a library that does not fit into memory any more
            raise
        _fail(_of_this_machine(MemoryError()))
    except RuntimeError as error:
        if str(error).startswith(NO_THREAD):
            _fail(_of_this_machine(MemoryError()))
        if not str(error).startswith("Symlink loop"):  # pathlib's, before Python 3.13
            raise
        _fail(f"expected a path that leads somewhere, got: {error}.")


def _is_text(argument: str) -> bool:
    """Whether it is UTF-8: Parquet's reader takes no other path, and no table other text."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _end(left: SystemExit) -> None:
    """Leave, once all that was printed has arrived: a full disk tells only then."""
    try:
        if _stdout() is not None:
            sys.stdout.flush()
    except OSError as error:
        _fail(_of_this_machine(error))
    raise left


def _of_this_machine(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "expected more memory, got all of it filled. Take fewer or shorter sequences."
    what = f"{error.filename}: expected to use it" if error.filename else "expected to print"
    return f"{what}, got '{error.strerror or error}'."


def _fail(sentence: str) -> NoReturn:
    from rich.markup import escape

    with contextlib.suppress(OSError):  # stderr may be full too
        err().print(f"[bold red]error:[/] {escape(sentence)}", soft_wrap=True, highlight=False)
    stream = _stdout()
    try:
        if stream is not None:
            stream.flush()
    except OSError:
        # What cannot be printed would be tried once more at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(2)


def _stdout() -> TextIO | None:
    """Where results go; None where whoever started us closed it."""
    return sys.stdout
