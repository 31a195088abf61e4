"""How fast ten thousand cells are planned, and that it takes no torch.

    python benchmarks/speed/plan.py

Prints seconds of a plan, those of digesting as many identities in a bare loop, and their ratio;
medians of repeats on whatever machine this runs on. Never a test: the numbers are the machine's.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable

from gxarena.identity import digest
from gxarena.registry import Registry
from gxarena.run.plan import make_plan
from gxarena.run.suite import Suite

REPEATS = 5
EXPLAINERS = [f"random-{i}" for i in range(50)]
AGGREGATORS = ["native", "passed_on"]
METRICS = [f"gini-{i}" for i in range(100)]


def suite() -> Suite:
    """Fifty explainers, two units, a hundred metrics: 10,000 cells over the bundled data."""
    return Suite.model_validate(
        {
            "name": "ten-thousand",
            "datasets": {"fly": {"name": "fly-promoters", "split": "test"}},
            "explainers": {label: {"name": "random"} for label in EXPLAINERS},
            "metrics": {label: {"name": "gini"} for label in METRICS},
            "matrix": [
                {
                    "datasets": ["fly"],
                    "models": ["cnn"],
                    "explainers": EXPLAINERS,
                    "aggregators": AGGREGATORS,
                    "metrics": METRICS,
                }
            ],
        }
    )


def planned() -> int:
    """Cells of the whole plan, plugins found anew."""
    return len(make_plan(suite(), Registry.load()).cells)


def digested() -> int:
    """The same labels, digested one by one."""
    return len({digest(labels) for labels in itertools.product(EXPLAINERS, AGGREGATORS, METRICS)})


def seconds(function: Callable[[], int]) -> float:
    """Median seconds of a call."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    cells = planned()
    ours, bare = seconds(planned), seconds(digested)
    print(f"plan of {cells} cells: {ours:.2f} s, {1e6 * ours / cells:.0f} microseconds a cell")
    print(f"bare loop of digests:  {bare:.2f} s, plan / bare = {ours / bare:.1f}")
    print(f"torch imported: {'yes' if 'torch' in sys.modules else 'no'}")


if __name__ == "__main__":
    main()
