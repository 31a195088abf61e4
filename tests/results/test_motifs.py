"""Motifs of a run: kept, read back, written as MEME, drawn beside their match."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from memelite.io import read_meme

from gxarena.errors import InputError, StorageError
from gxarena.report.logos import plot_motifs
from gxarena.results.motifs import motifs_of_run, write_meme
from gxarena.results.reading import RunResults
from gxarena.run.plan import Plan
from gxarena.run.runner import run


@pytest.fixture
def ran(plan: Callable[..., Plan], tmp_path: Path) -> Callable[..., RunResults]:
    """A run of one set metric."""

    def make(metric: str) -> RunResults:
        block = {"datasets": ["mine"], "models": ["toy"], "explainers": ["exact"]}
        assert run(plan(matrix=[block | {"metrics": [metric]}]), tmp_path / metric).complete
        return RunResults.of(tmp_path / metric)

    return make


def test_motifs_and_seqlets_are_tables(ran: Callable[..., RunResults]) -> None:
    folder = ran("collection")
    motifs = pq.read_table(folder.path / "motifs.parquet").to_pylist()
    assert [row["motif"] for row in motifs] == ["positive_0", "negative_0"]
    assert [row["match_id"] for row in motifs] == ["MA0000.1", None]
    seqlets = pq.read_table(folder.path / "seqlets.parquet").to_pylist()
    assert [(r["motif"], r["sample_id"], r["start"], r["end"], r["strand"]) for r in seqlets] == [
        ("positive_0", "s00", 2, 10, "-"),
        ("negative_0", "s00", 2, 10, "-"),
    ]


def test_a_number_of_a_set_is_one_row_without_a_sample(ran: Callable[..., RunResults]) -> None:
    folder = ran("collection")
    (row,) = pq.read_table(folder.path / "samples.parquet").to_pylist()
    assert (row["sample_id"], row["metric"], row["value"]) == ("", "collection.found", 2.0)
    (ranked,) = pq.read_table(folder.path / "leaderboard.parquet").to_pylist()
    # Nobody competes with it.
    assert (ranked["estimate"], ranked["n"], ranked["rank"], ranked["rank_low"]) == (2, 1, 1, 1)


def test_no_pattern_is_a_status_and_never_ranks(ran: Callable[..., RunResults]) -> None:
    folder = ran("nothing")
    (row,) = pq.read_table(folder.path / "samples.parquet").to_pylist()
    assert (row["value"], row["reason"]) == (None, "no pattern: 3 seqlets")
    (ranked,) = pq.read_table(folder.path / "leaderboard.parquet").to_pylist()
    assert (ranked["estimate"], ranked["rank"], ranked["n_undefined"]) == (None, None, 1)
    with pytest.raises(InputError, match="expected motifs, got a run without any"):
        motifs_of_run(folder)


def test_what_was_kept_is_read_back(ran: Callable[..., RunResults]) -> None:
    one, other = motifs_of_run(ran("collection"))
    assert one.cell == ("mine", "toy", "exact", "native", "collection")
    assert (one.name, one.n_seqlets, one.consensus) == ("positive_0", 1, "CGTTGC")
    assert (one.match["name"], one.match["reverse"], one.match["offset"]) == ("Toy", True, 1)
    assert np.allclose(one.match["frequencies"][::-1, ::-1], one.frequencies)
    assert (other.match, other.consensus) == ({}, "ACGTTGCA")
    assert (one.counts, one.bits, one.match["p"]) == (True, None, 1e-9)
    assert (other.counts, other.bits) == (False, 1.5)
    assert np.allclose(other.scores, -one.scores)


def test_meme_files_hold_the_compared_rows(ran: Callable[..., RunResults], tmp_path: Path) -> None:
    motifs = motifs_of_run(ran("collection"))
    write_meme(motifs, tmp_path / "new" / "motifs.meme")
    read = read_meme(str(tmp_path / "new" / "motifs.meme"))
    assert list(read) == ["mine:toy:exact:native:collection:positive_0"]
    (frequencies,) = read.values()
    assert np.allclose(frequencies.T, motifs[0].frequencies[1:7])
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="expected to write"):
        write_meme(motifs, tmp_path / "file" / "motifs.meme")


def test_motifs_are_drawn_beside_their_match(
    ran: Callable[..., RunResults], tmp_path: Path
) -> None:
    motifs = motifs_of_run(ran("collection"))
    plot_motifs(motifs, tmp_path / "motifs.svg")
    text = (tmp_path / "motifs.svg").read_text()
    for words in ("positive_0, 1 seqlets", "Toy MA0000.1, reverse complement, q = 1.0e-03"):
        assert words in text
    assert "too little information to be compared" in text
    with pytest.raises(InputError, match=r"expected \.png"):
        plot_motifs(motifs, tmp_path / "motifs.gif")


def test_replicates_have_motifs_of_their_own(plan: Callable[..., Plan], tmp_path: Path) -> None:
    models = {"trained": {"name": "toy-trained", "replicates": 2}}
    block = {"datasets": ["mine"], "models": ["trained"], "explainers": ["exact"]}
    made = plan(models=models, matrix=[block | {"metrics": ["collection"]}])
    assert run(made, tmp_path / "run").complete
    motifs = motifs_of_run(RunResults.of(tmp_path / "run"))
    assert [(one.replicate, one.name) for one in motifs] == [
        (0, "positive_0"),
        (0, "negative_0"),
        (1, "positive_0"),
        (1, "negative_0"),
    ]
    assert len({one.cell for one in motifs}) == 1
    write_meme(motifs, tmp_path / "motifs.meme")
    assert list(read_meme(str(tmp_path / "motifs.meme"))) == [
        f"mine:trained:exact:native:collection:replicate-{i}:positive_0" for i in range(2)
    ]
