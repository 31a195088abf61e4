"""The data that ships with gxarena."""

from __future__ import annotations

import pyarrow.compute as pc
import pyarrow.parquet as pq

from gxarena.data import Sample
from gxarena.datasets.dataset import Dataset
from gxarena.errors import unknown
from gxarena.files import shipped

SPLITS = ("train", "valid", "test", "all")


def fly_promoters(split: str = "test") -> Dataset:
    """Drosophila promoter-proximal windows of 250 bp (label 1) against distal ones (label 0).

    Test is chr2R, valid chrX, train the rest; see ``benchmarks/data/fly_promoters.md``.

    Parameters
    ----------
    split : "train", "valid", "test" or "all"
        Which of its sequences.
    """
    return _of_split("fly-promoters", split)


def fly_kilobases(split: str = "test") -> Dataset:
    """The kilobase before Drosophila TSSs (label 1) against the kilobase before that (label 0).

    For questions of length. Test is chr2R, valid chrX, train the rest; see
    ``benchmarks/data/fly_kilobases.md``.

    Parameters
    ----------
    split : "train", "valid", "test" or "all"
        Which of its sequences.
    """
    return _of_split("fly-kilobases", split)


def _of_split(name: str, split: str) -> Dataset:
    if split not in SPLITS:
        raise unknown(f"{name}, split", split, SPLITS)
    table = pq.read_table(shipped(f"data/{name.replace('-', '_')}.parquet"))
    if split != "all":
        table = table.filter(pc.equal(table["split"], split))
    columns = (table[column].to_pylist() for column in ("id", "sequence", "label"))
    samples = tuple(Sample(*row) for row in zip(*columns, strict=True))
    return Dataset(f"{name}:{split}", samples, "promoters")
