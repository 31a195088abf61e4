"""`gxarena motifs`: what set metrics found, as a table, a MEME file or a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gxarena.results.excess import Excess
    from gxarena.results.motifs import KeptMotif


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
    """Motifs that a run's explanations share, what they match, and how much beyond controls."""
    import itertools

    from gxarena.cli.console import print_json, print_table
    from gxarena.results.excess import excesses
    from gxarena.results.motifs import motifs_of_run, write_meme
    from gxarena.results.reading import RunResults, check_outside_runs

    for place in (out, plot):
        if place is not None:
            check_outside_runs(place)
    run = RunResults.of(folder)
    found = motifs_of_run(run)
    beside = excesses(run)
    if out is not None:
        write_meme(found, out)
    if plot is not None:
        from gxarena.report.logos import plot_motifs

        plot_motifs([one for one in found if not one.replicate], plot)
    if json:
        print_json(
            {"motifs": [_motif(one) for one in found], "excess": [_excess(one) for one in beside]}
        )
        return
    for cell, group in itertools.groupby(found, key=lambda motif: motif.found_in):
        columns = ["motif", "seqlets", "consensus", "bits", "match", "q"]
        rows = [
            (
                one.name,
                one.n_seqlets,
                one.consensus,
                one.bits,
                f"{one.match['name']} {one.match['id']}" if one.match else _without_match(one),
                one.match.get("q"),
            )
            for one in group
        ]
        print_table(" / ".join(cell), columns, rows)
    if beside:
        columns = ["explanation", "in", "patterns", "count", "match", "controls' match", "excess"]
        print_table(
            "Matched motifs beside the controls' (of them the most, and each)",
            columns,
            [_beside(one) for one in beside],
        )


def _without_match(motif: KeptMotif) -> str:
    return "–" if motif.counts else "too little information"


def _beside(one: Excess) -> tuple[object, ...]:
    place = [one.dataset, one.model, one.found.explainer, one.aggregator, one.metric]
    place += [] if one.replicate is None else [f"replicate {one.replicate}"]
    each = ", ".join(f"{c.explainer} {c.matched} of {c.patterns}" for c in one.controls)
    controls = f"{one.most} ({each})" if one.controls else "no controls in the run"
    found = one.found
    return (
        " / ".join(place), one.contributions, found.patterns, found.counting, found.matched,
        controls, one.number,
    )  # fmt: skip


def _motif(one: KeptMotif) -> dict[str, Any]:
    keys = ("dataset", "model", "explainer", "aggregator", "metric")
    match = {key: value for key, value in one.match.items() if key != "frequencies"}
    return dict(zip(keys, one.cell, strict=True)) | {
        "replicate": one.replicate,
        "motif": one.name,
        "contributions": one.contributions,
        "seqlets": one.n_seqlets,
        "consensus": one.consensus,
        "counts": one.counts,
        "bits": one.bits,
        "match": match or None,
    }


def _excess(one: Excess) -> dict[str, Any]:
    from dataclasses import asdict

    told: dict[str, Any] = asdict(one)
    found: dict[str, Any] = told.pop("found")
    return told | found | {"excess": one.number, "share": one.share, "interval": one.interval}
