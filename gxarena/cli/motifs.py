"""`gxarena motifs`: what set metrics found, as a table, a MEME file or a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def motifs(
    folder: Annotated[Path, typer.Argument(help="Folder of a run.", metavar="DIR")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.meme", help="Write a MEME file.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE.png",
            help="Draw each beside its database match; of replicates the first.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Motifs that a run's explanations have in common, and what they match in JASPAR."""
    import itertools

    from gxarena.cli.console import print_json, print_table
    from gxarena.results.motifs import motifs_of_run, write_meme
    from gxarena.results.reading import RunResults

    found = motifs_of_run(RunResults.of(folder))
    if out is not None:
        write_meme(found, out)
    if plot is not None:
        from gxarena.report.logos import plot_motifs

        plot_motifs([one for one in found if not one.replicate], plot)
    if json:
        keys = ("dataset", "model", "explainer", "aggregator", "metric")
        print_json(
            [
                dict(zip(keys, one.cell, strict=True))
                | {"replicate": one.replicate, "motif": one.name}
                | {"contributions": one.contributions}
                | {"seqlets": one.n_seqlets, "consensus": one.consensus}
                | {"match": {k: v for k, v in one.match.items() if k != "frequencies"} or None}
                for one in found
            ]
        )
        return
    for cell, group in itertools.groupby(found, key=lambda motif: motif.found_in):
        columns = ["motif", "seqlets", "consensus", "match", "q"]
        rows = [
            (
                one.name,
                one.n_seqlets,
                one.consensus,
                f"{one.match['name']} {one.match['id']}" if one.match else "–",
                one.match.get("q"),
            )
            for one in group
        ]
        print_table(" / ".join(cell), columns, rows)
