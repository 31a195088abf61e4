"""Build fly_promoters.parquet and fly_kilobases.parquet from UCSC's 2 kb upstream of dm3 genes.

The source ships with Bioconductor's Biostrings (Artistic-2.0), as Debian packages it:

    apt-get download r-bioc-biostrings
    dpkg-deb -x r-bioc-biostrings_*.deb extracted
    python benchmarks/data/build_fly_promoters.py \
        --fasta extracted/usr/lib/R/site-library/Biostrings/extdata/dm3_upstream2000.fa.gz

fly_promoters. Positive: the 250 bp before the TSS, [-250, -1]. Negative: [-1900, -1651] on the
same strand, unless an annotated TSS of either strand lies within 500 bp of the window.
fly_kilobases: the same with [-1000, -1] and [-2000, -1001], and no more sequences than `KILOBASES`
says. One TSS per 500 bp and strand. Both classes equal in number within each split; split by
chromosome: test chr2R, valid chrX, train the rest. Test windows that share a 40-mer (either strand)
with a train window, and windows seen before, are dropped. Nothing is random but the thinning of
classes (seed 0).
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
UPSTREAM = 2000
SPACING = 500
SHARED_KMER = 40
SPLITS = {"chr2R": "test", "chrX": "valid"}
SPLIT_NAMES = ("train", "valid", "test")
HEADER = re.compile(r">\S+_([fr]) (\S+):(-?\d+)-(-?\d+)")
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Layout:
    """Widths of windows, where negatives end before the TSS, and most windows of a split."""

    width: int
    negative_end: int
    most: dict[str, int] | None = None


PROMOTERS = Layout(250, 1650)
KILOBASES = Layout(1000, 1000, {"train": 6000, "valid": 1000, "test": 1200})


@dataclass(frozen=True)
class Upstream:
    """One 2 kb record: strand-oriented, its last base just before the TSS."""

    chromosome: str
    start: int
    end: int
    strand: str
    sequence: str

    @property
    def tss(self) -> int:
        """1-based position of the TSS on the plus strand."""
        return self.end + 1 if self.strand == "+" else self.start - 1

    def window(self, upstream_end: int, width: int) -> tuple[int, int, str]:
        """The window whose last base is `upstream_end` bases before the TSS, minus one.

        Returns 1-based inclusive plus-strand coordinates and the strand-oriented sequence.
        """
        last = UPSTREAM - upstream_end
        first = last - width
        sequence = self.sequence[first:last]
        if self.strand == "+":
            return self.start + first, self.start + last - 1, sequence
        return self.end - last + 1, self.end - first, sequence


def read_upstream(fasta: Path) -> list[Upstream]:
    """Records of whole length, each position and strand once, upper-cased."""
    found: dict[tuple[str, int, str], Upstream] = {}
    with gzip.open(fasta, "rt") as file:
        for record in file.read().split(">")[1:]:
            header, _, body = record.partition("\n")
            match = HEADER.match(">" + header)
            if match is None:
                raise SystemExit(
                    f"{fasta}: expected headers like '>NM_1_up_2000_chr2L_1_f', got {header}"
                )
            letter, chromosome, start, end = match.groups()
            sequence = body.replace("\n", "").upper()
            strand = "+" if letter == "f" else "-"
            if len(sequence) == UPSTREAM:
                entry = Upstream(chromosome, int(start), int(end), strand, sequence)
                found.setdefault((chromosome, entry.tss, strand), entry)
    return sorted(found.values(), key=lambda u: (u.chromosome, u.tss, u.strand))


def thinned(records: list[Upstream]) -> list[Upstream]:
    """One TSS per 500 bp and strand: the first met along the chromosome."""
    last: dict[tuple[str, str], int] = {}
    kept = []
    for record in records:
        key = (record.chromosome, record.strand)
        if record.tss - last.get(key, -SPACING) >= SPACING:
            last[key] = record.tss
            kept.append(record)
    return kept


def windows(records: list[Upstream], layout: Layout = PROMOTERS) -> Iterator[dict[str, object]]:
    """Positive and negative windows without N, in genome order."""
    every_tss = defaultdict(list)
    for record in records:
        every_tss[record.chromosome].append(record.tss)
    tss = {chromosome: np.unique(positions) for chromosome, positions in every_tss.items()}
    for record in thinned(records):
        for label, upstream_end in ((1, 0), (0, layout.negative_end)):
            start, end, sequence = record.window(upstream_end, layout.width)
            near = tss[record.chromosome]
            crowded = np.searchsorted(near, start - SPACING) < np.searchsorted(
                near, end + SPACING, side="right"
            )
            if "N" in sequence or (label == 0 and crowded):
                continue
            yield {
                "id": f"{record.chromosome}:{start}-{end}:{record.strand}",
                "sequence": sequence,
                "label": label,
                "chrom": record.chromosome,
                "start": start - 1,
                "end": end,
                "strand": record.strand,
                "split": SPLITS.get(record.chromosome, "train"),
            }


def kmers(sequence: str) -> set[str]:
    """Every 40-mer of both strands."""
    both = (sequence, sequence.translate(COMPLEMENT)[::-1])
    return {s[i : i + SHARED_KMER] for s in both for i in range(len(s) - SHARED_KMER + 1)}


def without_leaks(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Each sequence once; no test window that shares a 40-mer with train."""
    unique = {str(row["sequence"]): row for row in reversed(rows)}
    rows = [row for row in rows if unique[str(row["sequence"])] is row]
    train = set().union(*(kmers(str(r["sequence"])) for r in rows if r["split"] == "train"))
    return [
        row
        for row in rows
        if row["split"] != "test" or train.isdisjoint(kmers(str(row["sequence"])))
    ]


def balanced(
    rows: list[dict[str, object]], most: dict[str, int] | None = None
) -> list[dict[str, object]]:
    """Both classes equal in number within each split; what is too many is thinned with seed 0."""
    rng = np.random.default_rng(0)
    keep: set[int] = set()
    for split in SPLIT_NAMES:
        classes = [
            [i for i, r in enumerate(rows) if r["split"] == split and r["label"] == label]
            for label in (0, 1)
        ]
        size = min(map(len, classes))
        if most is not None:
            size = min(size, most[split] // 2)
        for members in classes:
            keep |= set(rng.choice(members, size, replace=False).tolist())
    return [row for i, row in enumerate(rows) if i in keep]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--fasta", type=Path, required=True, help="dm3_upstream2000.fa.gz")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the two files")
    arguments = parser.parse_args()
    records = read_upstream(arguments.fasta)
    for name, layout in (("fly_promoters", PROMOTERS), ("fly_kilobases", KILOBASES)):
        rows = balanced(without_leaks(list(windows(records, layout))), layout.most)
        table = pa.Table.from_pylist(rows)
        file = arguments.out / f"{name}.parquet"
        pq.write_table(table, file, compression="zstd", compression_level=19)
        sizes = {split: sum(row["split"] == split for row in rows) for split in SPLIT_NAMES}
        print(name, sizes)


if __name__ == "__main__":
    main()
