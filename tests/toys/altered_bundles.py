"""What bundles of toys are of, and ways to alter one, as whoever wants to look better would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from gxarena.results.bundle import SUMS
from gxarena.results.parquet import read_with_identity, write_table

Rows = list[dict[str, Any]]
N = 4


def block(**changes: Any) -> dict[str, Any]:
    return {
        "datasets": ["fly"],
        "models": ["toy", "toy-tokens", "trained"],
        "explainers": ["exact", "random"],
        "metrics": ["gini"],
    } | changes


SUITE: dict[str, Any] = {
    "name": "toys",
    "target": 1,
    "partition": "toy-tokens",
    "datasets": {"fly": {"name": "fly-promoters", "n": N}},
    "models": {"trained": {"name": "toy-trained", "replicates": 3}},
    "matrix": [
        block(metrics=["gini", "entropy", "accuracy", "total"]),
        block(models=["toy", "toy-tokens"], metrics=["faithfulness"]),
        block(models=["toy-tokens"], metrics=["special_share"]),
        block(
            aggregators=["mean", "passed_on"],
            metrics=["gini", "continuous_jaccard"],
            against=["toy/exact"],
        ),
        block(models=["trained", "toy"], metrics=["replicate_agreement"]),
        block(models=["toy-tokens"], metrics=["continuous_jaccard"], against=["trained/exact"],
              aggregators=["passed_on"]),
    ],
}  # fmt: skip


def sign(folder: Path) -> None:
    """Write the digests anew, as whoever alters a file can."""
    names = [line.partition("  ")[2] for line in (folder / SUMS).read_text().splitlines()]
    sums = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (folder / SUMS).write_text("".join(sums))


def rewrite(
    folder: Path, table: str, change: Callable[[Rows], Rows], *, signed: bool = True
) -> None:
    """Change the rows of a bundle's table."""
    path = folder / f"{table}.parquet"
    held, identity = read_with_identity(path)
    rows = change(held.to_pylist())
    write_table(path, pa.Table.from_pylist(rows, held.schema), identity)
    if signed:
        sign(folder)
