"""What children cost, and what a second one saves: the quickstart by engine and workers.

    python benchmarks/speed/engines.py [--sequences N...] [--repeats R] [--set KEY=VALUE]...
        [--out FILE.csv]

Prints wall and processor seconds of each, children's included, medians of repeats in turn, over
those of the engine without children; and whether all boards are equal. Of more sequences than the
suite has, what a run takes before its first and after its last is less of the whole. Never a test:
the numbers are the machine's, and on a busy one only the processor's mean anything.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from measuring import Taken, machine, taken, written

ENGINES = (("inline",), ("local", "--workers", "1"), ("local", "--workers", "2"))


def board(out: Path) -> object:
    """A board, but for what it took."""
    table = pq.read_table(out / "leaderboard.parquet")
    return table.drop_columns(["seconds_per_sequence"]).to_pylist()


def measured(sequences: int, repeats: int, more: list[str]) -> list[dict[str, object]]:
    """A row for each engine."""
    change = f"datasets.fly-promoters.n={sequences}"
    found: dict[tuple[str, ...], list[Taken]] = {one: [] for one in ENGINES}
    boards = []
    with tempfile.TemporaryDirectory() as place:
        for repeat in range(repeats):
            for position, engine in enumerate(ENGINES):
                out = Path(place, f"{repeat}-{position}")
                suite = ("run", "quickstart", "--set", change, *more)
                found[engine].append(taken(*suite, "--out", str(out), "--engine", *engine))
                print(" ".join(engine), found[engine][-1], flush=True)
                boards.append(board(out))
    print("boards equal:", all(one == boards[0] for one in boards))
    base = Taken(*map(statistics.median, zip(*found[ENGINES[0]], strict=True)))
    rows: list[dict[str, object]] = []
    for engine, all_taken in found.items():
        median = Taken(*map(statistics.median, zip(*all_taken, strict=True)))
        rows.append(
            {
                "suite": " ".join(("quickstart", *more)),
                "sequences": sequences,
                "engine": " ".join(engine),
                "repeats": repeats,
                "seconds": round(median.wall, 1),
                "processor_seconds": round(median.processor, 1),
                "seconds_of_inline": round(median.wall / base.wall, 2),
                "processor_of_inline": round(median.processor / base.processor, 2),
                "machine": machine(),
            }
        )
        print(rows[-1])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sequences", nargs="+", type=int, default=[24])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--set", dest="changes", action="append", default=[])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    more = [word for change in given.changes for word in ("--set", change)]
    rows = [row for n in given.sequences for row in measured(n, given.repeats, more)]
    if given.out:
        written(given.out, rows)


if __name__ == "__main__":
    main()
