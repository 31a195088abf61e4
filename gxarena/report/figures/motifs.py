"""Figure 4: the patterns with most seqlets of each explanation, each beside its match."""

from __future__ import annotations

from pathlib import Path

from gxarena.report.evidence import Evidence
from gxarena.report.logos import plot_motifs
from gxarena.results.motifs import KeptMotif, motifs_of_run

MOST_PATTERNS = 8
"""Rows of the figure: letters take a second a row to draw."""


def write_motifs(evidence: Evidence, path: Path) -> None:
    """Figure 4: the patterns with most seqlets of each explanation, each beside its match.

    Of a model with replicates those of the first; the title says so. What controls find is drawn
    where nobody else found anything; beside their numbers, `gxarena motifs` sets it always.
    """
    kept: dict[tuple[str, ...], list[KeptMotif]] = {}
    for run in evidence.runs:
        if len(run.results.table("motifs")):
            for motif in filter(_first, motifs_of_run(run.results)):
                kept.setdefault((run.digest, *motif.cell), []).append(motif)
    if not kept:
        raise evidence.missing("figure motifs", "metric modisco, with patterns found")
    path.parent.mkdir(parents=True, exist_ok=True)
    methods = {cell: found for cell, found in kept.items() if found[0].role == "method"}
    kept = methods or kept
    share = max(1, MOST_PATTERNS // len(kept))
    chosen = [motif for motifs in kept.values() for motif in motifs[:share]]
    plot_motifs(chosen[:MOST_PATTERNS], path)


def _first(motif: KeptMotif) -> bool:
    return not motif.replicate
