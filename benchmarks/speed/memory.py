"""How much memory a run takes by how many sequences it has.

    python benchmarks/speed/memory.py [SEQUENCES...] [--engine ENGINE] [--out FILE.csv]

LRP on the CNN that ships and the Gini index, on random sequences, with the engine `inline` or
another. Prints the peak memory of the run's largest process, over that of the first number of
sequences, and its processor seconds. Never a test: the numbers are the machine's.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from measuring import machine, taken, written

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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sequences", nargs="*", type=int, default=[500, 5_000, 14_000])
    parser.add_argument("--engine", default="inline")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    print(machine(), flush=True)
    rows: list[dict[str, object]] = []
    first = 0
    for number in given.sequences:
        with tempfile.TemporaryDirectory() as place:
            suite, out = write_suite(Path(place), number), Path(place, "run")
            used = taken("run", str(suite), "--out", str(out), "--engine", given.engine)
        first = first or used.peak
        row = {
            "engine": given.engine,
            "sequences": number,
            "peak_megabytes": round(used.peak / 1e6),
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
