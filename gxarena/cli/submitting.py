"""`gxarena submit`: what a run measured, as one file for others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gxarena.cli.running import RunDir


def submit(
    folder: RunDir,
    out: Annotated[
        Path, typer.Option("--out", metavar="BUNDLE", help="FILE.zip, or a new folder.")
    ],
) -> None:
    """Write a run's tables as a bundle, which `gxarena leaderboard` ranks like a run.

    A bundle holds run.json, the tables and their digests: all samples, no attributions.
    """
    from gxarena.cli.console import say
    from gxarena.results.bundle import write_bundle
    from gxarena.results.reading import RunResults, check_outside_runs

    check_outside_runs(out.parent)
    write_bundle(RunResults.of(folder), out)
    say(f"Written: {out}")
