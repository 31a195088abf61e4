"""What explanations' patterns match beyond those of controls: from runs with `modisco` to a table.

    python benchmarks/validity/motif_excess.py leaderboard runs/ctcf-vs-pu1 runs/fly-motifs
    make docs

A row is one explainer on one data set, model, strategy and kind of contributions, over all sets of
weights together (`gxarena.results.pooled_excess`). All matches count, whichever matrix; which
explainer and control finds the expected one says `motif_found.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import InputError
from gxarena.files import writing
from gxarena.results.excess import excesses
from gxarena.results.pooled_excess import SCHEMA, pooled
from gxarena.results.reading import RunResults

NAME = "motif-excess.parquet"


def main(arguments: Sequence[str]) -> None:
    """The table of some runs, in a folder."""
    out, *folders = map(Path, arguments)
    rows = [row for folder in folders for row in pooled(excesses(RunResults.of(folder)))]
    if not rows:
        raise InputError(
            f"{', '.join(map(str, folders))}: expected runs whose explanations were asked for "
            "motifs, got none. Add modisco to the suite."
        )
    with writing(out / NAME) as file:
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), file)


if __name__ == "__main__":
    main(sys.argv[1:])
