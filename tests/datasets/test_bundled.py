"""The embedded fly promoters are what their data card says."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from shipped_scripts import shipped_script

from gxarena.datasets.bundled import fly_kilobases, fly_promoters
from gxarena.datasets.dataset import Dataset
from gxarena.errors import InputError
from gxarena.files import shipped

COUNTS = {"train": 14184, "valid": 3818, "test": 4402}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.mark.parametrize("split", COUNTS)
def test_counts_balance_and_letters(split: str) -> None:
    samples = fly_promoters(split).samples
    assert Counter(sample.label for sample in samples) == dict.fromkeys((0, 1), COUNTS[split] // 2)
    assert {len(sample.sequence) for sample in samples} == {250}
    assert set().union(*(sample.sequence for sample in samples)) == set("ACGT")


@pytest.mark.parametrize("data", [fly_promoters, fly_kilobases])
def test_they_say_what_they_are_of_also_in_part(data: Callable[[], Dataset]) -> None:
    assert data().with_labels([1]).subset(3).kind == "promoters"


def test_splits_are_by_chromosome() -> None:
    chromosomes = {
        split: {sample.id.partition(":")[0] for sample in fly_promoters(split).samples}
        for split in COUNTS
    }
    assert chromosomes["test"] == {"chr2R"}
    assert chromosomes["valid"] == {"chrX"}
    assert chromosomes["train"].isdisjoint({"chr2R", "chrX"})
    assert chromosomes["train"] >= {"chr2L", "chr3L", "chr3R", "chr4"}


def test_columns_agree_with_each_other() -> None:
    for row in pq.read_table(shipped("data/fly_promoters.parquet")).to_pylist():
        assert row["id"] == f"{row['chrom']}:{row['start'] + 1}-{row['end']}:{row['strand']}"
        assert row["end"] - row["start"] == len(row["sequence"])


def test_an_unknown_split_is_answered_with_the_choices() -> None:
    with pytest.raises(InputError, match=r"split: unknown 'tets'\. Did you mean 'test'\?"):
        fly_promoters("tets")


def test_all_is_every_split_and_no_sequence_is_there_twice() -> None:
    samples = fly_promoters("all").samples
    assert len(samples) == sum(COUNTS.values())
    assert len({sample.sequence for sample in samples}) == len(samples)


def test_no_40_mer_of_test_is_in_train_on_either_strand() -> None:
    def kmers(split: str) -> set[str]:
        return {
            sample.sequence[i : i + 40]
            for sample in fly_promoters(split).samples
            for i in range(250 - 40 + 1)
        }

    train, test = kmers("train"), kmers("test")
    assert train.isdisjoint(test)
    assert train.isdisjoint(kmer.translate(COMPLEMENT)[::-1] for kmer in test)


@pytest.mark.parametrize("split", COUNTS)
def test_digests_are_the_data_cards(split: str) -> None:
    card = shipped("data/fly_promoters.md").read_text()
    assert fly_promoters(split).digest in card


@pytest.mark.parametrize(
    ("name", "pattern", "positions"),
    [
        ("DRE, `TATCGATA`", "TATCGATA", None),
        ("Ohler-1 (M1BP), core `GGTCACAC`", "GGTCACAC", None),
        ("Ohler-1 (M1BP), consensus `YGGTCACACTR`", "[CT]GGTCACACT[AG]", None),
        ("TATA box, `TATAAA` at -40 to -20", "TATAAA", (-40, -20)),
        ("TATA box, `TATAWA` at -40 to -21", "TATA[AT]A", (-40, -21)),
        ("GAGA (Trl), `GAGAG`", "GAGAG", None),
        ("GAGA (Trl), `GAGAGAG`", "GAGAGAG", None),
    ],
)
def test_motifs_are_as_common_as_the_card_says(
    name: str, pattern: str, positions: tuple[int, int] | None
) -> None:
    def has_motif(sequence: str) -> bool:
        if positions is None:
            reverse = sequence.translate(COMPLEMENT)[::-1]
            return re.search(pattern, f"{sequence} {reverse}") is not None
        starts = (match.start() - len(sequence) for match in re.finditer(pattern, sequence))
        return any(positions[0] <= start <= positions[1] for start in starts)

    found: dict[int | None, list[bool]] = {1: [], 0: []}
    for sample in fly_promoters("all").samples:
        found[sample.label].append(has_motif(sample.sequence))
    shares = [f"{sum(ones) / len(ones):.1%}" for ones in found.values()]
    assert f"| {name} | {shares[0]} | {shares[1]} |" in shipped("data/fly_promoters.md").read_text()


def test_the_build_script_makes_it_again() -> None:
    fasta = os.environ.get("GXARENA_FLY_FASTA")
    if fasta is None:
        pytest.skip("needs GXARENA_FLY_FASTA, the path of dm3_upstream2000.fa.gz")
    build = shipped_script("benchmarks/data/build_fly_promoters.py")
    records = build.read_upstream(Path(fasta))
    for name, layout in (("promoters", build.PROMOTERS), ("kilobases", build.KILOBASES)):
        rows = build.without_leaks(list(build.windows(records, layout)))
        made = build.balanced(rows, layout.most)
        assert made == pq.read_table(shipped(f"data/fly_{name}.parquet")).to_pylist()


KILOBASES = {"train": 6000, "valid": 1000, "test": 1200}


@pytest.mark.parametrize("split", KILOBASES)
def test_kilobases(split: str) -> None:
    dataset = fly_kilobases(split)
    assert Counter(s.label for s in dataset.samples) == dict.fromkeys((0, 1), KILOBASES[split] // 2)
    assert {len(sample.sequence) for sample in dataset.samples} == {1000}
    assert set().union(*(sample.sequence for sample in dataset.samples)) == set("ACGT")
    assert len({sample.id for sample in dataset.samples}) == KILOBASES[split]
    assert dataset.digest in shipped("data/fly_kilobases.md").read_text()


def test_kilobases_end_with_the_same_promoters() -> None:
    short = {s.id.split(":")[0] + s.sequence for s in fly_promoters("all").samples if s.label == 1}
    ends = [
        s.id.split(":")[0] + s.sequence[-250:] for s in fly_kilobases("all").samples if s.label == 1
    ]
    assert sum(end in short for end in ends) / len(ends) > 0.7  # each is thinned by itself
