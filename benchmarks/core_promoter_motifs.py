"""Which core-promoter motifs do explanations of the fly models contain? A Markdown table.

    gxarena run fly-motifs --out runs/fly-motifs
    python benchmarks/core_promoter_motifs.py runs/fly-motifs

A motif is there where some pattern that counts resembles its JASPAR matrix more than shuffles of
the pattern's rows do, q < 0.05 over the cell's patterns and the motifs below; in brackets its q and
the pattern's seqlets.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from gxarena.results.motifs import KeptMotif, motifs_of_run
from gxarena.results.reading import RunResults
from gxarena_jaspar.matching import compare
from gxarena_jaspar.matrices import collection, matrices

MOTIFS = {
    "DRE (Dref)": "MA1456.2",
    "Ohler-1 (M1BP)": "MA1459.2",
    "GAGA (Trl)": "MA0205.3",
    "TATA (TBP)": "MA0108.3",
}
LEVEL = 0.05


def found(motifs: list[KeptMotif]) -> list[str]:
    """For each of `MOTIFS`, the pattern that resembles it most, or a dash."""
    targets = list(collection("insects"))
    targets += [m for m in matrices(list(MOTIFS.values())) if m.id not in {t.id for t in targets}]
    motifs = [motif for motif in motifs if motif.counts]
    if not motifs:
        return ["–"] * len(MOTIFS)
    compared = compare([motif.frequencies[slice(*motif.trimmed)] for motif in motifs], targets)
    entries = []
    for column in compared.q_of(list(MOTIFS.values())).T:
        best = int(column.argmin())
        there = column[best] < LEVEL
        entries.append(
            f"yes ({column[best]:.1e}, {motifs[best].n_seqlets}, {motifs[best].sign})"
            if there
            else "–"
        )
    return entries


def main(folder: Path) -> None:
    motifs = (one for one in motifs_of_run(RunResults.of(folder)) if not one.replicate)
    groups = itertools.groupby(motifs, key=lambda motif: motif.cell)
    columns = {
        " / ".join(cell[1:3]) + ("" if cell[3] == "native" else f", {cell[3]}"): list(group)
        for cell, group in groups
    }
    print("| motif | " + " | ".join(columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    entries = [found(motifs) for motifs in columns.values()]
    for row, name in enumerate(MOTIFS):
        print(f"| {name} | " + " | ".join(column[row] for column in entries) + " |")
    print("| patterns for, against | " + " | ".join(map(_counts, columns.values())) + " |")


def _counts(motifs: list[KeptMotif]) -> str:
    signs = [motif.sign for motif in motifs]
    return f"{signs.count('positive')}, {signs.count('negative')}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
