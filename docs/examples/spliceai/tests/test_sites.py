"""Where the sites of a small genome made by hand lie, on either strand."""

from __future__ import annotations

from pathlib import Path

import pytest
from gxarena_spliceai.sites import HELD_OUT, splice_sites

from gxarena.errors import InputError

FIRST = 1_000_001
Genome = tuple[Path, Path]


def test_both_strands_have_the_same_sites(genome: Genome) -> None:
    """The second half of the window is the first one's reverse complement, genes included."""
    folder, genes = genome
    sites = splice_sites(folder, genes, radius=20)
    found = {sample.id.rpartition(":")[0].rpartition(":")[0]: sample for sample in sites.samples}
    # The exons' last nucleotides, and the next ones' first, counted from 1.
    places = {"donor": (10_099, 10_599), "acceptor": (10_500, 11_000)}
    for kind, ones in places.items():
        for place in ones:
            forward = FIRST + place
            backward = FIRST + 39_999 - place
            ahead, behind = (found[f"chr3:{p - 20}-{p + 20}"] for p in (forward, backward))
            assert ahead.id.endswith(f":+:{kind}")
            assert behind.id.endswith(f":-:{kind}")
            assert ahead.sequence == behind.sequence
            assert ahead.annotations == behind.annotations
    assert len(sites.samples) == 8


def test_truth_is_the_motif_about_the_site(genome: Genome) -> None:
    folder, genes = genome
    for sample in splice_sites(folder, genes, radius=100).samples:
        (truth,) = sample.annotations
        assert len(sample.whole.sequence) == 10_001
        assert len(sample.sequence) == 201
        if sample.label == 1:
            assert (truth.name, truth.start, truth.end) == ("acceptor", 80, 103)
            assert sample.sequence[98:100] == "AG"  # the intron's end, three letters from truth's
        else:
            assert (truth.name, truth.start, truth.end) == ("donor", 98, 107)
            assert (
                sample.sequence[101:103] == "GT"
            )  # the intron's begin, three letters from truth's


def test_what_it_lacks_is_one_sentence(genome: Genome, tmp_path: Path) -> None:
    folder, genes = genome
    with pytest.raises(InputError, match=f"of chromosome {' or '.join(HELD_OUT)} in .*, got none"):
        splice_sites(tmp_path, genes)
    with pytest.raises(InputError, match="chromosome 4"):
        splice_sites(folder, genes, chromosomes=["4"])
    with pytest.raises(InputError, match="radius: expected a whole number from 0 to 5000"):
        splice_sites(folder, genes, radius=5001)
    other = tmp_path / "other.txt"
    other.write_text("name\tplace\nA\t3\n")
    with pytest.raises(InputError, match=r"other\.txt: expected a table of genes"):
        splice_sites(folder, other)
    other.write_text(genes.read_text().replace("\t3\t", "\t7\t"))
    with pytest.raises(InputError, match="expected genes within the windows"):
        splice_sites(folder, other)
