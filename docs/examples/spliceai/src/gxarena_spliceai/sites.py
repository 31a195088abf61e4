"""Human splice sites, each in the middle of 10,001 nucleotides of the strand it is read from.

Sequences come from windows of hg19, where exons begin and end from SpliceAI's own annotation; see
README.md for where to have them. Truth is the motif of the site that is explained, as MaxEntScan
reads it (Yeo and Burge 2004, Journal of Computational Biology 11:377): of an acceptor the last 20
nucleotides of the intron and the first 3 of the exon, of a donor the last 3 of the exon and the
first 6 of the intron. The motif of another site nearby is not annotated.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gxarena.data import Interval, Sample
from gxarena.datasets.dataset import Dataset
from gxarena.dna import reverse_complement
from gxarena.errors import InputError, as_input_error
from gxarena_spliceai.describe import INPUT_LENGTH, OUTPUTS
from gxarena_spliceai.distribution import distributed

CONTEXT = INPUT_LENGTH // 2
HELD_OUT = ("3", "5")
"""Chromosomes that the published networks were not trained on, as they were on 4."""

MOTIFS = {"acceptor": (-20, 3), "donor": (-2, 7)}
"""Where the motif lies, counted from the site: an exon's first nucleotide, or its last one."""
_CONSENSUS = {"acceptor": (-2, "AG"), "donor": (1, "GT")}
"""What nearly every intron begins and ends with, and where; others are left out."""


@dataclass(frozen=True)
class Window:
    """A stretch of a chromosome; `first` counts from 1, as in its header."""

    chromosome: str
    first: int
    sequence: str

    def around(self, position: int, strand: str) -> str:
        """The INPUT_LENGTH nucleotides around a position (from 1); "" where they leave it."""
        start = position - self.first - CONTEXT
        if start < 0 or start + INPUT_LENGTH > len(self.sequence):
            return ""
        found = self.sequence[start : start + INPUT_LENGTH]
        return reverse_complement(found) if strand == "-" else found


def splice_sites(
    windows: str | Path,
    annotations: str | Path = "",
    chromosomes: Sequence[str] = HELD_OUT,
    radius: int = 100,
) -> Dataset:
    """Every annotated splice site of the windows whose intron begins with GT or ends with AG.

    Parameters
    ----------
    windows : folder
        Of FASTA files whose header names chromosome, first and last position (from 1):
        ``>chr3 42000000 44000000``. Files with another header are left alone.
    annotations : path, optional
        A table of genes as SpliceAI has it; without it that of the installed distribution, of
        GRCh37.
    chromosomes : list of str
        Of those that the windows are of.
    radius : int
        The site and so many nucleotides on either side are the region that is explained.

    Returns
    -------
    Dataset
        Labels are the model's outputs: 1 acceptor, 2 donor. An id is the region's place, from 1,
        its strand and its label's name.

    Raises
    ------
    InputError
        There is no window, or no table of genes, or no site of them.
    """
    if not isinstance(radius, int) or not 0 <= radius <= CONTEXT:
        raise InputError(
            f"splice-sites, radius: expected a whole number from 0 to {CONTEXT}, got {radius}."
        )
    genes = Path(annotations) if annotations else distributed("spliceai/annotations/grch37.txt")
    opened = [one for one in _windows(Path(windows)) if one.chromosome in chromosomes]
    if not opened:
        raise InputError(
            f"splice-sites, windows: expected FASTA files of chromosome "
            f"{' or '.join(chromosomes)} in {windows}, got none. README.md says where to have them."
        )
    samples: dict[str, Sample] = {}
    for chromosome, strand, position, kind in _sites(genes):
        for window in opened:
            if window.chromosome == chromosome:
                for sample in _sample(window, strand, position, kind, radius):
                    samples[sample.id] = sample
    if not samples:
        raise InputError(f"{genes}: expected genes within the windows of {windows}, got none.")
    return Dataset("splice-sites", tuple(samples[name] for name in sorted(samples)), "splice sites")


def _sample(window: Window, strand: str, position: int, kind: str, radius: int) -> Iterator[Sample]:
    """The site as a sample, if it lies well within the window and has the consensus letters."""
    sequence = window.around(position, strand)
    place, letters = _CONSENSUS[kind]
    if sequence[CONTEXT + place : CONTEXT + place + len(letters)] != letters:
        return
    start, end = MOTIFS[kind]
    where = f"chr{window.chromosome}:{position - radius}-{position + radius}:{strand}"
    yield Sample(
        f"{where}:{kind}",
        sequence,
        OUTPUTS.index(kind),
        (Interval(CONTEXT + start, CONTEXT + end, kind, "+"),),
    ).within(CONTEXT - radius, CONTEXT + radius + 1)


def _windows(folder: Path) -> Iterator[Window]:
    for path in sorted(folder.glob("*.fa")):
        with as_input_error(path, "a FASTA file"):
            header, _, rest = path.read_text(encoding="ascii").partition("\n")
        name, *places = header.removeprefix(">").split()
        if len(places) == 2 and all(place.isdecimal() for place in places):
            sequence = rest.replace("\n", "").upper()
            yield Window(name.removeprefix("chr"), int(places[0]), sequence)


def _sites(genes: Path) -> Iterator[tuple[str, str, int, str]]:
    """Chromosome, strand, position (from 1) and kind of each end of each intron."""
    with as_input_error(genes, "a table of genes"), genes.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            # Starts count from 0 and ends from 1, as in UCSC's tables.
            starts = [int(place) + 1 for place in row["EXON_START"].split(",") if place]
            ends = [int(place) for place in row["EXON_END"].split(",") if place]
            before, behind = (
                ("donor", "acceptor") if row["STRAND"] == "+" else ("acceptor", "donor")
            )
            for end, start in zip(ends[:-1], starts[1:], strict=True):
                yield row["CHROM"], row["STRAND"], end, before
                yield row["CHROM"], row["STRAND"], start, behind
