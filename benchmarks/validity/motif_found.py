"""Who finds the expected motif: explanations and each of their controls, from boards.

    python benchmarks/validity/motif_found.py leaderboard
    make docs

Of suites with `modisco`. A row is an explanation, or one control beside it, on one data set, model,
strategy and kind of contributions: the share of the expected matrices that some pattern resembles
(`found`) and that are a pattern's best match (`found_best`), mean over sets of weights, 0 where no
pattern of a set counts; and the second reading, the share of all counted patterns that match any
matrix (`matched`), mean over the sets that have one. What GC content and a model that learned
nothing find as well stands in the sequences.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gxarena.errors import InputError
from gxarena.files import writing
from gxarena.results.expected_motifs import found

BOARDS = ("ctcf-vs-pu1", "fly-motifs")
NAME = "motif-found.parquet"


def main(arguments: Sequence[str]) -> None:
    """The table of the boards in a folder, beside them.

    Raises
    ------
    InputError
        None of them has motifs.
    """
    (folder,) = map(Path, arguments)
    boards = [folder / f"{name}.parquet" for name in BOARDS]
    rows = [
        row for path in boards if path.is_file() for row in found(pq.read_table(path).to_pylist())
    ]
    if not rows:
        raise InputError(
            f"{folder}: expected boards with motifs ({', '.join(BOARDS)}), got none. Run the suite "
            f"{BOARDS[0]} and make its board with gxarena leaderboard."
        )
    with writing(folder / NAME) as file:
        pq.write_table(pa.Table.from_pylist(rows), file)


if __name__ == "__main__":
    main(sys.argv[1:])
