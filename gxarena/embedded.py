"""The data that ships with gxarena."""

from __future__ import annotations

import pyarrow.compute as pc
import pyarrow.parquet as pq

from gxarena.data import Sample
from gxarena.datasets import Dataset
from gxarena.errors import InputError, suggest
from gxarena.shipped import shipped

SPLITS = ("train", "valid", "test", "all")


def fly_promoters(split: str = "test") -> Dataset:
    """Drosophila promoter-proximal windows of 250 bp (label 1) against distal ones (label 0).

    Test is chr2R, valid chrX, train the rest; see ``benchmarks/data/fly_promoters.md``.

    Parameters
    ----------
    split : "train", "valid", "test" or "all"
    """
    if split not in SPLITS:
        raise InputError(f"fly-promoters, split: unknown '{split}'. {suggest(split, SPLITS)}")
    table = pq.read_table(shipped("data/fly_promoters.parquet"))
    if split != "all":
        table = table.filter(pc.equal(table["split"], split))
    columns = (table[name].to_pylist() for name in ("id", "sequence", "label"))
    samples = tuple(Sample(*row) for row in zip(*columns, strict=True))
    return Dataset(f"fly-promoters:{split}", samples)
