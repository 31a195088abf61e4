"""Whether motifs and seqlets are of the bundle's cells, and as many as they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from gxarena.results.encoded import positions
from gxarena.results.reading import RunResults
from gxarena.submissions.cells import Row, named
from gxarena.submissions.findings import Findings, quoted
from gxarena.submissions.values import Values

CHECK = "motifs"


def check_motifs(run: RunResults, cells: Sequence[Row], values: Values, findings: Findings) -> None:
    """Find motifs and seqlets of other cells or samples, and motifs with other seqlets."""
    known = {row["cell_id"]: row for row in cells if row["cell_id"] in values.of}
    motifs = run.table("motifs", ["cell_id", "motif", "n_seqlets"])
    seqlets = run.table("seqlets")
    for name, table in (("motifs", motifs), ("seqlets", seqlets)):
        for cell in pc.unique(table["cell_id"]).to_pylist():
            if cell not in known:
                where = f"{name}.parquet, {quoted(cell)}"
                findings.add(CHECK, where, "a cell of the plan that is ok", "another")
    counted = seqlets.group_by(["cell_id", "motif"]).aggregate([("start", "count")])
    given = [(row["cell_id"], row["motif"]) for row in motifs.to_pylist()]
    said = dict(zip(given, motifs["n_seqlets"].to_pylist(), strict=True))
    there = {(row["cell_id"], row["motif"]): row["start_count"] for row in counted.to_pylist()}
    for key, count in Counter(given).items():
        if count > 1 and key[0] in known:
            findings.add(
                CHECK, f"{named(known[key[0]])}, motif {quoted(key[1])}", "one", f"{count}"
            )
    for key in sorted(said.keys() | there.keys()):
        if said.get(key, 0) != there.get(key, 0) and key[0] in known:
            where = f"{named(known[key[0]])}, motif {quoted(key[1])}"
            findings.add(CHECK, where, f"{said.get(key, 0)} seqlets", f"{there.get(key, 0)}")
    _check_seqlets(seqlets, known, values, findings)


def _check_seqlets(
    seqlets: pa.Table, known: dict[str, Row], values: Values, findings: Findings
) -> None:
    """Each lies in a sample of its data set, and is a stretch."""
    if not pc.all(pc.less(seqlets["start"], seqlets["end"])).as_py() and len(seqlets):
        findings.add(CHECK, "seqlets.parquet", "stretches that end behind their start", "others")
    for dataset, ids in values.ids.items():
        own = [cell for cell, row in known.items() if row["dataset"] == dataset]
        of_dataset = seqlets.filter(pc.is_in(seqlets["cell_id"], pa.array(own, pa.string())))
        if len(of_dataset) and positions(of_dataset["sample_id"], ids).null_count:
            where = f"seqlets.parquet, data set {quoted(dataset)}"
            findings.add(CHECK, where, "its samples", "others")
