"""How much memory a run takes by how many sequences it has.

    python benchmarks/speed/memory.py [SEQUENCES...] [--engine ENGINE ...] [--workers N]
        [--out FILE.csv]

LRP on the CNN that ships and the Gini index, on random sequences, with the engine `inline` or
others, in turn. Prints the peak memory of the run's largest process, over that of the engine's
first number of sequences, of the command itself and of the largest process that it started, and
their processor seconds. Never a test: the numbers are the machine's.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from measuring import Taken, machine, taken, written

LENGTH = 250
SUITE = """
name = "memory"
target = 1
[datasets.made]
path = "made.csv"
[[matrix]]
datasets = ["made"]
models = ["cnn"]
explainers = ["lrp"]
metrics = ["gini"]
"""


def write_suite(folder: Path, sequences: int) -> Path:
    """The suite, with so many random sequences."""
    drawn = random.Random(0)  # noqa: S311 (no secrets)
    lines = (f"s{i},{''.join(drawn.choices('ACGT', k=LENGTH))},1\n" for i in range(sequences))
    with (folder / "made.csv").open("w", encoding="utf-8") as file:
        file.write("id,sequence,label\n")
        file.writelines(lines)
    path = folder / "memory.toml"
    path.write_text(SUITE, encoding="utf-8")
    return path


def of_a_run(sequences: int, engine: str, workers: int) -> Taken:
    """What a run takes, with so many workers unless it is in one process."""
    by = ["--engine", engine]
    if engine != "inline":
        by += ["--workers", str(workers)]
    with tempfile.TemporaryDirectory() as place:
        suite, out = write_suite(Path(place), sequences), Path(place, "run")
        return taken("run", str(suite), "--out", str(out), *by)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sequences", nargs="*", type=int, default=[500, 5_000, 14_000])
    parser.add_argument("--engine", nargs="+", default=["inline"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    print(machine(), flush=True)
    rows: list[dict[str, object]] = []
    for engine in given.engine:
        first = 0
        for number in given.sequences:
            used = of_a_run(number, engine, given.workers)
            first = first or used.peak
            row = {
                "engine": engine,
                "sequences": number,
                "peak_megabytes": round(used.peak / 1e6),
                "command_megabytes": round(used.own / 1e6),
                "children_megabytes": round(used.children / 1e6),
                "over_the_first": round(used.peak / first, 3),
                "processor_seconds": round(used.processor, 1),
                "machine": machine(),
            }
            print(row, flush=True)
            rows.append(row)
    if given.out:
        written(given.out, rows)


if __name__ == "__main__":
    main()
