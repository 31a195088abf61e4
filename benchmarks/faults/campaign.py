"""The fault campaign: what a run comes to when files, processes and the machine fail it.

    python benchmarks/faults/campaign.py leaderboard/faults.parquet --work DIR [--seeds N]
        [--kills N] [--minutes M] [--kinds KIND...] [--where WHERE...] [--again]

A row is a fault: of which kind, where, by which seed, how it ended, in how many seconds, and what
was said. After each fault the run is read and taken up again: its board must then be that of an
undisturbed run, bit for bit, or one sentence must say what to do.

With --kills there are kills alone, of the driver, the fork server and a child each N times, and N
times of a driver that is killed again once it is taken up: as many as one has hours for.

What the table has is not made again: the same command goes on where it stopped; after --minutes
nothing new begins; --again repeats what ended in any other way. Exit status 1 where anything did.
Needs a checkout, since the run is of the tests' toys, and Linux; what needs root, Dask or a SLURM
of Debian's packages (`slurm-wlm`, `munge`) is left out without.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cluster
import damage
import process
import pyarrow as pa
import pyarrow.parquet as pq
from arena import PATIENCE, Arena
from outcomes import FINE, HANG, TRACEBACK, Outcome, is_sentence

from gxarena.files import writing

SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("where", pa.string(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
    ]
)
KEYS = ("kind", "where", "seed")
RESUMED = 3
"""Seeds with which a damaged run is taken up again; with others it is read."""
PRINTED = 400
"""Characters of what is wrong that are printed."""
EVERY = 5
"""Faults after which the table is written."""


class Hang(BaseException):
    """What is asked for does not come."""


class Fault(NamedTuple):
    """What is done, to what, and by which random numbers."""

    kind: str
    where: str
    seed: int

    def run(self, arena: Arena) -> Outcome:
        """Do it, and see what comes of it."""
        rng = random.Random(f"{self.kind}, {self.where}, {self.seed}")  # noqa: S311
        if do := (process.DO | cluster.DO).get(self.kind):
            return do(arena, self.kind, self.where, rng)
        if self.where in damage.ALONE:
            return damage.alone(arena, self.kind, self.where, rng)
        resume = self.seed < RESUMED
        return damage.of_run(arena, self.kind, self.where, rng, resume=resume)


def faults(seeds: int) -> Iterator[Fault]:
    """All of them; those of processes, which take seconds each, after those of files."""
    for seed in range(seeds):
        for where in damage.WHERE:
            for kind in damage.KINDS:
                if seed < 1 or kind not in damage.ONCE:
                    yield Fault(kind, where, seed)
    yield from (Fault(*one) for one in process.faults(-(-seeds // 5)))
    yield from (Fault(*one) for one in cluster.faults(-(-seeds // 5)))


def kills(seeds: int) -> Iterator[Fault]:
    """Those that are kills at random moments."""
    yield from (Fault(*one) for one in process.kills(seeds))


def ended(fault: Fault, arena: Arena) -> dict[str, Any]:
    """The row of a fault."""
    start = time.monotonic()

    def stop(*_: object) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(4 * PATIENCE))
    try:
        outcome = fault.run(arena)
        if outcome.message and not is_sentence(outcome.message):
            outcome = Outcome(TRACEBACK, outcome.message)
    except Hang:
        outcome = Outcome(HANG)
    except Exception:
        outcome = Outcome(TRACEBACK, traceback.format_exc()[-2000:])
    finally:
        signal.alarm(0)
    message = outcome.message.replace(str(arena.place), "…")
    seconds = round(time.monotonic() - start, 2)
    return fault._asdict() | {"outcome": outcome.outcome, "seconds": seconds, "message": message}


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the table."""
    with writing(path) as file:
        pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), file)


def main(arguments: Sequence[str]) -> int:
    """Whatever is asked for and not there yet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=15)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--kinds", nargs="+")
    parser.add_argument("--where", nargs="+")
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args(arguments)
    end = time.monotonic() + 60 * given.minutes
    rows = pq.read_table(given.out).to_pylist() if given.out.exists() else []
    if given.again:
        rows = [row for row in rows if row["outcome"] in FINE]
    arena, begun = Arena(given.work), given.work / "begun"
    if begun.exists():
        rows.append(_fatal(begun.read_text()))
    have = {tuple(row[key] for key in KEYS) for row in rows}
    planned = kills(given.kills) if given.kills else faults(given.seeds)
    for fault in (one for one in planned if one not in have):
        if fault.kind not in (given.kinds or [fault.kind]):
            continue
        if fault.where not in (given.where or [fault.where]):
            continue
        if time.monotonic() > end:
            break
        begun.write_text("\n".join(map(str, fault)))
        rows.append(ended(fault, arena))
        if rows[-1]["outcome"] not in FINE:
            print(*fault, rows[-1]["outcome"], rows[-1]["message"][-PRINTED:], flush=True)
        if not len(rows) % EVERY:
            write(given.out, rows)
    begun.unlink(missing_ok=True)
    write(given.out, rows)
    counts = Counter(row["outcome"] for row in rows)
    told = ", ".join(f"{n} {what}" for what, n in counts.items())
    print(f"{len(rows)} faults: {told}", flush=True)
    return int(not {*counts} <= {*FINE})


def _fatal(text: str) -> dict[str, Any]:
    """The row of a fault that has ended this process itself."""
    kind, where, seed = text.split("\n")
    row = Fault(kind, where, int(seed))._asdict()
    return row | {"outcome": TRACEBACK, "seconds": 0.0, "message": "it ended who read"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
